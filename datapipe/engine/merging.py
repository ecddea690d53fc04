"""A merge over one shard: rows are judged, held until a window is full, and go on as other rows."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR, BASE, CHILD_BIT, SHARD_SHIFT, set_columns
from datapipe.core.errors import ContractError, RunFailed
from datapipe.core.merged import MIXED, Merged, shared
from datapipe.core.operator import Merge
from datapipe.core.records import add_tallies
from datapipe.engine.calls import OperatorFailed, call
from datapipe.engine.step import StepRunner

OUT_BYTES = 8 << 20  # of new rows go on at once: later steps and files take them in batches as they take all others


class MergeRunner:
    """A merge placed in a shard. It judges as a filter does; `over` gives the rows that go on."""

    def __init__(self, judging: StepRunner, operator: Merge, shard: int) -> None:
        self.step = judging.step
        self.count = judging.count
        self._judging = judging
        self._operator = operator
        self._shard = shard
        self._made = 0
        self._held_columns = tuple(dict.fromkeys((ADDR, "id", "source", "lang", *operator.columns_read())))

    def over(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """All rows of the shard, in order, to the new ones."""
        for window in self._windows(self._kept(batches)):
            yield from self._portions(self._merged(window))

    def _kept(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            kept = self._judging.run(batch)
            self.count.bytes_out = 0  # of text, which new rows have none of
            if kept.num_rows < batch.num_rows:
                self._tally_dropped(batch, kept)
            if kept.num_rows:
                yield kept.select(self._held_columns)

    def _windows(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Rows up to the one at which the weights come to the operator's window."""
        held: list[pa.RecordBatch] = []
        weight = 0
        for batch in batches:
            while batch.num_rows:
                ends = weight + np.cumsum(self._operator.weights(batch))
                rows = int(np.searchsorted(ends, self._operator.window, "left")) + 1
                held.append(batch.slice(0, rows))
                if rows > batch.num_rows:
                    weight = int(ends[-1])
                    break
                yield pa.concat_batches(held)
                held, weight = [], 0
                batch = batch.slice(rows)
        if held:
            yield pa.concat_batches(held)

    def _merged(self, window: pa.RecordBatch) -> pa.RecordBatch:
        label, started = self.step.label, time.perf_counter()
        try:
            merged: Merged = call(f"merge of {label}", self._operator.merge, window, step=False)
        except OperatorFailed as failure:
            raise RunFailed(f"{label}: it failed on a window of rows: {failure}") from failure
        rows, n = merged.rows, merged.rows.num_rows
        self._check(window, merged)
        self.count.merged += window.num_rows
        self.count.added += n
        self.count.rows_out += n - window.num_rows
        if window.num_rows:  # one source, as long as a shard is what was read in one dataset
            sources = window.column("source").unique().to_pylist()
            whole = {MIXED if len(sources) > 1 else str(sources[0]): merged.tallies}
            add_tallies(self.count.tallies, merged.by_source or whole)
        first = (self._shard << SHARD_SHIFT) | CHILD_BIT | ((self.step.number & 0x7F) << 32)
        numbers = np.arange(self._made, self._made + n, dtype=np.uint64)
        self._made += n
        columns = {field.name: pa.nulls(n, field.type) for field in BASE}
        columns[ADDR] = pa.array(np.uint64(first) + numbers)
        columns["id"] = pa.array([f"{label}-{self._shard}-{k}" for k in numbers.tolist()], pa.string())
        columns["source"] = shared(window.column("source"), merged.ends, merged.members).fill_null(MIXED)
        columns["lang"] = shared(window.column("lang"), merged.ends, merged.members)
        base = pa.RecordBatch.from_arrays([columns[field.name] for field in BASE], schema=BASE)
        made = set_columns(base, dict(zip(rows.schema.names, rows.columns, strict=True)))
        self.count.seconds += time.perf_counter() - started
        return made

    def _check(self, window: pa.RecordBatch, merged: Merged) -> None:
        broken = broken_merge(self._operator, window, merged)
        if broken is not None:
            raise ContractError(
                f"{self.step.label}: the operator {self.step.operator} broke the law of its class: {broken}"
            )

    def _portions(self, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
        rows = max(1, OUT_BYTES * batch.num_rows // max(1, batch.nbytes))
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)

    def _tally_dropped(self, batch: pa.RecordBatch, kept: pa.RecordBatch) -> None:
        all_of_it, still = self._weights_by_source(batch), self._weights_by_source(kept)
        unit = f"{self._operator.unit}_dropped"
        add_tallies(self.count.tallies, {name: {unit: n - still.get(name, 0)} for name, n in all_of_it.items()})

    def _weights_by_source(self, batch: pa.RecordBatch) -> dict[str, int]:
        sums = pa.table({"source": batch.column("source"), "weight": pa.array(self._operator.weights(batch))})
        rows = sums.group_by("source", use_threads=False).aggregate([("weight", "sum")]).to_pylist()
        return {str(row["source"]): row["weight_sum"] for row in rows}


def broken_merge(operator: Merge, window: pa.RecordBatch, merged: Merged) -> str | None:
    """The law of merging that an answer breaks, if any."""
    declared = operator.columns_written()
    found = {field.name: field.type for field in merged.rows.schema}
    if found != dict(declared):
        return f"new rows have the declared columns: {_types(declared)}, not {_types(found)}"
    ends, members = merged.ends, merged.members
    if len(ends) != merged.rows.num_rows or (np.diff(ends, prepend=0) < 1).any() or ends[-1:].sum() != len(members):
        return "each new row has an end in `members`, which begins at the one before it"
    if (np.bincount(members, minlength=window.num_rows) == 0).any() or len(np.unique(members)) > window.num_rows:
        return "every row of the window is a member of a new one"
    return None


def _types(columns: object) -> str:
    return ", ".join(f"{name} {dtype}" for name, dtype in dict(columns).items())  # type: ignore[call-overload]  # a schema or a mapping
