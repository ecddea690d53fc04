"""A disk that is full, read-only or failing: the run ends with a sentence, and the next one with the same bytes."""

from __future__ import annotations

import errno
import os
import random
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import DatapipeError
from datapipe.io.local_store import LocalStore
from tests.conftest import Runs
from tests.faults.corpus import RECIPE, conserved, leftovers, write_corpus
from tests.faults.disks import remount

Digests = Callable[[Path], dict[str, str]]


@pytest.fixture
def expected(runs: Runs, digests: Digests) -> dict[str, str]:
    write_corpus(runs)
    (runs.folder / "recipe.yaml").write_text(RECIPE)
    assert conserved(runs(RECIPE, "whole"))
    return digests(runs.folder / "whole")


def run(folder: Path, out: Path, workers: int = 2, **more: Any) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datapipe", "run", "recipe.yaml", "--out", str(out), "--workers", str(workers)]
    command.append("--quiet")
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=400, check=False, **more)


@pytest.mark.parametrize("share", [0.3, 0.7])
def test_a_full_disk(runs: Runs, expected: dict[str, str], disk: Path, digests: Digests, share: float) -> None:
    """What is left is enough for a share of the whole run."""
    files = [p for p in (runs.folder / "whole").rglob("*") if p.is_file()]
    whole = sum(-(-p.stat().st_size // 4096) * 4096 for p in files)
    filler = disk / "filler"
    remount(disk, f"size={whole + (64 << 10)}")
    filler.write_bytes(bytes(int(whole * (1 - share)) + (64 << 10)))
    failed = run(runs.folder, disk / "out")
    assert failed.returncode == 1, failed.stderr
    assert re.search(r"No space left on device: '?/.*/disk/out/", failed.stderr), failed.stderr
    assert "Traceback" not in failed.stderr
    assert "Exception ignored" not in failed.stderr
    assert leftovers(disk) == []
    assert not (disk / "out/manifest.json").exists()
    filler.unlink()
    done = run(runs.folder, disk / "out", workers=0)
    assert done.returncode == 0, done.stderr
    assert digests(disk / "out") == expected
    assert leftovers(disk) == []


def test_a_limit_on_the_size_of_files(runs: Runs, expected: dict[str, str], digests: Digests) -> None:
    out = runs.folder / "limited"
    failed = run(runs.folder, out, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (6000, -1)))
    assert failed.returncode == 1
    assert re.search(r"File too large: '?/.*/limited/work/", failed.stderr), failed.stderr
    assert "Traceback" not in failed.stderr
    assert run(runs.folder, out, workers=0).returncode == 0
    assert digests(out) == expected
    assert leftovers(out) == []


@pytest.mark.parametrize("begun", [False, True])
def test_a_read_only_run_folder(
    runs: Runs, expected: dict[str, str], disk: Path, digests: Digests, begun: bool
) -> None:
    remount(disk, "size=8m")
    if begun:
        assert run(runs.folder, disk / "out", workers=0).returncode == 0
        (disk / "out/manifest.json").unlink()
    remount(disk, "ro")
    failed = run(runs.folder, disk / "out")
    assert failed.returncode == 1
    assert "Read-only file system" in failed.stderr
    assert "/disk/out" in failed.stderr
    assert "Traceback" not in failed.stderr
    remount(disk, "rw")
    assert run(runs.folder, disk / "out", workers=0).returncode == 0
    assert digests(disk / "out") == expected


class Failing:
    """Counts the calls of a method, and raises in place of one of them, or in the middle of what it gives."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, method: str) -> None:
        self.calls = 0
        self.at: int | None = None
        self.number = 0
        original = getattr(LocalStore, method)

        def failing(store: LocalStore, *args: Any) -> Any:
            if ".lock" not in str(args[0]):
                self.calls += 1
            if self.calls == self.at:
                self.at = None
                raise OSError(self.number, os.strerror(self.number), str(store.path(args[0])))
            return original(store, *args)

        monkeypatch.setattr(LocalStore, method, failing)

    def fail(self, at: int, number: int) -> None:
        """Fail at the `at`-th call from now on."""
        self.calls, self.at, self.number = 0, at, number


@pytest.mark.parametrize("method", ["create", "ranges", "read_bytes", "size", "names", "remove", "sweep"])
def test_a_store_that_fails_at_any_call(
    runs: Runs, expected: dict[str, str], digests: Digests, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    failing = Failing(monkeypatch, method)
    runs(RECIPE, "counted")
    calls = failing.calls
    draw = random.Random(method)
    for at in sorted(draw.sample(range(1, calls + 1), min(calls, 20))):
        number = draw.choice([errno.EIO, errno.ENOSPC, errno.ESTALE])
        out = runs.folder / f"{method}-{at}"
        failing.fail(at, number)
        with pytest.raises((OSError, DatapipeError), match=re.escape(os.strerror(number))) as caught:
            runs(RECIPE, out.name)
        assert str(out) in str(caught.value)
        assert failing.at is None
        assert conserved(runs(RECIPE, out.name))
        assert digests(out) == expected, (method, at)
        assert leftovers(out) == []


def test_a_disk_that_fails_in_the_middle_of_a_file(
    runs: Runs, expected: dict[str, str], digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below the store: the error comes while bytes are written, often from a buffer that is emptied at the end."""
    original = LocalStore.__module__
    module = sys.modules[original]
    write = module._NamedFile.write
    state = {"calls": 0, "at": 0}

    def failing(file: Any, data: Any) -> int:
        state["calls"] += 1
        if state["calls"] >= state["at"] > 0:
            with module._naming(file._final):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(write(file, data))

    monkeypatch.setattr(module._NamedFile, "write", failing)
    runs(RECIPE, "counted")
    calls = state["calls"]
    for at in random.Random(1).sample(range(1, calls + 1), 15):
        out = runs.folder / f"middle-{at}"
        state.update(calls=0, at=at)
        with pytest.raises((OSError, DatapipeError), match="No space left") as caught:
            runs(RECIPE, out.name)
        assert str(out) in str(caught.value)
        assert leftovers(out) == []
        state["at"] = 0
        runs(RECIPE, out.name)
        assert digests(out) == expected, at
