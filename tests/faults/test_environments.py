"""Odd places and times: the run folder's path, a recipe that cannot be written beside, no home, a clock that jumps."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from datapipe.core.errors import DatapipeError
from tests.conftest import Runs
from tests.faults.corpus import RECIPE, conserved, leftovers, write_corpus
from tests.faults.disks import remount

Digests = Callable[[Path], dict[str, str]]
PLACES = ["with spaces", 'it\'s a "quote"', "größe/日本語 ☃", "[a-z]*?", "50%20 #1 a=b;c&d", "-rf", "{x}", "new\nline"]


@pytest.fixture
def expected(runs: Runs, digests: Digests) -> dict[str, str]:
    write_corpus(runs)
    (runs.folder / "recipe.yaml").write_text(RECIPE)
    runs(RECIPE, "whole")
    return digests(runs.folder / "whole")


def cli(folder: Path, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if key not in ("HOME", "XDG_CACHE_HOME")}
    command = [sys.executable, "-m", "datapipe", *words]
    return subprocess.run(
        command, cwd=folder, env={**kept, **env}, capture_output=True, text=True, timeout=400, check=False
    )


@pytest.mark.parametrize("place", PLACES)
def test_a_path_of_any_characters(runs: Runs, expected: dict[str, str], digests: Digests, place: str) -> None:
    out = runs.folder / "places" / place
    (out / "data").mkdir(parents=True)
    (out / "data/.part-00000.parquet.0123.tmp").touch()
    assert conserved(runs(RECIPE, f"places/{place}"))
    assert digests(out) == expected
    assert leftovers(out) == []
    runs(RECIPE, f"places/{place}")


def test_a_name_that_is_not_unicode(runs: Runs, expected: dict[str, str]) -> None:
    (runs.folder / os.fsdecode(b"web-caf\xe9.jsonl")).write_text('{"id": "a", "text": "one two three four five"}\n')
    with pytest.raises(DatapipeError, match=r"web-caf.*UTF-8"):
        runs(RECIPE)
    os.unlink(runs.folder / os.fsdecode(b"web-caf\xe9.jsonl"))  # noqa: PTH108
    with pytest.raises(DatapipeError, match=r"out-caf.*UTF-8"):
        runs(RECIPE, os.fsdecode(b"out-caf\xe9"))


def test_with_workers_no_home_and_links(runs: Runs, expected: dict[str, str], digests: Digests) -> None:
    real = runs.folder / "real 'run' größe"
    real.mkdir()
    (runs.folder / "link").symlink_to(real)
    done = cli(runs.folder, "run", "recipe.yaml", "--out", "link", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert digests(real) == expected
    assert cli(runs.folder, "verify", str(real)).returncode == 0
    assert cli(runs.folder, "why", "link", "web-0-3").returncode == 0


def test_a_recipe_where_nothing_can_be_written(runs: Runs, disk: Path, digests: Digests) -> None:
    there = Runs(disk)
    write_corpus(there)
    (disk / "shout.py").write_text(
        "from datapipe import per_document\n@per_document.map('shout')\n"
        "def shout(text: str) -> str:\n    return text.upper()\n"
    )
    (disk / "recipe.yaml").write_text("plugins: [shout.py]\n" + RECIPE.replace("[normalize,", "[normalize, shout,"))
    remount(disk, "ro")
    out = runs.folder / "elsewhere"
    done = cli(runs.folder, "run", str(disk / "recipe.yaml"), "--out", str(out), "--workers", "0", "--quiet")
    assert done.returncode == 0, done.stderr
    inside = cli(runs.folder, "run", str(disk / "recipe.yaml"), "--workers", "0", "--quiet")
    assert inside.returncode == 1
    assert "Read-only file system" in inside.stderr
    assert "Traceback" not in inside.stderr


def test_a_clock_that_jumps(
    runs: Runs, expected: dict[str, str], digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By hours, forwards and backwards, as a laptop's or a virtual machine's does."""
    draw, clock = random.Random(3), time.time
    monkeypatch.setattr(time, "time", lambda: clock() + draw.uniform(-20_000, 20_000))
    manifest = runs(RECIPE)
    assert digests(runs.folder / "out") == expected
    assert 0 <= manifest["seconds"] < 60
    assert all(0 <= step["seconds"] < 60 for step in manifest["steps"])


def test_a_run_below_another_is_left_alone(runs: Runs, expected: dict[str, str], digests: Digests) -> None:
    """One run's tidying must not take the files that the other is writing."""
    at_work = runs.folder / "out/below/data/.part-00000.parquet.0123.tmp"
    at_work.parent.mkdir(parents=True)
    at_work.touch()
    runs(RECIPE)
    assert at_work.exists()
    assert digests(runs.folder / "out") == expected


def test_further_outputs_are_tidied_and_completed(runs: Runs, expected: dict[str, str]) -> None:
    recipe = RECIPE.replace("write: {", "write: [{").replace("10KB}", "10KB}, {dataset: corpus, path: second}]")
    left = runs.folder / "second/data/.part-00007.parquet.0123.tmp"
    left.parent.mkdir(parents=True)
    left.touch()
    runs(recipe)
    assert not left.exists()
    manifest = runs.folder / "second/manifest.json"
    manifest.unlink()
    runs(recipe)
    assert manifest.exists()
    for path in (manifest, runs.folder / "out/manifest.json"):  # as a driver killed while it published leaves them
        path.unlink()
    runs(recipe.replace("fraction: 0.9", "fraction: 0.8"))
    assert manifest.exists()
