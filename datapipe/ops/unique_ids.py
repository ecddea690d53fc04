"""One id, one row: the check that every dataset's ids pass (placed by the planner, not by recipes)."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
import xxhash
from pydantic import PrivateAttr

from datapipe.core.columns import ADDR, row_of, shard_of
from datapipe.core.keys import begins, locate
from datapipe.core.operator import Filter, Global
from datapipe.core.verdict import Verdict


class UniqueIds(Global):
    """Of the rows of one source that share an id, the one read first stays and the others go to quarantine."""

    name: ClassVar[str] = "unique_ids"
    reads: ClassVar[tuple[str, ...]] = ("id", "source")
    partition_by: ClassVar[str] = "high"

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A 128-bit hash of (source, id): at 10^9 ids two different ones meet once in 10^20 corpora."""
        ids, sources = batch.column("id").to_pylist(), batch.column("source").to_pylist()
        digest = xxhash.xxh3_128_digest
        raw = b"".join(digest(f"{s}\0{i}".encode()) for s, i in zip(sources, ids, strict=True))
        halves = np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64)
        return pa.RecordBatch.from_arrays(
            [batch.column(ADDR), pa.array(halves[:, 0]), pa.array(halves[:, 1])], names=[ADDR, "high", "low"]
        )

    def reduce(self, part: pa.Table) -> pa.Table:
        """Every row but the first of its id, and where that first one was read."""
        address, high, low = (part.column(c).to_numpy() for c in (ADDR, "high", "low"))
        order = np.lexsort((address, low, high))
        address, high, low = address[order], high[order], low[order]
        same = ~begins(high, low)
        first = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
        return pa.table(
            {ADDR: pa.array(address[same], pa.uint64()), "first": pa.array(address[first[same]], pa.uint64())}
        )

    def bind(self, artifact: pa.Table) -> Filter:
        """Fails the rows found."""
        found = DuplicateIds()
        found._address = artifact.column(ADDR).to_numpy()
        found._first = artifact.column("first").to_numpy()
        return found


class DuplicateIds(Filter):
    """Fails rows whose id an earlier row of their source has; `duplicate_of` says where that row was read."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _first: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        here = batch.column(ADDR).to_numpy()
        at, hit = locate(self._address, here)
        twins: list[str | None] = [None] * len(here)
        for row in np.flatnonzero(hit):
            first = int(self._first[at[row]])
            twins[row] = f"first in row {row_of(first)} of shard {shard_of(first)}"
        return Verdict(batch.num_rows, {"this id was already read": hit}, duplicate_of=pa.array(twins, pa.string()))
