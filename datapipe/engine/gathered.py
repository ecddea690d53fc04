"""A new shard's rows, from the files of all shards that they left, in their order."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR, SHARD_SHIFT, set_columns
from datapipe.core.placed import AT
from datapipe.engine import beacon
from datapipe.engine.names import scattered_name, shard_name, summary_name
from datapipe.engine.reports import committed
from datapipe.engine.scattered import scattered_schema
from datapipe.io.arrow_files import read_batches
from datapipe.io.store import Store
from datapipe.plan.plan import Stage

HELD = 4  # of a task's memory are a new shard's rows, and as much again what sorts them
OUT = 4 << 20  # bytes of rows that go on at once
MAPPED = 4096  # files at once: a process may map 65,530


def gathered(store: Store, stage: Stage, number: int, memory: int) -> Iterator[pa.RecordBatch]:
    """The rows of new shard `number` by (place, id, source, address where they were read), with new addresses.

    Where there are more of them than a task may hold, its stretch of the stream is read in parts, each from all files.
    """
    assert stage.scatter is not None
    index = committed(store, summary_name(stage.key))["scattered"]
    own = number - stage.scatter.shards.start
    (pieces,) = read_batches(store, scattered_name(stage.key), index, None, own, own + 1)
    parts = max(1, -(-(pc.sum(pieces.column("size")).as_py() or 0) * HELD // memory))
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


def _rows(store: Store, stage: Stage, pieces: pa.RecordBatch, within: tuple[int, int] | None) -> pa.RecordBatch:
    """All rows of these pieces, or those whose places lie in a stretch; each file is opened once."""
    schema = scattered_schema(stage)
    found: list[pa.RecordBatch] = [pa.RecordBatch.from_pylist([], schema=schema)]
    for shard, group in groupby(pieces.to_pylist(), lambda piece: piece["shard"]):
        beacon.at(f"gather from shard {shard}")
        index = {"batches": [[p["start"], p["length"], p["rows"], p["digest"]] for p in group]}
        for batch in read_batches(store, f"{shard_name(stage.key, shard)}.arrow", index, schema):
            found.append(batch if within is None else _cut(batch, *within))
            if len(found) >= MAPPED:
                found = [pa.concat_batches(found)]
    return pa.concat_batches(found)


def _cut(batch: pa.RecordBatch, low: int, high: int) -> pa.RecordBatch:
    """The rows with low <= place <= high of a batch that is sorted by them."""
    at = batch.column(AT).to_numpy()
    begin = int(np.searchsorted(at, np.uint64(low), "left"))
    end = int(np.searchsorted(at, np.uint64(high), "right"))
    return batch.slice(begin, end - begin)


def _stretches(stage: Stage, number: int, parts: int) -> Iterator[tuple[int, int]]:
    """A shard's places, cut into parts: the first and the last place of each."""
    assert stage.scatter is not None
    span = next(span for span in stage.scatter.segments if span.start <= number < span.stop)
    n, k = span.stop - span.start, number - span.start
    low, high = (-(-(x << 32) // n) << 32 for x in (k, k + 1))
    edges = [low + (high - low) * part // parts for part in range(parts + 1)]
    return ((a, b - 1) for a, b in pairwise(edges))
