"""Rows that hung or killed a worker in an earlier attempt at a task: they run alone, or go to quarantine unseen."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR

Careful = tuple[tuple[str, int, int], ...]  # step, first and last address of the rows that run one by one
Skip = tuple[tuple[str, int, str], ...]  # step, address, why it goes to quarantine


class Isolation:
    """What one attempt at a shard knows of the attempts before it."""

    def __init__(self, careful: Careful = (), skip: Skip = ()) -> None:
        self._careful = careful
        self._skip = skip

    def portions(self, label: str, batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, str | None]]:
        """The batch in order, in portions for the step, each with why it must not run (None: it may)."""
        ranges = [(first, last) for step, first, last in self._careful if step == label]
        skip = {address: why for step, address, why in self._skip if step == label}
        if not ranges and not skip:
            yield batch, None
            return
        addresses = batch.column(ADDR).to_numpy()
        alone = np.isin(addresses, np.fromiter(skip, np.uint64, len(skip)))
        for first, last in ranges:
            alone |= (addresses >= first) & (addresses <= last)
        rows = np.flatnonzero(alone)
        edges = np.unique(np.concatenate([[0], rows, rows + 1, [batch.num_rows]]))
        for start, stop in pairwise(edges.tolist()):
            yield batch.slice(start, stop - start), skip.get(int(addresses[start]))
