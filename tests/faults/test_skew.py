"""One input a hundred times larger than the others: it is cut where it can be, and begun first where it cannot."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from typing import Any

from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.engine.task import NO_LIMITS, Limits, Task
from tests.conftest import Quiet, Runs, compile_text

RECIPE = """
input_split: 20KB
read: {jsonl: '*.jsonl*'}
steps: [exact_dedup, normalize]
write: {path: out}
"""


class Recording(InProcess):
    """Remembers in which order tasks were begun."""

    def __init__(self) -> None:
        self.begun: list[Task] = []

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        for task in tasks:
            self.begun.append(task)
            yield from super().run([task], limits)


def rows(name: str, n: int) -> list[dict[str, Any]]:
    return [{"id": f"{name}{i}", "text": f"{name} document {hash((name, i))} of many"} for i in range(n)]


def test_the_largest_shards_are_begun_first(runs: Runs) -> None:
    for n in range(8):
        runs.jsonl(f"small-{n}.jsonl", rows(f"s{n}", 20))
    runs.jsonl("m-splittable.jsonl", rows("p", 2000))
    packed = runs.jsonl("z-packed.jsonl", rows("z", 2000))
    (runs.folder / "z-packed.jsonl.gz").write_bytes(gzip.compress(packed.read_bytes(), 1))
    packed.unlink()
    plan = compile_text(RECIPE, runs.folder)
    weights = [shard.weight for shard in plan.shards]
    whole = (runs.folder / "z-packed.jsonl.gz").stat().st_size
    assert max(weights) == whole > 1.5 * 20_000  # on disk, though it cannot be cut
    assert sum(any("splittable" in piece.url for piece in shard.pieces) for shard in plan.shards) >= 7
    assert sorted(weights)[-2] <= 20_000
    executor = Recording()
    manifest = Driver(plan, str(runs.folder / "out"), executor, Quiet()).run()
    assert manifest["rows_written"] == 4160
    shards = [task for task in executor.begun if task.kind == "shard"]
    for stage in plan.stages:  # and so it is in every stage, for a worker begins with what it is given first
        order = [task.index for task in shards if task.stage == stage.key]
        assert [weights[i] for i in order] == sorted(weights, reverse=True)
        assert "packed" in plan.shards[order[0]].name
