"""What a stage leaves of a shard: its rows, and its sketches for the barrier."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR
from datapipe.core.condition import Condition
from datapipe.core.errors import ContractError, RunFailed
from datapipe.core.operator import Global
from datapipe.engine.by_key import by_key
from datapipe.engine.calls import OperatorFailed, call
from datapipe.engine.marks import Mark, packed
from datapipe.engine.names import sketch_name
from datapipe.io.arrow_files import ArrowWriter, Index, create_arrow
from datapipe.io.store import Store
from datapipe.plan.plan import Stage, StepPlan

BATCH_BYTES = 8 << 20  # rows wait until a batch is about this big: after heavy dropping batches would be tiny
RUN_BYTES = 32 << 20  # of a sketch are sorted at once: a packed file of any size is one shard


def weights(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Bytes a row counts for when parts are cut: id, text, metadata and lists of numbers (tokens, vectors)."""
    total = np.zeros(batch.num_rows, np.int64)
    for field in batch.schema:
        if pa.types.is_nested(field.type) and pa.types.is_primitive(getattr(field.type, "value_type", pa.null())):
            numbers = pc.fill_null(pc.list_value_length(batch.column(field.name)), 0).to_numpy(zero_copy_only=False)
            total += numbers.astype(np.int64) * field.type.value_type.bit_width // 8
    for name in ("id", "text", "metadata"):
        total += pc.fill_null(pc.binary_length(batch.column(name)), 0).to_numpy(zero_copy_only=False)
    return total


class RowCount:
    """Rows that a stage leaves of a shard, counted: their weights, their text, by source and language."""

    def __init__(self) -> None:
        self.rows = 0
        self.weight = 0
        self._text = 0
        self._groups: dict[str, dict[str, list[int]]] = {}

    def add(self, batch: pa.RecordBatch, weight: int) -> None:
        """Count rows of this weight."""
        self.rows += batch.num_rows
        self.weight += weight
        table = pa.table(
            {
                "source": batch.column("source"),
                "lang": pc.fill_null(batch.column("lang"), ""),
                "bytes": pc.fill_null(pc.binary_length(batch.column("text")), 0),
            }
        )
        sums = table.group_by(["source", "lang"], use_threads=False).aggregate([("bytes", "count"), ("bytes", "sum")])
        for row in sums.to_pylist():
            cell = self._groups.setdefault(row["source"], {}).setdefault(row["lang"], [0, 0])
            cell[0] += row["bytes_count"]
            cell[1] += row["bytes_sum"]
            self._text += row["bytes_sum"]

    def report(self, marks: Sequence[Mark] = ()) -> dict[str, Any]:
        """Counts for the shard's report."""
        counts = {"rows": self.rows, "bytes": self._text, "weight": self.weight}
        return {**counts, "marks": packed(marks), "groups": self._groups}


class Output:
    """The rows of a shard in one Arrow file, with marks: the rows at which about `mark` more bytes have gone by.

    Marks depend on the rows alone, so parts cut at marks are the same whatever the batches were.
    """

    def __init__(self, writer: ArrowWriter, mark: int) -> None:
        self._writer = writer
        self._mark = mark
        self._waiting: list[pa.RecordBatch] = []
        self._size = 0
        self._count = RowCount()
        self._marks: list[Mark] = []

    @classmethod
    @contextmanager
    def opened(cls, store: Store, name: str, schema: pa.Schema, mark: int, spill: str | None) -> Iterator[Output]:
        """An output whose file gets its name when the block ends without an error."""
        with create_arrow(store, name, schema, spill) as writer:
            output = cls(writer, mark)
            yield output
            output._flush()

    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""
        if batch.num_rows == 0:
            return
        weight = weights(batch)
        ends = self._count.weight + np.cumsum(weight)
        before = (ends - weight) // self._mark
        for row in np.flatnonzero(ends // self._mark > before):
            self._marks.append((self._count.rows + int(row) + 1, int(ends[row])))
        self._count.add(batch, int(weight.sum()))
        self._waiting.append(batch)
        self._size += batch.get_total_buffer_size() if batch.num_rows < 16 else int(weight.sum())
        if self._size >= BATCH_BYTES or sum(b.num_rows for b in self._waiting) >= 1 << 16:
            self._flush()

    @property
    def index(self) -> Index:
        """What was written, once the block has ended."""
        return self._writer.index

    def report(self) -> dict[str, Any]:
        """Counts for the shard's report."""
        return self._count.report(self._marks)

    def _flush(self) -> None:
        if self._waiting:
            self._writer.write(pa.concat_batches(self._waiting) if len(self._waiting) > 1 else self._waiting[0])
        self._waiting, self._size = [], 0


@dataclass(frozen=True)
class Question:
    """A question that a shard is asked of its rows, as read or as the stage leaves them."""

    at: Literal["read", "end"]
    step: StepPlan
    operator: Global


class SketchOutput:
    """The sketches of a shard, each in one file, in runs of RUN_BYTES that are sorted by its partition key."""

    def __init__(
        self, store: Store, number: int, stage: Stage, questions: Sequence[Question], files: ExitStack
    ) -> None:
        self._store = store
        self._questions = questions
        self._names = {q.step.label: sketch_name(stage.key, number, q.step.label) for q in questions}
        self._found: dict[str, list[pa.RecordBatch]] = {q.step.label: [] for q in questions}
        self._held = dict.fromkeys(self._found, 0)  # bytes of these
        self._writers: dict[str, ArrowWriter] = {}
        self._open = files
        self.files: dict[str, Index] = {}
        self.sizes: dict[str, int] = {}  # bytes by label

    @classmethod
    @contextmanager
    def opened(cls, store: Store, number: int, stage: Stage, questions: Sequence[Question]) -> Iterator[SketchOutput]:
        """Sketches whose files get their names when the block ends without an error."""
        with ExitStack() as files:
            output = cls(store, number, stage, questions, files)
            yield output
            for question in questions:
                output._flush(question)
        for label, writer in output._writers.items():
            output.files[output._names[label]] = writer.described
            output.sizes[label] = writer.index["bytes"]

    def add(self, at: str, batch: pa.RecordBatch) -> None:
        """Sketch a batch, as read or as the stage leaves it."""
        for question in self._questions:
            if question.at == at and batch.num_rows:
                step, asked = question.step, batch
                if step.where:
                    asked = batch.filter(pa.array(Condition.model_validate(step.where).holds(batch)))
                try:
                    sketch = call(f"sketch of {step.label}", question.operator.sketch, asked, step=False)
                except OperatorFailed as failure:
                    raise RunFailed(f"{step.label}: its sketch of the rows failed: {failure}") from failure
                self._check(step, question.operator, sketch)
                if sketch.num_rows:
                    self._found[step.label].append(sketch)
                    self._held[step.label] += sketch.nbytes
                    if self._held[step.label] >= RUN_BYTES:
                        self._flush(question)

    def _flush(self, question: Question) -> None:
        label = question.step.label
        found, self._found[label], self._held[label] = self._found[label], [], 0
        if not found:
            return
        table = by_key(pa.Table.from_batches(found), question.operator.partition_by)
        if label not in self._writers:
            opened = create_arrow(self._store, self._names[label], table.schema)
            self._writers[label] = self._open.enter_context(opened)
        self._writers[label].write_table(table)

    @staticmethod
    def _check(step: StepPlan, operator: Global, sketch: pa.RecordBatch) -> None:
        for column in (ADDR, operator.partition_by):
            if column not in sketch.schema.names or sketch.schema.field(column).type != pa.uint64():
                raise ContractError(f"{step.label}: the sketch of {step.operator} needs a uint64 column {column}")
