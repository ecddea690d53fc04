"""From what a sample's tasks took to core-seconds and the time on the clock for a number of cores."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from datapipe.core.operator import Global
from datapipe.core.registry import operators
from datapipe.engine.estimate.counts import Counts
from datapipe.engine.estimate.measure import Measured
from datapipe.engine.reduce import partitions, sketch_bytes
from datapipe.plan.plan import Plan, Stage, StepPlan

PARALLEL = ("pack", "collect")  # run side by side at the end


@dataclass(frozen=True)
class Phase:
    """Tasks between two points where all wait for all: seconds on the clock of each, CPU seconds of all."""

    title: str
    tasks: tuple[float, ...]
    cpu: float


@dataclass(frozen=True)
class Start:
    """What is spent once: CPU seconds of the driver, and of each worker to import and to load compiled kernels."""

    driver: float
    worker: float


def phases(measured: Measured, counts: Counts) -> list[Phase]:
    """The run's phases in their order."""
    plan = measured.sample.plan
    found: list[Phase] = []
    for stage in plan.stages:
        found.append(_stage(stage, measured, counts))
        for sketch in stage.sketches:
            found += _barrier(stage, sketch.step, measured)
    spent = [(task, spent) for task, spent in measured.spent if task.kind in PARALLEL]
    tasks: list[float] = []
    cpu = 0.0
    for number, publication in enumerate(plan.publications):
        sample = max(1, sum(f.weight for (key, _), f in measured.flows.items() if key == publication.stage))
        weight = float(counts.leaves(measured, publication.stage, "weight")[1])
        mine = [s for task, s in spent if task.kind == "pack" and task.name == str(number)]
        parts = max(1, ceil(weight / publication.shard_size))
        tasks += [sum(s["seconds"] for s in mine) * weight / sample / parts] * parts
        cpu += sum(s["cpu"] for s in mine) * weight / sample
    scale = 1 / measured.sample.fraction(measured.sample.whole)
    for task, took in spent:
        if task.kind == "collect":
            tasks.append(took["seconds"] * scale)
            cpu += took["cpu"] * scale
    return [*found, Phase("publish", tuple(tasks), cpu)]


def growth(fraction: float, size: int, most: int | None) -> float:
    """How many times as many bytes of sketches the whole input gives as this fraction of it, if they are `most` at most."""
    return 1 / fraction if most is None else min(1 / fraction, max(1.0, most / max(1, size)))


def _gathers(step: StepPlan) -> int | None:
    operator = operators.get(step.operator).model_validate(step.parameters)
    return operator.rounds()[step.round].gathers() if isinstance(operator, Global) else None


def makespan(tasks: Iterable[float], cores: int) -> float:
    """When the last one ends, if whoever is free takes the longest that is left."""
    ends = [0.0] * cores
    for seconds in sorted(tasks, reverse=True):
        heapq.heapreplace(ends, ends[0] + seconds)
    return max(ends)


def start(first: Measured, steady: Measured, driver: float) -> Start:
    """The cost of starting: what workers spent on the first sample beyond what it costs a warm worker.

    first  run by fresh workers    steady  run by the same workers, warm; the larger one
    """
    lived = first.lived()
    taken = sum(first.sample.taken.values()) / max(1, sum(steady.sample.taken.values()))
    warm = first.cpu() if first is steady else steady.cpu() * taken
    return Start(driver, max(0.0, sum(lived.values()) - warm) / max(1, len(lived)))


def _stage(stage: Stage, measured: Measured, counts: Counts) -> Phase:
    """Every real shard takes its share, by its bytes on disk, of its dataset's seconds."""
    sample, real = measured.sample.plan, measured.sample.of
    seconds: dict[str, float] = defaultdict(float)
    cpu = 0.0
    for task, spent in measured.spent:
        if task.kind == "shard" and task.stage == stage.key:
            dataset = sample.shards[task.index].dataset
            factor = float(counts.entering[stage.key, dataset][1])
            seconds[dataset] += spent["seconds"] * factor
            cpu += spent["cpu"] * factor
    weights = Counter[str]()
    for shard in real.shards:
        weights[shard.dataset] += shard.weight
    tasks = [
        seconds[shard.dataset] * shard.weight / max(1, weights[shard.dataset])
        for shard in real.shards
        if shard.dataset in seconds
    ]
    return Phase(f"stage {stage.number + 1} {stage.dataset}", tuple(tasks), cpu)


def _barrier(stage: Stage, step: StepPlan, measured: Measured) -> list[Phase]:
    """Gather, reduce, combine: in proportion to the sketches."""
    plan: Plan = measured.sample.plan
    label = step.label
    sizes = [flow.sketches.get(label, 0) for (key, _), flow in measured.flows.items() if key == stage.key]
    fraction = measured.sample.fraction(plan.shards[a].dataset for lane in stage.lanes for a, _ in lane.shards)
    scale = growth(fraction, sum(sizes), _gathers(step))
    size = scale * sum(sizes)
    found = []
    for kind, n in (
        ("gather", max(1, ceil(size / sketch_bytes(plan.memory)))),
        ("reduce", partitions(int(size), plan.memory)),
        ("combine", 1),
    ):
        mine = [s for task, s in measured.spent if (task.kind, task.stage, task.name) == (kind, stage.key, label)]
        total = scale * sum(s["seconds"] for s in mine)
        found.append(Phase(f"{kind} {label}", (total / n,) * n, scale * sum(s["cpu"] for s in mine)))
    return found
