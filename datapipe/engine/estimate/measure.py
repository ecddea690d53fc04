"""A sample's run: what each dataset's shards gave, and what their tasks took."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from datapipe.core.columns import ADDR, row_of
from datapipe.core.errors import RunFailed
from datapipe.core.records import LEDGER, StepCount
from datapipe.engine.driver import Driver
from datapipe.engine.estimate.sample import Sample
from datapipe.engine.executors.base import Executor
from datapipe.engine.names import shard_name, stage_folder
from datapipe.engine.observer import Observer
from datapipe.engine.sink import side_name
from datapipe.engine.summary import stage_reports
from datapipe.engine.task import NO_LIMITS, Limits, Task
from datapipe.io.arrow_files import read_table
from datapipe.io.store import Store, open_store
from datapipe.plan.plan import Stage

Spent = dict[str, Any]


@dataclass
class Meter:
    """An executor that keeps what the tasks of another one took."""

    executor: Executor
    spent: list[tuple[Task, Spent]] = field(default_factory=list)

    def start(self) -> None:
        """The other one's owner starts it."""

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task with its report as it ends."""
        for task, report in self.executor.run(tasks, limits):
            self.spent.append((task, report["spent"]))
            yield task, report

    def close(self) -> None:
        """The other one's owner closes it."""


@dataclass
class Flow:
    """The rows of one dataset in one stage: as read, through its steps, as they leave it; and bytes of its files."""

    read: dict[str, int] = field(default_factory=lambda: {"rows": 0, "bytes": 0, "quarantined": 0})
    steps: dict[str, StepCount] = field(default_factory=dict)
    rows: int = 0
    bytes: int = 0
    weight: int = 0
    disk: int = 0
    sketches: dict[str, int] = field(default_factory=dict)
    squares: dict[str, int] = field(default_factory=dict)  # by step: rows dropped of a piece, squared, of all pieces

    def add(self, report: dict[str, Any]) -> None:
        """Add a shard's report."""
        for name in self.read:
            self.read[name] += report["read"][name]
        for label, count in report["steps"].items():
            self.steps.setdefault(label, StepCount()).add(count)
        for label, size in report["sketches"].items():
            self.sketches[label] = self.sketches.get(label, 0) + size
        self.rows += report["rows"]
        self.bytes += report["bytes"]
        self.weight += report["weight"]


@dataclass
class Measured:
    """A sample that was run.

    flows      by stage key and dataset
    artifacts  bytes of the answers of a stage's barrier and of what led to them
    driver     CPU seconds that the driver itself took
    """

    sample: Sample
    manifest: dict[str, Any]
    spent: list[tuple[Task, Spent]]
    flows: dict[tuple[str, str], Flow]
    artifacts: dict[str, int]
    driver: float

    def lived(self) -> dict[int, float]:
        """CPU seconds of each worker from its start to its last task."""
        return {spent["worker"]: spent["lived"] for _, spent in self.spent}

    def cpu(self) -> float:
        """CPU seconds of all tasks."""
        return sum(float(spent["cpu"]) for _, spent in self.spent)


def measure(sample: Sample, folder: Path, executor: Executor, observer: Observer) -> Measured:
    """Run a sample into an own folder. RunFailed as the run itself would say it."""
    outputs = [p.model_copy(update={"path": str(folder / f"{i}")}) for i, p in enumerate(sample.plan.publications)]
    plan = sample.plan.model_copy(update={"publications": tuple(outputs), "extends": False})
    meter = Meter(executor)
    root = folder / "0"
    begun = time.process_time()
    try:
        manifest = Driver(plan, str(root), meter, observer).run()
    except RunFailed as error:
        raise RunFailed(str(error).replace(str(root), "OUT")) from None  # it will be gone when somebody looks
    driver = time.process_time() - begun
    store = open_store(str(root))
    flows: dict[tuple[str, str], Flow] = defaultdict(Flow)
    for stage in plan.stages:
        for number, report in stage_reports(store, stage):
            flow = flows[stage.key, plan.shards[number].dataset]
            flow.add(report)
            _add_squares(flow, store, stage, number, report)
            flow.disk += _size(root.glob(f"{shard_name(stage.key, number)}.*"))
    artifacts = {stage.key: _size((root / stage_folder(stage.key) / "artifacts").rglob("*")) for stage in plan.stages}
    return Measured(sample, manifest, meter.spent, dict(flows), artifacts, driver)


def _add_squares(flow: Flow, store: Store, stage: Stage, number: int, report: dict[str, Any]) -> None:
    """Count the rows that global steps dropped by the piece they were read in."""
    name = side_name(shard_name(stage.key, number), "ledger")
    labels = {link.step.label for link in stage.lane(number).chain if link.step and link.step.artifact}
    if not labels or name not in report["files"]:
        return
    table = read_table(store, name, report["files"][name], LEDGER)
    pieces = np.searchsorted(report["starts"], [row_of(a) for a in table.column(ADDR).to_pylist()], side="right")
    steps = table.column("step").to_pylist()
    for (label, _), n in Counter(zip(steps, pieces.tolist(), strict=True)).items():
        if label in labels:
            flow.squares[label] = flow.squares.get(label, 0) + n * n


def _size(paths: Iterable[Path]) -> int:
    return sum(path.stat().st_size for path in paths if path.is_file())
