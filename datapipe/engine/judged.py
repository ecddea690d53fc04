"""The rows a step has judged in a shard, until a window of them is counted by language, source, domain and length."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.bias.counts import JUDGED, counted
from datapipe.core.verdict import Mask

# Counted at once. Windows end at certain rows, not batches, so that the counts are as many whatever the batches are: by
# their number parts of the table are cut. A shard of any size so holds 16 MB.
WINDOW = 1 << 18


class Judged:
    """One step's rows in one shard, in order."""

    def __init__(self, step: str) -> None:
        self._step = step
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def add(
        self, batch: pa.RecordBatch, text: pa.Array, rows: npt.NDArray[np.int64], keep: Mask
    ) -> Iterator[pa.RecordBatch]:
        """Take the judged `rows` of a batch, `text` and `keep` of all of it; gives the counts of windows that are full."""
        taken = pa.array(rows)  # also where all are: a view would keep the whole batch, texts and all, in memory
        columns = {name: batch.column(name).take(taken) for name in ("lang", "source", "url")}
        columns["length"] = pc.fill_null(pc.utf8_length(text), 0).take(taken)
        columns["bytes"] = pc.fill_null(pc.binary_length(text), 0).take(taken)
        columns["kept"] = pa.array(keep[rows])
        found = pa.RecordBatch.from_pydict(columns, schema=JUDGED)
        while self._rows + found.num_rows >= WINDOW:
            room = WINDOW - self._rows
            self._waiting.append(found.slice(0, room))
            yield from self.rest()
            found = found.slice(room)
        if found.num_rows:
            self._waiting.append(found)
            self._rows += found.num_rows

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The counts of the rows that wait."""
        if self._waiting:
            yield counted(self._step, pa.Table.from_batches(self._waiting, JUDGED))
        self._waiting, self._rows = [], 0
