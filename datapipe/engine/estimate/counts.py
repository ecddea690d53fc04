"""From a sample's counts to the whole input's: documents, bytes and disk."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from datapipe.core.records import StepCount
from datapipe.engine.estimate.growth import Share, extrapolate
from datapipe.engine.estimate.measure import Measured
from datapipe.plan.plan import Plan, Stage

Range = npt.NDArray[
    np.float64
]  # least, likely, most; they differ where a global operator drops more than a sample shows


def exactly(value: float) -> Range:
    """A number without a doubt."""
    return np.full(3, float(value))


@dataclass
class StepForecast:
    """What a step takes, drops (quarantined rows among them) and gives, which is more or less than what it keeps where it
    cuts documents into several, or packs several into one."""

    rows_in: Range = field(default_factory=lambda: exactly(0))
    gone: Range = field(default_factory=lambda: exactly(0))
    rows_out: Range = field(default_factory=lambda: exactly(0))
    bytes_out: Range = field(default_factory=lambda: exactly(0))


@dataclass
class Counts:
    """Totals of the whole input.

    entering, leaving  by stage key and dataset: how many times the sample's rows
    drops              of global operators
    """

    rows_read: float = 0.0
    bytes_read: float = 0.0
    unreadable: float = 0.0
    steps: dict[str, StepForecast] = field(default_factory=dict)
    entering: dict[tuple[str, str], Range] = field(default_factory=dict)
    leaving: dict[tuple[str, str], Range] = field(default_factory=dict)
    drops: dict[str, Share] = field(default_factory=dict)

    def leaves(self, measured: Measured, stage: str, what: str) -> Range:
        """Rows, bytes or weight that a stage leaves."""
        parts = [factor * getattr(measured.flows[key], what) for key, factor in self.leaving.items() if key[0] == stage]
        return sum(parts, exactly(0))


def count(measured: Measured, half: Measured | None) -> Counts:
    """Scale each dataset by its bytes on disk, and the drops of global operators by how they grow from half to whole."""
    counts = Counts()
    plan = measured.sample.plan
    for stage in plan.stages:
        drops = _drops(stage, measured, half, counts)
        for lane in stage.lanes:
            for dataset in {plan.shards[a].dataset for a, _ in lane.shards}:
                flow = measured.flows[stage.key, dataset]
                factor = exactly(measured.sample.scale(dataset))
                if lane.gather:
                    factor = _mixed(measured, counts, lane.input)
                elif lane.input is not None:
                    factor = counts.leaving[lane.input, dataset]
                counts.entering[stage.key, dataset] = factor
                counts.rows_read += factor[1] * flow.read["rows"]
                counts.bytes_read += factor[1] * flow.read["bytes"]
                counts.unreadable += factor[1] * flow.read["quarantined"]
                for label in (link.step.label for link in lane.chain if link.step):
                    if label in flow.steps:
                        factor = _step(counts, label, flow.steps[label], factor, drops.get(label))
                counts.leaving[stage.key, dataset] = factor
    return counts


def _mixed(measured: Measured, counts: Counts, stage: str | None) -> Range:
    """How many times the sample's rows leave a stage in which those of several datasets are mixed."""
    flows = {place: flow for place, flow in measured.flows.items() if place[0] == stage and place in counts.leaving}
    rows = sum(flow.rows for flow in flows.values())
    leave = sum((counts.leaving[place] * flow.rows for place, flow in flows.items()), exactly(0))
    return leave / rows if rows else exactly(1 / max(1e-9, measured.sample.fraction(measured.sample.whole)))


@dataclass(frozen=True)
class _Drops:
    """The share of rows that a global step drops: of the sample, and of the whole input where least, most go on."""

    sample: float
    whole: Range

    def of(self, share: float) -> Range:
        """The same for a dataset of which `share` went in the sample: it grows as that of all of them does."""
        return np.minimum(1.0, share * self.whole / self.sample) if self.sample else self.whole


def _step(counts: Counts, label: str, found: StepCount, factor: Range, drops: _Drops | None) -> Range:
    """Count a dataset's rows through one step; how many times the sample's rows go on."""
    rows_in = factor * found.rows_in
    gone = (found.dropped + found.quarantined) / max(1, found.rows_in)
    share = exactly(gone) if drops is None else drops.of(gone)
    after = factor * (1 - share) / (1 - gone) if gone < 1 else exactly(0)
    step = counts.steps.setdefault(label, StepForecast())
    step.rows_in = step.rows_in + rows_in
    step.gone = step.gone + rows_in * share
    step.rows_out = step.rows_out + after * found.rows_out
    step.bytes_out = step.bytes_out + after * found.bytes_out
    return after


def _drops(stage: Stage, measured: Measured, half: Measured | None, counts: Counts) -> dict[str, _Drops]:
    """What each global step drops of the whole input."""
    plan = measured.sample.plan
    datasets = {plan.shards[a].dataset for lane in stage.lanes for a, _ in lane.shards}
    fraction = measured.sample.fraction(datasets)
    found = {}
    steps = {link.step.label: link.step for lane in stage.lanes for link in lane.chain if link.step}
    for label in (label for label, step in steps.items() if step.artifact):
        rows, gone = _share(measured, stage, label)
        squares = sum(flow.squares.get(label, 0) for (key, _), flow in measured.flows.items() if key == stage.key)
        part = _share(half, stage, label) if half else (rows, gone)
        share = extrapolate(rows, gone, part[1] / max(1, part[0]), fraction, squares)
        counts.drops[label] = share
        if gone or not steps[label].quarantine:  # ids that are all different need no doubt
            found[label] = _Drops(gone / max(1, rows), np.array([share.high, share.likely, share.low]))
    return found


def _share(measured: Measured, stage: Stage, label: str) -> tuple[int, int]:
    """Rows a step took in a sample, and how many of them went."""
    steps = [flow.steps[label] for (key, _), flow in measured.flows.items() if key == stage.key and label in flow.steps]
    return sum(s.rows_in for s in steps), sum(s.dropped + s.quarantined for s in steps)


def work_bytes(measured: Measured, counts: Counts) -> float:
    """Bytes of the work folder, which a run keeps so that a changed recipe need not begin anew."""
    total = 0.0
    plan = measured.sample.plan
    for place, flow in measured.flows.items():
        total += float(counts.leaving[place][1]) * flow.disk
    for key, size in measured.artifacts.items():
        total += size / measured.sample.fraction(_datasets(plan, key))
    return total


def table_bytes(measured: Measured, counts: Counts) -> float:
    """Bytes of ledger, quarantine and edits: the ledger grows with the rows dropped."""
    steps = measured.manifest["steps"]
    dropped = sum(step["dropped"] + step["quarantined"] for step in steps)
    likely = sum(float(step.gone[1]) for step in counts.steps.values())
    everything = 1 / measured.sample.fraction(measured.sample.whole)
    total = 0.0
    for name, files in measured.manifest["tables"].items():
        factor = likely / dropped if name == "ledger" and dropped else everything
        total += factor * sum(file["bytes"] for file in files)
    return total


def _datasets(plan: Plan, key: str) -> set[str]:
    return {plan.shards[a].dataset for lane in plan.stage(key).lanes for a, _ in lane.shards}
