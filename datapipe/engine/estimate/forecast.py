"""The forecast of a run, as plain values: documents, bytes, core-seconds, memory, disk and time."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from datapipe.engine.estimate.clock import makespan, phases, start
from datapipe.engine.estimate.counts import Counts, Range, count, exactly, table_bytes, work_bytes
from datapipe.engine.estimate.measure import Measured, measure
from datapipe.engine.estimate.sample import draw
from datapipe.engine.executors.base import Executor
from datapipe.engine.observer import Observer
from datapipe.plan.plan import Plan

Forecast = dict[str, Any]


def forecast(
    plan: Plan,
    fine: Plan,
    fraction: float,
    cores: int,
    begun: float,
    workers: int,
    executor: Executor,
    observer: Observer,
) -> Forecast:
    """Run a sample of about `fraction` of each dataset in a folder that is removed, and scale up what it gave and took.

    A half of the sample is run first: it warms the workers up, and shows how the drops of global operators grow.

    fine   the same recipe with a smaller `input_split`    workers  of the executor
    begun  CPU seconds that this process took until `plan` was compiled
    """
    half = None
    sample = draw(plan, fine, fraction)
    with TemporaryDirectory(prefix="datapipe-estimate-") as folder:
        if not sample.is_whole:
            part = draw(plan, fine.model_copy(update={"max_error_rate": 1.0}), fraction / 2, shards=workers)
            observer.tell(f"half of the sample: {sum(part.taken.values()) / 1e6:,.1f} MB of the input")
            half = measure(part, Path(folder) / "half", executor, observer)
        observer.tell(f"the sample: {sum(sample.taken.values()) / 1e6:,.1f} MB of the input")
        whole = measure(sample, Path(folder) / "sample", executor, observer)
    counts = count(whole, half)
    outputs = _outputs(whole, counts)
    spent = [*whole.spent, *(half.spent if half else [])]
    return {
        "name": plan.name,
        "sample": _sample(whole),
        "rows_read": round(counts.rows_read),
        "bytes_read": round(counts.bytes_read),
        "read_quarantined": round(counts.unreadable),
        "steps": _steps(whole, counts),
        "outputs": outputs,
        "disk": {
            "work": round(work_bytes(whole, counts)),
            "output": round(sum(o["bytes"]["likely"] for o in outputs) + table_bytes(whole, counts)),
        },
        "peak_memory": max(took["memory"] for _, took in spent),
        **_time(whole, half, counts, begun, cores),
    }


def _sample(measured: Measured) -> Forecast:
    sample = measured.sample
    return {
        "whole": sample.is_whole,
        "pieces": sample.pieces,
        "rows": measured.manifest["rows_read"],
        "bytes": sum(sample.taken.values()),
        "of": sum(sample.whole.values()),
        "datasets": {name: {"bytes": sample.taken[name], "of": size} for name, size in sample.whole.items()},
    }


def _steps(measured: Measured, counts: Counts) -> list[Forecast]:
    steps = []
    for step in measured.sample.plan.steps():
        if step.label not in counts.steps or step.quarantine:
            continue
        found = counts.steps[step.label]
        steps.append(
            {
                "label": step.label,
                "operator": step.operator,
                "rows_in": _range(found.rows_in),
                "dropped": _range(found.gone),
                "rows_out": _range(found.rows_out),
                "bytes_out": _range(found.bytes_out),
            }
        )
    return steps


def _outputs(measured: Measured, counts: Counts) -> list[Forecast]:
    outputs = []
    for publication, output in zip(measured.sample.plan.publications, measured.manifest["outputs"], strict=True):
        stage = publication.stage
        rows, text, weight = (counts.leaves(measured, stage, what) for what in ("rows", "bytes", "weight"))
        held = sum(flow.weight for (key, _), flow in measured.flows.items() if key == stage)
        sample = sum(size for langs in output["groups"].values() for _, size in langs.values())
        by, of = (text, sample) if sample else (weight, held)  # sequences have no text
        size = sum(file["bytes"] for file in output["files"])
        outputs.append(
            {
                "dataset": publication.dataset,
                "path": publication.path,
                "rows": _range(rows),
                "text_bytes": _range(text),
                "bytes": _range(by * size / of if of else exactly(size)),
            }
        )
    return outputs


def _time(whole: Measured, half: Measured | None, counts: Counts, begun: float, cores: int) -> Forecast:
    found = phases(whole, counts)
    begin = start(half or whole, whole, begun + whole.driver)
    at_start = begin.driver + begin.worker * cores
    return {
        "cores": cores,
        "core_seconds": round(at_start + sum(phase.cpu for phase in found), 2),
        "seconds": round(begin.driver + begin.worker + sum(makespan(phase.tasks, cores) for phase in found), 2),
        "phases": [
            {"title": "start", "core_seconds": round(at_start, 2), "seconds": round(begin.driver + begin.worker, 2)},
            *(
                {
                    "title": phase.title,
                    "core_seconds": round(phase.cpu, 2),
                    "seconds": round(makespan(phase.tasks, cores), 2),
                }
                for phase in found
            ),
        ],
    }


def _range(values: Range) -> dict[str, int]:
    """Least, likely, most: ordered, for what is dropped is most where what goes on is least."""
    least, most = sorted((float(values[0]), float(values[2])))
    return {"least": round(least), "likely": round(float(values[1])), "most": round(most)}
