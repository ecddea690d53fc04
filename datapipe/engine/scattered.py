"""Rows on their way to new shards: a file a shard they leave, and an index a stage of where each new shard's rows lie.

A file consists of runs, what a task may hold at once. A run has its rows by new shard, so 1,000 shards of 250 MB that go
to 1,000 others are a million reads of 250 kB; the index of them has 40 MB, and a new shard reads its 40 kB of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.core.placed import AT, SEGMENT
from datapipe.engine import beacon
from datapipe.engine.names import scattered_name
from datapipe.engine.output import RowCount, weights
from datapipe.engine.reduce import sketch_bytes
from datapipe.io.arrow_files import ArrowWriter, Index, create_arrow
from datapipe.io.store import Store
from datapipe.plan.plan import Scatter, Stage

PIECE = 32 << 20  # bytes of a batch: it is read, checked and unpacked whole


def scattered_schema(stage: Stage) -> pa.Schema:
    """Of the files of a stage that scatters."""
    return stage.rows.append(pa.field(AT, pa.uint64()))


class Scattered:
    """The placed rows of a shard, in runs, each by new shard and place."""

    def __init__(self, writer: ArrowWriter, scatter: Scatter, most: int) -> None:
        self._writer = writer
        self._first = np.array([span.start for span in scatter.segments], np.int64)
        self._shards = np.array([span.stop - span.start for span in scatter.segments], np.uint64)
        self._most = most
        self._waiting: list[pa.RecordBatch] = []
        self._held = 0
        self._count = RowCount()
        self._targets: list[int] = []
        self._sizes: list[int] = []

    @classmethod
    @contextmanager
    def opened(cls, store: Store, name: str, stage: Stage, spill: str | None, memory: int) -> Iterator[Scattered]:
        """Scattered rows whose file gets its name when the block ends without an error."""
        assert stage.scatter is not None
        with create_arrow(store, name, scattered_schema(stage), spill) as writer:
            output = cls(writer, stage.scatter, sketch_bytes(memory))
            yield output
            output._flush()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows that have places."""
        if batch.num_rows == 0:
            return
        self._count.add(batch, int(weights(batch).sum()))
        self._waiting.append(batch)
        self._held += batch.nbytes
        if self._held >= self._most:
            self._flush()

    @property
    def index(self) -> Index:
        """What was written, once the block has ended."""
        return self._writer.index

    def report(self) -> dict[str, Any]:
        """Counts for the shard's report, and of each batch its new shard and its bytes in memory."""
        return {**self._count.report(), "scattered": [self._targets, self._sizes]}

    def _flush(self) -> None:
        if not self._waiting:
            return
        run = pa.concat_batches(self._waiting)
        self._waiting, self._held = [], 0
        at = run.column(AT).to_numpy()
        target = self._target(run.column(SEGMENT).to_numpy(), at)
        run = run.drop_columns([SEGMENT])
        order = np.lexsort((at, target)) if len(self._first) > 1 else np.argsort(at, kind="stable")
        step = max(1, PIECE * run.num_rows // max(1, run.nbytes))
        for start in range(0, run.num_rows, step):
            beacon.beat()
            some = order[start : start + step]
            rows, of = run.take(pa.array(some)), target[some]
            for begin, end in pairwise(np.flatnonzero(np.diff(of, prepend=-1, append=-1)).tolist()):
                piece = rows.slice(begin, end - begin)
                self._writer.write(piece)
                self._targets.append(int(of[begin]))
                self._sizes.append(piece.nbytes)

    def _target(self, segment: npt.NDArray[np.int64], at: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
        """The new shard of each row: equal stretches of its segment."""
        high = at >> np.uint64(32)
        return self._first[segment] + ((high * self._shards[segment]) >> np.uint64(32)).astype(np.int64)


class ScatterIndex:
    """Where the rows of each new shard lie, from the reports of all shards that they left."""

    def __init__(self, scatter: Scatter) -> None:
        self._scatter = scatter
        self._tables: list[pa.Table] = []

    def add(self, number: int, report: Mapping[str, Any]) -> None:
        """Add a shard's report."""
        batches = report["files"][report["output"]]["batches"]
        targets, sizes = report["scattered"]
        start, length, rows, digest = zip(*batches, strict=True) if batches else ((), (), (), ())
        columns = {"target": targets, "start": start, "length": length, "rows": rows, "size": sizes}
        arrays = {name: pa.array(values, pa.int64()) for name, values in columns.items()}
        arrays |= {"shard": pa.array([number] * len(batches), pa.int64()), "digest": pa.array(digest, pa.string())}
        self._tables.append(pa.table(arrays))

    def write(self, store: Store, key: str) -> Index:
        """One batch for each new shard, in their order; empty where no row goes."""
        table = pa.concat_tables(self._tables).sort_by([("target", "ascending"), ("shard", "ascending")])
        shards = self._scatter.shards
        bounds = np.searchsorted(table.column("target").to_numpy(), [*shards, shards.stop]).tolist()
        table = table.drop_columns(["target"]).combine_chunks()
        empty = pa.RecordBatch.from_pylist([], schema=table.schema)
        with create_arrow(store, scattered_name(key), table.schema) as writer:
            for begin, end in pairwise(bounds):
                writer.write(table.slice(begin, end - begin).to_batches()[0] if end > begin else empty)
        return writer.described
