"""Orders interrupted, shared by members, and with files lost: always the bytes of an undisturbed run."""

from __future__ import annotations

import random
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import Waiting
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.engine.member import Member
from datapipe.io.local_store import LocalStore
from tests.conftest import Quiet, Runs, compile_text
from tests.engine.ordering import PLUGIN

RECIPE = """
plugins: [orders.py]
memory: 12KB
input_split: 3KB
datasets:
  a: {read: {jsonl: a*.jsonl}}
  all: {from: [a], steps: [counted, {sample: {fraction: 0.9}}]}
write: {dataset: all, path: out, shard_size: 4KB}
"""
Digests = Callable[[Path], dict[str, str]]


@pytest.fixture
def ordering(runs: Runs) -> Runs:
    (runs.folder / "orders.py").write_text(PLUGIN)
    for name in "xy":
        runs.jsonl(f"a-{name}.jsonl", [{"id": f"{name}-{i}", "text": f"{i} {name} " * (i % 7)} for i in range(120)])
    runs(RECIPE, "whole")
    return runs


def drive(runs: Runs, out: str, member: Member | None = None) -> dict[str, Any]:
    plan = compile_text(RECIPE, runs.folder)
    return Driver(plan, str(runs.folder / out), InProcess(), Quiet(), *([member] if member else [])).run()


class Killed(BaseException):
    """The end of a process that nobody foresaw."""


def test_killed_after_every_few_writes(ordering: Runs, digests: Digests, monkeypatch: pytest.MonkeyPatch) -> None:
    left, create = 0, LocalStore.create

    def failing(self: LocalStore, name: str) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Killed
        return create(self, name)

    monkeypatch.setattr(LocalStore, "create", failing)
    draw, kills = random.Random(3), 0
    while True:
        left = draw.randrange(2, 14)
        try:
            drive(ordering, "killed")
            break
        except Killed:
            kills += 1
    assert kills > 8
    assert digests(ordering.folder / "killed") == digests(ordering.folder / "whole")
    assert not list((ordering.folder / "killed").rglob(".*.tmp"))


def test_members_of_an_array(ordering: Runs, digests: Digests) -> None:
    draw, waited = random.Random(5), 0
    while True:
        try:
            drive(ordering, "array", Member(draw.randrange(3), 3, shared=True))
            break
        except Waiting:
            waited += 1
            assert not (ordering.folder / "array/manifest.json").exists()
    assert waited > 3
    assert digests(ordering.folder / "array") == digests(ordering.folder / "whole")


def stages(out: Path) -> Iterator[tuple[Path, dict[str, list[Path]]]]:
    """The stages' folders, in order, with their files by what is left of their names without numbers."""
    for folder in sorted(
        (p for p in out.glob("work/*") if (p / "stage.json").exists()), key=lambda p: p.stat().st_ctime_ns
    ):
        found: dict[str, list[Path]] = {}
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            found.setdefault(re.sub(r"[0-9]+", "0", path.name), []).append(path)
        yield folder, found


def remove(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("damage", [remove, cut])
def test_files_lost_before_they_are_gathered(ordering: Runs, digests: Digests, damage: Callable[[Path], None]) -> None:
    """Of each kind of file of the stage that scatters one is damaged, when the stage after it has yet to be run."""
    whole = ordering.folder / "whole"
    scattering = next(folder for folder, found in stages(whole) if "scattered.arrow" in found)
    expected, kinds = digests(whole), dict(stages(whole))[scattering]
    assert {"scattered.arrow", "shard-0.arrow", "shard-0.json", "stage.json"} <= set(kinds)
    for paths in kinds.values():
        out = ordering.folder / "lost"
        shutil.copytree(whole, out)
        (out / "manifest.json").unlink()
        plan = compile_text(RECIPE, ordering.folder)
        later = [stage.key for stage in plan.stages if any(lane.gather for lane in stage.lanes)]
        for key in (*later, *(p.name for p in out.glob("work/publish-*"))):
            shutil.rmtree(out / "work" / key)
        damage(out / paths[len(paths) // 2].relative_to(whole))
        drive(ordering, "lost")
        assert digests(out) == expected, paths[0].name
        shutil.rmtree(out)


def test_a_finished_order_is_not_done_again(ordering: Runs) -> None:
    whole = ordering.folder / "whole"
    before = {path: path.stat().st_mtime_ns for path in whole.glob("work/*/shard-*")}
    changed = RECIPE.replace("fraction: 0.9", "fraction: 0.8")
    ordering(changed, "whole")
    still = [path for path, then in before.items() if path.exists() and path.stat().st_mtime_ns == then]
    assert len(still) > len(before) / 2
    assert any((path.parent / "scattered.arrow").exists() for path in still)
