"""A new shard's rows, from the files of all shards that they left, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import chain, groupby, pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR, SHARD_SHIFT, set_columns
from datapipe.core.placed import AT, SEGMENT
from datapipe.engine import beacon
from datapipe.engine.names import scattered_name, shard_name, summary_name
from datapipe.engine.reduce import PARTITION_BYTES
from datapipe.engine.reports import committed
from datapipe.engine.scattered import scattered_schema
from datapipe.io.arrow_files import read_batches
from datapipe.io.store import LocalStore, Store
from datapipe.plan.plan import Stage

SHARE = 4  # of a task's memory are a new shard's rows, and as much again their copy in one piece
OUT = 4 << 20  # bytes of rows that go on at once
MAPPED = 4096  # files at once: a process may map 65,530
AT_ONCE = 8  # files of an object store: a request takes 20 to 50 ms, and there may be 1,000 of them


def gathered(store: Store, stage: Stage, number: int, memory: int) -> Iterator[pa.RecordBatch]:
    """The rows of new shard `number` by (place, id, source, address where they were read), with new addresses.

    Where there are more of them than a task may hold, its stretch of the stream is read in parts, each from all files.
    """
    pieces = _pieces(store, stage, number)
    most = max(1, min(memory // SHARE, PARTITION_BYTES))
    parts = max(1, -(-(pc.sum(pieces.column("size")).as_py() or 0) // most))
    first = number << SHARD_SHIFT
    for low, high in _stretches(stage, number, parts):
        rows = _rows(store, stage, pieces, (low, high) if parts > 1 else None)
        beacon.at(f"sort of shard {number}")
        order = in_order(rows)
        step = max(1, OUT * rows.num_rows // max(1, rows.nbytes))
        for start in range(0, rows.num_rows, step):
            batch = rows.take(pa.array(order[start : start + step])).drop_columns([AT])
            address = np.uint64(first) + np.arange(batch.num_rows, dtype=np.uint64)
            first += batch.num_rows
            yield set_columns(batch, {ADDR: pa.array(address)})


def passed_on(store: Store, stage: Stage, number: int) -> Iterator[pa.RecordBatch]:
    """The rows of a group of new shards as they come, with their old addresses and their places, to be scattered again."""
    assert stage.scatter is not None
    segment = next(n for n, span in enumerate(stage.scatter.segments) if number < span.stop)
    for batch in _read(store, stage, _pieces(store, stage, number), None):
        yield set_columns(batch, {SEGMENT: pa.array(np.full(batch.num_rows, segment), pa.int64())})


def in_order(rows: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Rows by place; those with one and the same by id, source and address. What was sorted in runs is merged."""
    at = rows.column(AT).to_numpy()
    order = np.argsort(at, kind="stable")
    at = at[order]
    same = at[1:] == at[:-1]
    if same.any():  # strings are compared only here
        here = np.flatnonzero(np.append(same, False) | np.append(False, same))
        tied = order[here]
        keys = rows.select([AT, "id", "source", ADDR]).take(pa.array(tied))
        order[here] = tied[pc.sort_indices(keys, [(name, "ascending") for name in keys.schema.names]).to_numpy()]
    return order


def _pieces(store: Store, stage: Stage, number: int) -> pa.RecordBatch:
    """Where the rows of a new shard lie."""
    assert stage.scatter is not None
    index = committed(store, summary_name(stage.key))["scattered"]
    own = number - stage.scatter.shards.start
    (pieces,) = read_batches(store, scattered_name(stage.key), index, None, own, own + 1)
    return pieces


def _rows(store: Store, stage: Stage, pieces: pa.RecordBatch, within: tuple[int, int] | None) -> pa.RecordBatch:
    """All rows of these pieces, or those whose places lie in a stretch."""
    found: list[pa.RecordBatch] = [pa.RecordBatch.from_pylist([], schema=scattered_schema(stage))]
    for batch in _read(store, stage, pieces, within):
        found.append(batch)
        if len(found) >= MAPPED:
            found = [pa.concat_batches(found)]
    return pa.concat_batches(found)


def _read(
    store: Store, stage: Stage, pieces: pa.RecordBatch, within: tuple[int, int] | None
) -> Iterator[pa.RecordBatch]:
    """The pieces, or of each what lies in a stretch, in their order; each file is opened once."""
    schema = scattered_schema(stage)
    files = [(shard, list(own)) for shard, own in groupby(pieces.to_pylist(), lambda piece: piece["shard"])]

    def read(file: tuple[int, list[dict[str, Any]]]) -> list[pa.RecordBatch]:
        shard, own = file
        index = {"batches": [[p["start"], p["length"], p["rows"], p["digest"]] for p in own]}
        batches = read_batches(store, f"{shard_name(stage.key, shard)}.arrow", index, schema)
        return [batch if within is None else _cut(batch, *within) for batch in batches]

    at_once = 1 if isinstance(store, LocalStore) else AT_ONCE
    with ThreadPoolExecutor(at_once) as readers:
        for start in range(0, len(files), at_once):
            beacon.at(f"gather from shard {files[start][0]}")
            yield from chain.from_iterable(readers.map(read, files[start : start + at_once]))


def _cut(batch: pa.RecordBatch, low: int, high: int) -> pa.RecordBatch:
    """A copy of the rows with low <= place <= high of a batch that is sorted by them: a slice would hold all of it."""
    at = batch.column(AT).to_numpy()
    begin = int(np.searchsorted(at, np.uint64(low), "left"))
    end = int(np.searchsorted(at, np.uint64(high), "right"))
    return batch.take(pa.array(np.arange(begin, end)))


def _stretches(stage: Stage, number: int, parts: int) -> Iterator[tuple[int, int]]:
    """A shard's places, cut into parts: the first and the last place of each."""
    assert stage.scatter is not None
    span = next(span for span in stage.scatter.segments if span.start <= number < span.stop)
    n, k = span.stop - span.start, number - span.start
    low, high = (-(-(x << 32) // n) << 32 for x in (k, k + 1))
    edges = [low + (high - low) * part // parts for part in range(parts + 1)]
    return ((a, b - 1) for a, b in pairwise(edges))
