"""The barrier: sketches of many shards to partitions, partitions to answers, answers to one artifact.

Shards are gathered in groups first, so that a partition is read from as many files as there are groups, not as there
are shards: 100,000 shards with 24 GB of sketches are 96 groups and 128 partitions, 12,288 reads instead of 12,800,000.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.dedup.remembering import Remembering
from datapipe.engine import beacon
from datapipe.engine.artifact import answers_about, write_artifact
from datapipe.engine.build import Operators
from datapipe.engine.by_key import by_key
from datapipe.engine.index import held_rows, write_held
from datapipe.engine.names import (
    artifact_name,
    gathered_name,
    partition_name,
    shard_name,
    sketch_name,
)
from datapipe.engine.reports import committed
from datapipe.io.arrow_files import create_arrow, read_batches, read_table
from datapipe.io.store import Store
from datapipe.plan.plan import Sketch, Stage

SHARE = 8  # of a task's memory are its sketches; sorting and answering (unique_ids: the most) take 4 times as much more
PARTITION_BYTES = (
    1 << 30
)  # of sketches, or rows, in one task, whatever its memory: offsets of Arrow's strings have 31 bits
GROUP_SHARDS = 4096  # small sketches: no more reports than this are read by one task


def sketch_bytes(memory: int) -> int:
    """How many bytes of sketches a task of so much memory may hold."""
    return max(1, min(memory // SHARE, PARTITION_BYTES))


def partitions(total_bytes: int, memory: int) -> int:
    """How many partitions so many bytes of sketches make: a power of two, by the top bits of the key."""
    wanted = max(1, -(-total_bytes // sketch_bytes(memory)))
    return 1 << (wanted - 1).bit_length()


def group_sketches(sizes: list[int], memory: int, held: int = 0) -> dict[str, Any]:
    """Cut shards, in order, into groups whose sketches fit into a task: `{"of": partitions, "groups": [[first, end], …]}`.

    sizes  bytes of each shard's sketch    held  bytes that an index adds to all partitions together
    """
    most = sketch_bytes(memory)
    groups: list[list[int]] = []
    start = taken = 0
    for index, size in enumerate(sizes):
        if index > start and (taken + size > most or index - start >= GROUP_SHARDS):
            groups.append([start, index])
            start, taken = index, 0
        taken += size
    groups.append([start, len(sizes)])
    return {"of": partitions(sum(sizes) + held, memory), "groups": groups}


def gather_sketches(
    store: Store, operators: Operators, stage: Stage, label: str, group: int, of: int, start: int, end: int
) -> dict[str, Any]:
    """Bring the sketches of shards `start` to `end` (of the stage's, in order) into one file: runs of a batch a partition.

    A run is what a task may hold, sorted by key; only a shard with more than that makes several. Rows whose ids are
    duplicates stay outside: who goes to quarantine must not decide the fate of others (be the kept twin, say).
    """
    operator = operators.question(_sketch(stage, label).step)
    name = gathered_name(stage.key, label, group)
    rows = 0
    runs = _runs(_sketches(store, stage, label, start, end), sketch_bytes(operators.memory))
    first = next(runs, None)
    if first is None:  # an empty corpus has an answer too, with the columns that `bind` expects
        first = pa.Table.from_batches([operator.sketch(pa.RecordBatch.from_pylist([], schema=stage.rows))])
    with create_arrow(store, f"{name}.arrow", first.schema) as writer:
        for run in chain([first], runs):
            table = by_key(run, operator.partition_by)
            rows += table.num_rows
            bounds = _bounds(table.column(operator.partition_by).to_numpy(), of)
            for begin, stop in pairwise(bounds):
                writer.write(_one_batch(table.slice(begin, stop - begin)))
    report = {"rows": rows, "file": writer.described, "cut": [of, start, end]}
    store.write_report(f"{name}.json", report)
    return report


def _sketches(store: Store, stage: Stage, label: str, start: int, end: int) -> Iterator[pa.Table]:
    """The batches of these shards' sketches, one after another."""
    for number in stage.numbers()[start:end]:
        beacon.at(f"gather of {label}: reading shard {number}")
        report = committed(store, shard_name(stage.key, number))
        name = sketch_name(stage.key, number, label)
        if name in report["files"]:
            without = _duplicate_ids(store, stage, _sketch(stage, label), number)
            for batch in read_batches(store, name, report["files"][name]):
                table = pa.Table.from_batches([batch])
                if without is not None:
                    table = table.filter(pa.array(~np.isin(table.column(ADDR).to_numpy(), without)))
                yield table


def _runs(tables: Iterator[pa.Table], most: int) -> Iterator[pa.Table]:
    """Tables put together, up to so many bytes or one of them."""
    found: list[pa.Table] = []
    size = 0
    for table in tables:
        if found and size + table.nbytes > most:
            yield pa.concat_tables(found)
            found, size = [], 0
        found.append(table)
        size += table.nbytes
    if found:
        yield pa.concat_tables(found)


def reduce_partition(
    store: Store, operators: Operators, stage: Stage, label: str, number: int, of: int, groups: int
) -> dict[str, Any]:
    """Answer one partition: a batch in each run of each group's file and, with an index, what earlier runs held."""
    step = _sketch(stage, label).step
    operator = operators.question(step)
    parts: list[pa.RecordBatch] = []
    for group in range(groups):
        beacon.at(f"reduce of {label}: reading group {group}")
        name = gathered_name(stage.key, label, group)
        file = committed(store, name)["file"]
        for at in range(number, len(file["batches"]), of):
            parts += read_batches(store, f"{name}.arrow", file, None, at, at + 1)
    if step.index is not None and not step.round:
        beacon.at(f"reduce of {label}: reading the index")
        parts += held_rows(step.index, operator.partition_by, number, of)
    beacon.at(f"reduce of {label}")
    table = by_key(pa.Table.from_batches(parts), operator.partition_by)
    answer = operator.reduce(table)
    beacon.at(f"reduce of {label}: writing")
    if ADDR in answer.schema.names:
        answer = answer.sort_by(ADDR)
    name = partition_name(stage.key, label, number)
    with create_arrow(store, f"{name}.arrow", answer.schema) as writer:
        writer.write_table(answer.combine_chunks())
    report = {"rows": answer.num_rows, "file": writer.described, "cut": [of, groups]}
    if step.index is not None and not step.round and step.index.extend:
        assert isinstance(operator, Remembering)
        report["held"] = write_held(store, name, operator.remember(table), operator.partition_by)
    store.write_report(f"{name}.json", report)
    return report


def combine_artifact(store: Store, operators: Operators, stage: Stage, label: str, of: int) -> dict[str, Any]:
    """Make the artifact of all partitions' answers."""
    operator = operators.question(_sketch(stage, label).step)
    names = [partition_name(stage.key, label, index) for index in range(of)]
    parts = [read_table(store, f"{name}.arrow", committed(store, name)["file"]) for name in names]
    beacon.at(f"combine of {label}")
    artifact = operator.combine(parts)
    beacon.at(f"combine of {label}: writing")
    return write_artifact(store, artifact_name(stage.key, label), artifact)


def _sketch(stage: Stage, label: str) -> Sketch:
    return next(sketch for sketch in stage.sketches if sketch.step.label == label)


def _bounds(key: np.ndarray, of: int) -> list[int]:
    """Where each partition begins in sorted keys, and where the last one ends."""
    if of == 1:
        return [0, len(key)]
    starts = np.arange(1, of, dtype=np.uint64) << np.uint64(64 - (of.bit_length() - 1))
    return [0, *np.searchsorted(key, starts, "left").tolist(), len(key)]


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    batches = table.combine_chunks().to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)


def _duplicate_ids(store: Store, stage: Stage, sketch: Sketch, number: int) -> np.ndarray | None:
    """The addresses of a shard's rows that go to quarantine for their ids."""
    earlier = [s for s in stage.sketches if s.at == "read"]
    if sketch.at == "read" or not earlier:
        return None
    found = answers_about(store, artifact_name(stage.key, earlier[0].step.label), number)
    return None if found is None or not found.num_rows else found.column(ADDR).to_numpy()
