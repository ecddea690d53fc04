"""Rows with the places that an order gives them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import set_columns
from datapipe.core.operator import Order
from datapipe.core.placed import AT, SEGMENT, Placed

COPIES = 64 << 20  # bytes of rows that go on at once: 5 MB taken 200 times had 3.2 GB in one piece


def placed_schema(rows: pa.Schema) -> pa.Schema:
    """Of rows on their way to their shards."""
    return rows.append(pa.field(SEGMENT, pa.int64())).append(pa.field(AT, pa.uint64()))


def portions(batches: Iterable[pa.RecordBatch], copies: float) -> Iterator[pa.RecordBatch]:
    """The same rows, so many at once that with so many copies of each they have about COPIES bytes."""
    for batch in batches:
        rows = max(1, int(COPIES * batch.num_rows / max(1.0, batch.nbytes * copies)))
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)


def in_place(batch: pa.RecordBatch, placed: Placed, written: dict[str, pa.Array], orders: int = 0) -> pa.RecordBatch:
    """A row for each place, with the columns written, its segment and its place there; copies have ids `id#2`, `id#3`, …

    Rows that have been through so many orders before may be copies themselves: then it is `id##2`, `id#2##2`, …
    """
    parents = placed.parents
    if not np.array_equal(parents, np.arange(batch.num_rows)):
        batch = batch.take(pa.array(parents))
    begins = np.flatnonzero(np.diff(parents, prepend=-1))
    copy = np.arange(len(parents)) - np.repeat(begins, np.diff(begins, append=len(parents))) + 1
    if (copy > 1).any():
        ids = batch.column("id")
        numbered = pc.binary_join_element_wise(ids, pa.array(copy).cast(pa.string()), "#" * (orders + 1))
        batch = set_columns(batch, {"id": pc.if_else(pa.array(copy > 1), numbered, ids)})
    places = {SEGMENT: pa.array(placed.segment, pa.int64()), AT: pa.array(placed.at, pa.uint64())}
    return set_columns(batch, written | places)


def broken_order(operator: Order, rows: int, placed: Placed) -> str | None:
    """The law of placing that an answer for so many rows breaks, if any."""
    if placed.verdict.rows != rows:
        return f"an order judges every row: {rows}, not {placed.verdict.rows}"
    n = len(placed.parents)
    if len(placed.segment) != n or len(placed.at) != n or any(len(column) != n for column in placed.columns.values()):
        return f"each place has a row, a segment, a number and its columns' values: {n} of each"
    if (np.diff(placed.parents) < 0).any():
        return "places stand in the order of their rows"
    if not _exactly(placed.parents, placed.verdict.keep):
        return "a row has no place exactly where the verdict drops it"
    if n and not 0 <= int(placed.segment.min()) <= int(placed.segment.max()) < len(operator.segments()):
        return f"segments are numbered from 0 to {len(operator.segments()) - 1}"
    return None


def _exactly(parents: npt.NDArray[np.int64], keep: npt.NDArray[np.bool_]) -> bool:
    if len(parents) and not 0 <= int(parents.min()) <= int(parents.max()) < len(keep):
        return False
    return bool(((np.bincount(parents, minlength=len(keep)) > 0) == keep).all())
