"""An index at work: what it holds joins a partition; what is new is laid beside it, and added when the run is at its end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.errors import RunFailed, WorkLost
from datapipe.core.keys import locate
from datapipe.core.registry import operators
from datapipe.engine.names import artifact_name, held_name, partition_name, summary_name
from datapipe.engine.reports import committed
from datapipe.io.arrow_files import Index, create_arrow, read_batches, read_table, schema_of
from datapipe.io.store import Store, open_store
from datapipe.plan.indexes import INDEX, dumps_before, read_index
from datapipe.plan.plan import IndexPlan, Plan, Stage, StepPlan

BATCH_ROWS = 1 << 16
LOCK = "lock"

Twins = tuple[npt.NDArray[np.uint64], pa.Array]  # sorted addresses of dropped rows, and the ids of those that stayed


def held_bytes(plan: IndexPlan) -> int:
    """Bytes of all that the index holds. RunFailed if it cannot be known."""
    store = open_store(plan.path)
    return sum(int(file["file"]["bytes"]) for folder in plan.held for file in _dump(store, folder)["files"])


def held_rows(plan: IndexPlan, key: str, part: int, of: int) -> Iterator[pa.RecordBatch]:
    """What the index holds of partition `part`, as sketch rows. RunFailed if a file of it is gone or damaged."""
    store = open_store(plan.path)
    least, most = _range(part, of)
    for folder in plan.held:
        dump = _dump(store, folder)
        for number, file in enumerate(dump["files"]):
            first, last = _range(number, len(dump["files"]))
            if first > most or last < least:
                continue
            begins = np.array(file["keys"], np.uint64)  # of each batch; equal keys may go on in the next one
            start = max(0, int(np.searchsorted(begins, np.uint64(least), "left")) - 1)
            end = int(np.searchsorted(begins, np.uint64(most), "right"))
            try:
                for batch in read_batches(store, f"{folder}/{file['name']}", file["file"], None, start, end):
                    keys = batch.column(key).to_numpy()
                    yield batch.filter(pa.array((keys >= least) & (keys <= most)))
            except WorkLost as lost:
                raise _damaged(store, lost.name, lost.found) from None


def write_held(store: Store, partition: str, rows: pa.Table, key: str) -> dict[str, Any]:
    """Lay the rows that an index will hold beside a partition's answer; they are sorted by key."""
    keys = []
    with create_arrow(store, held_name(partition), rows.schema) as writer:
        for batch in rows.combine_chunks().to_batches(max_chunksize=BATCH_ROWS):
            keys.append(batch.column(key)[0].as_py())
            writer.write(batch)
    return {"file": writer.described, "keys": keys, "rows": rows.num_rows}


def extend_indexes(store: Store, plan: Plan) -> list[dict[str, Any]]:
    """Add this run's dump to its indexes, each at once or not at all; returns what the manifest says of them."""
    told = []
    for stage in plan.stages:
        for sketch in stage.sketches:
            index = sketch.step.index
            if index is None or sketch.step.round:
                continue
            told.append({"path": index.path, "step": sketch.step.label, "dump": index.dump, "held": len(index.held)})
            if index.extend and plan.extends:
                told[-1]["rows"] = _extend(store, plan, stage, sketch.step, index)
    return told


def _extend(store: Store, plan: Plan, stage: Stage, step: StepPlan, index: IndexPlan) -> int:
    place = open_store(index.path)
    twins = _twins(store, plan, step.label)
    folder = f"{index.dump}-{stage.key}"
    files = []
    for number in range(committed(store, summary_name(stage.key))["sketches"][step.label]["of"]):
        name = partition_name(stage.key, step.label, number)
        laid = committed(store, name)["held"]
        copy = f"part-{number:05d}.arrow"
        files.append(
            {**laid, "name": copy, "file": _copy(store, held_name(name), laid, place, f"{folder}/{copy}", twins)}
        )
    rows = sum(int(file["rows"]) for file in files)
    place.write_report(f"{folder}/dump.json", {"files": files, "rows": rows})
    place.sweep(folder)  # what a run left that was killed here
    operator = operators.get(step.operator).model_validate(step.parameters)
    assert isinstance(operator, Remembering)
    while True:
        with place.alone(LOCK) as alone:
            if alone:
                entry = {"dump": index.dump, "folder": folder, "rows": rows, "inputs": index.inputs}
                _enter(place, operator, index, entry)
                return rows
        time.sleep(0.2)


def _enter(place: Store, operator: Remembering, index: IndexPlan, entry: dict[str, Any]) -> None:
    """Put the dump behind those it was compared with, in the place of those made of its inputs."""
    content = read_index(place, operator)
    dumps = content["dumps"]
    before = dumps_before(index.inputs, dumps)
    if tuple(other["folder"] for other in before) != index.held:
        if all(other["folder"] != entry["folder"] for other in dumps):
            place.remove(entry["folder"])
        raise RunFailed(
            f"the index {index.path} was extended by another run since this one began; run again, "
            "so that these documents are compared with what it holds now"
        )
    replaced = [other for other in dumps if set(index.inputs).issuperset(other["inputs"])]
    later = [other for other in dumps[len(before) :] if other not in replaced]
    place.write_json(INDEX, {**content, "dumps": [*before, entry, *later]})
    for other in replaced:
        if other["folder"] != entry["folder"]:
            place.remove(other["folder"])


def _twins(store: Store, plan: Plan, label: str) -> Twins | None:
    """The last answer of a step, if it names twins: who was dropped is remembered by the id of who stayed.

    In one piece each, once: a copy for every batch of an index would be as many copies as it has batches.
    """
    step = next(step for step in plan.steps() if step.label == label)
    assert step.artifact is not None
    name = artifact_name(*step.artifact)
    table = read_table(store, f"{name}.arrow", committed(store, name)["file"])
    if not {ADDR, "duplicate_of"} <= set(table.schema.names):
        return None
    names = table.column("duplicate_of").cast(pa.large_string()).combine_chunks()
    return table.column(ADDR).to_numpy(), names


def _copy(store: Store, name: str, laid: dict[str, Any], place: Store, copy: str, twins: Twins | None) -> Index:
    """Copy rows into the index, batch by batch."""
    with create_arrow(place, copy, schema_of(laid["file"])) as writer:
        for batch in read_batches(store, name, laid["file"]):
            writer.write(batch if twins is None else _settled(batch, twins))
    return writer.described


def _settled(batch: pa.RecordBatch, twins: Twins) -> pa.RecordBatch:
    address, kept = twins
    at, hit = locate(address, batch.column(ADDR).to_numpy())
    names = kept.take(pa.array(at, mask=~hit))
    ids = pc.coalesce(names.cast(pa.string()), batch.column("id"))
    return batch.set_column(batch.schema.get_field_index("id"), "id", ids)


def _range(part: int, of: int) -> tuple[int, int]:
    """The least and the greatest key of a partition."""
    shift = 64 - (of.bit_length() - 1)
    return part << shift, ((part + 1) << shift) - 1


def _dump(store: Store, folder: str) -> dict[str, Any]:
    dump = store.read_report(f"{folder}/dump.json")
    if dump is None:
        raise _damaged(store, f"{folder}/dump.json", "is gone or damaged")
    return dump


def _damaged(store: Store, name: str, found: str) -> RunFailed:
    return RunFailed(
        f"the index file {store.url(name)} {found}; restore it from a copy, or take its dump out of {store.url(INDEX)} "
        "(what that dump held is then not compared with)"
    )
