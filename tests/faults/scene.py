"""Recipes, what they give undisturbed, and one run folder in which drivers start and die."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from datapipe.engine.member import Member
from tests.conftest import Runs
from tests.faults.corpus import conserved, leftovers
from tests.faults.drivers import said, start

Digests = Callable[[Path], dict[str, str]]


class Scene:
    """Two recipes over the files of a folder, what they give undisturbed, and one run folder in which everything happens."""

    def __init__(self, runs: Runs, digests: Digests, texts: Sequence[str], seed: str) -> None:
        self.digests = digests
        self.out = runs.folder / "out"
        self.draw = random.Random(seed)
        self.recipes = [runs.folder / "recipe.yaml", runs.folder / "other.yaml"]
        self.expected = []
        self.took = 0.0
        for path, text in zip(self.recipes, texts, strict=True):
            path.write_text(text)
            began = time.monotonic()
            process = start(path, runs.folder / f"whole-{path.stem}")
            process.join()
            assert process.exitcode == 0, said(runs.folder / f"whole-{path.stem}")
            self.took = time.monotonic() - began
            self.expected.append(digests(runs.folder / f"whole-{path.stem}"))
        self.processes: list[Any] = []

    def start(
        self, workers: int = 0, member: int | None = None, of: int = 3, recipe: int = 0, fuse: int | None = None
    ) -> Any:
        part = Member() if member is None else Member(member, of, shared=True, wait=True)
        process = start(self.recipes[recipe], self.out, workers, part, fuse)
        self.processes.append(process)
        return process

    def kill_after(self, process: Any, seconds: float) -> bool:
        process.join(seconds)
        alive = bool(process.is_alive())
        process.kill()
        process.join()
        return alive

    def check(self, recipe: int = 0) -> None:
        """Whatever is published is whole."""
        manifest = orjson.loads((self.out / "manifest.json").read_bytes())
        assert conserved(manifest)
        assert self.digests(self.out) == self.expected[recipe]

    def finish(self, recipe: int = 0) -> None:
        process = self.start(recipe=recipe)
        process.join(300)
        assert process.exitcode == 0, said(self.out)
        self.check(recipe)
        assert leftovers(self.out) == []

    def forget(self) -> None:
        """Make the next run do something: everything, or the end of it."""
        if not (self.out / "manifest.json").exists():
            return
        if self.draw.random() < 0.6:
            shutil.rmtree(self.out)
        else:
            (self.out / "manifest.json").unlink()
            for folder in (self.out / "work").glob("publish-*"):
                shutil.rmtree(folder)

    def end(self) -> None:
        """Let nothing go on."""
        for process in self.processes:
            process.kill()
