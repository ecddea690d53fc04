"""One shard through one stage: read, stamp, run the chain, write; the report is the commit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR, SHARD_SHIFT, align, row_of
from datapipe.core.operator import Global, Map, Merge
from datapipe.core.reader import Piece, Reader
from datapipe.core.records import StepCount
from datapipe.core.registry import readers
from datapipe.engine import beacon
from datapipe.engine.asking import answer_at, is_silent, question_at
from datapipe.engine.build import Operators, Variants
from datapipe.engine.gathered import gathered, passed_on
from datapipe.engine.isolation import Isolation
from datapipe.engine.merging import MergeRunner
from datapipe.engine.names import shard_name
from datapipe.engine.output import Output, Question, SketchOutput
from datapipe.engine.placing import placed_schema
from datapipe.engine.reports import committed
from datapipe.engine.scattered import Scattered
from datapipe.engine.sink import Sink, bad_row
from datapipe.engine.step import StepRunner
from datapipe.io.arrow_files import read_batches
from datapipe.io.files import refuse_changed
from datapipe.io.store import Store
from datapipe.plan.plan import Link, Plan, Stage, StepPlan

GATHER_BYTES, GATHER_ROWS = (
    1 << 20,
    1 << 13,
)  # small chunks wait for each other: every step costs 0.1 ms a batch and more


def run_shard(
    store: Store,
    plan: Plan,
    operators: Operators,
    stage: Stage,
    number: int,
    pieces: tuple[Piece, ...],
    isolation: Isolation,
) -> dict[str, Any]:
    """Run a shard and commit its report.

    The stage's rows lie in the report's `output`: an own file, or, when nothing could change, the previous stage's.
    """
    name = shard_name(stage.key, number)
    with Sink.opened(store, name, plan) as sink:
        shard = _Shard(store, plan, operators, stage, number, pieces, isolation, sink)
        report = shard.passed_through() or shard.run(name)
    report["side"] = {table: n for table, n in sink.rows.items() if n}
    report["files"] |= sink.files()
    store.write_report(f"{name}.json", report)
    return report


@dataclass
class _Shard:
    store: Store
    plan: Plan
    operators: Operators
    stage: Stage
    number: int
    pieces: tuple[Piece, ...]
    isolation: Isolation
    sink: Sink

    def __post_init__(self) -> None:
        self.lane = self.stage.lane(self.number)
        same = self.lane.input if not self.lane.gather else None
        self.previous = committed(self.store, shard_name(same, self.number)) if same else None
        # How far into the shard each of its input files begins; filled while reading, handed on from stage to stage.
        self.starts: list[int] = [] if self.previous is None else self.previous["starts"]
        self.read: dict[str, Any] = {"rows": 0, "bytes": 0, "quarantined": 0, "notes": {}}
        self.chain = [self._link(link) for link in self.lane.chain]
        self.questions = self._questions()
        self.unchanged = self.previous is not None and all(isinstance(link, _Idle) for link in self.chain)

    def passed_through(self) -> dict[str, Any] | None:
        """The report of a stage that leaves this shard as it is and asks it nothing: bound answers, none about its rows."""
        if not self.unchanged or self.questions:
            return None
        same = self._same()
        steps = {}
        for link in self.chain:
            assert isinstance(link, _Idle)
            rows, size = same["rows"], same["bytes"]
            steps[link.label] = asdict(StepCount(rows_in=rows, rows_out=rows, bytes_in=size, bytes_out=size))
        return {**same, "read": self.read, "steps": steps, "sketches": {}}

    def run(self, name: str) -> dict[str, Any]:
        """Run the rows through the chain; where nothing can change them, the output stays the previous stage's."""
        output_name = f"{name}.arrow"
        schema = placed_schema(self.stage.rows) if self.stage.scatter else self.stage.rows
        with (
            self._output(output_name) as output,
            SketchOutput.opened(self.store, self.number, self.stage, self.questions) as sketches,
        ):
            rows = self._asked(sketches)
            for link in self.chain:
                rows = link.over(rows) if isinstance(link, (StepRunner, MergeRunner)) else map(link.run, rows)
            for batch in rows:
                batch = align(batch, schema)
                sketches.add("end", batch)
                if output is not None:
                    output.write(batch)
            beacon.at("write")
        runners = (StepRunner, MergeRunner)
        steps = {link.step.label: asdict(link.count) for link in self.chain if isinstance(link, runners)}
        for link in self.chain:
            if isinstance(link, _Idle):
                steps[link.label] = asdict(link.count)
        if output is None:
            left = self._same()
        else:
            left = {
                "output": output_name,
                "files": {output_name: output.index},
                "starts": self.starts,
                **output.report(),
            }
        return {
            **left,
            "files": {**left["files"], **sketches.files},
            "sketches": sketches.sizes,
            "read": self.read,
            "steps": steps,
        }

    def _output(self, name: str) -> AbstractContextManager[Output | Scattered | None]:
        if self.unchanged:
            return nullcontext()
        if self.stage.scatter is not None:
            return Scattered.opened(self.store, name, self.stage, self.plan.spill, self.plan.memory)
        return Output.opened(self.store, name, self.stage.rows, self.stage.mark, self.plan.spill)

    def _asked(self, sketches: SketchOutput) -> Iterator[pa.RecordBatch]:
        """The rows in batches that are worth a step's while; questions about rows as they are read are put to them."""
        for batch in _gathered(self._batches()):
            sketches.add("read", batch)
            yield batch

    def _same(self) -> dict[str, Any]:
        """Of the previous stage's report, what tells of its rows."""
        assert self.previous is not None
        same = {key: self.previous[key] for key in ("output", "rows", "bytes", "weight", "marks", "groups", "starts")}
        return {**same, "files": {same["output"]: self.previous["files"][same["output"]]}}

    def _questions(self) -> list[Question]:
        found = []
        for sketch in self.stage.sketches:
            if sketch.at == "end" or self.lane.ids:
                operator = question_at(self.store, self.operators, sketch.step, self.number)
                if operator is not None:
                    found.append(Question(sketch.at, sketch.step, operator))
        return found

    def _link(self, link: Link) -> StepRunner | MergeRunner | _Align | _Idle:
        if link.step is None:
            return _Align(link.align)
        step = link.step
        if step.artifact is None:
            operators = self.operators.of(step)
            runner = self._runner(step, operators)
            return MergeRunner(runner, whole, self.number) if isinstance(whole := operators[""], Merge) else runner
        answer = answer_at(self.store, step, self.number)
        counted = step.action == "tag" or step.audited or self.operators.question(step).orders
        if is_silent(answer) and not counted and set(step.writes) <= {"text"}:
            return _Idle(step.label)
        beacon.at(f"bind of {step.label}")
        bound = self.operators.question(step).bind(answer)
        assert not isinstance(bound, Global)
        if isinstance(bound, Map) and not step.writes:
            return _Idle(step.label)
        return self._runner(step, {"": bound})

    def _runner(self, step: StepPlan, operators: Variants) -> StepRunner:
        return StepRunner(step, operators, self.sink, self.number, self._place, self.isolation)

    def _batches(self) -> Iterator[pa.RecordBatch]:
        if self.previous is not None:
            name = self.previous["output"]
            assert self.lane.input is not None
            schema = self.plan.stage(self.lane.input).rows
            beacon.at(f"read of {name}")
            for batch in read_batches(self.store, name, self.previous["files"][name], schema):
                yield batch
                beacon.at(f"read of {name}")
            return
        if self.lane.gather:
            before = self.plan.stage(self.lane.input or "")
            if before.scatter is not None and before.scatter.coarse:
                yield from passed_on(self.store, before, self.number)
            else:
                yield from gathered(self.store, before, self.number, self.plan.memory)
            return
        plan = self.lane.reader
        assert plan is not None
        cls: type[Reader] = readers.get(plan.reader)
        reader = cls.model_validate(plan.parameters)
        base = self.number << SHARD_SHIFT
        row = 0
        for piece in self.pieces:
            self.starts.append(row)
            beacon.at_row(f"read of {piece.url}", self.number, row)
            for chunk in reader.read(piece):
                bad = [bad_row(record, base | (row + at), plan.source) for at, record in chunk.bad]
                self.sink.quarantine(bad)
                lost = sum(record.rows for _, record in chunk.bad)
                batch = _stamp(chunk.batch, base | row, chunk.rows, plan.source, self.number, row, plan.rows)
                self.read["rows"] += chunk.records
                self.read["quarantined"] += lost
                self.read["bytes"] += int(pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0)
                for note, n in chunk.notes.items():
                    self.read["notes"][note] = self.read["notes"].get(note, 0) + n
                row += chunk.records
                yield batch
                beacon.at_row(f"read of {piece.url}", self.number, row)
            refuse_changed(piece.url, piece.version)

    def _place(self, address: int) -> dict[str, object]:
        """File and row of an address, for quarantine; of rows that were ordered anew neither is known."""
        if not self.pieces:
            return {"file": None, "row": None}
        row = row_of(address)
        at = int(np.searchsorted(self.starts, row, side="right")) - 1
        piece = self.pieces[max(at, 0)]
        # Within a byte range the file's row number is not known: only a piece that begins the file can tell it.
        known = piece.start == 0 and row < 1 << 39
        return {"file": piece.url, "row": row - self.starts[at] if known else None}


class _Align:
    """Where datasets meet: the columns of all of them."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def run(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        return align(batch, self._schema)


class _Idle:
    """A bound step that changes nothing in this shard: rows are counted and pass."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.count = StepCount()

    def run(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        size = int(pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0)
        self.count.rows_in += batch.num_rows
        self.count.rows_out += batch.num_rows
        self.count.bytes_in += size
        self.count.bytes_out += size
        return batch


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same rows in batches that are worth a step's while; large ones pass as they are."""
    waiting: list[pa.RecordBatch] = []
    size = rows = 0
    for batch in batches:
        waiting.append(batch)
        size += batch.nbytes
        rows += batch.num_rows
        if size >= GATHER_BYTES or rows >= GATHER_ROWS:
            yield waiting[0] if len(waiting) == 1 else pa.concat_batches(waiting)
            waiting, size, rows = [], 0, 0
    if waiting:
        yield pa.concat_batches(waiting)


def _stamp(
    batch: pa.RecordBatch, first: int, rows: np.ndarray, source: str, shard: int, row: int, schema: pa.Schema
) -> pa.RecordBatch:
    """Give rows their address and source, and an id `source-shard-row` where the input has none."""
    ids = batch.column("id")
    if ids.null_count:
        made = [f"{source}-{shard}-{row + at}" for at in rows.tolist()]
        ids = pc.coalesce(ids, pa.array(made, pa.string()))
    columns = {name: batch.column(name) for name in batch.schema.names}
    columns[ADDR] = pa.array(np.uint64(first) + rows.astype(np.uint64))
    columns["id"] = ids
    columns["source"] = pa.array([source] * batch.num_rows, pa.string())
    return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema)
