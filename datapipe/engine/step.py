"""One step over one batch: `where`, thresholds by language, accounting; and, when it fails, the search for the row."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.arrow.scatter import scatter_column
from datapipe.core.columns import ADDR, CHILD_BIT, SHARD_SHIFT, set_columns
from datapipe.core.condition import Condition
from datapipe.core.entities import ENTITIES
from datapipe.core.errors import ContractError
from datapipe.core.operator import Expand, Filter, Map, Merge, Operator, Order
from datapipe.core.placed import AT, SEGMENT
from datapipe.core.records import StepCount, add_tallies
from datapipe.core.spans import SPANS
from datapipe.core.verdict import Verdict
from datapipe.engine.calls import OperatorFailed, call
from datapipe.engine.isolation import Isolation
from datapipe.engine.placing import broken_order, in_place, portions
from datapipe.engine.sink import Sink, Where, failed_rows
from datapipe.engine.tallies import by_source_and_language
from datapipe.engine.verdicts import errors, merged, tags
from datapipe.plan.plan import StepPlan
from datapipe.plan.steps import tag_columns

Rows = npt.NDArray[np.int64]


class StepRunner:
    """A step placed in a shard: its operators, its counts, its way of saying where a row was read."""

    def __init__(
        self,
        step: StepPlan,
        operators: dict[str, Operator],
        sink: Sink,
        shard: int,
        place: Where,
        isolation: Isolation,
    ) -> None:
        self.step = step
        self.count = StepCount()
        self._operators = operators
        self._operator = operators[""]
        self._condition = Condition.model_validate(step.where) if step.where else None
        self._sink = sink
        self._shard = shard
        self._place = place
        self._isolation = isolation
        self._children = 0

    def over(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The rows that go on, of batches that are run one by one."""
        if isinstance(self._operator, Order):
            batches = portions(batches, self._operator.copies())
        return map(self.run, batches)

    def run(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The rows that go on."""
        if batch.num_rows == 0:
            return self._operator_output(batch)
        started = time.perf_counter()
        self.count.rows_in += batch.num_rows
        self.count.bytes_in += _text_bytes(batch)
        outs = [
            self._halving(part) if why is None else self._set_aside(part, why)
            for part, why in self._isolation.portions(self.step.label, batch)
        ]
        out = outs[0] if len(outs) == 1 else pa.concat_batches(outs)
        self.count.rows_out += out.num_rows
        self.count.bytes_out += _text_bytes(out)
        self.count.seconds += time.perf_counter() - started
        return out

    def _halving(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Run the batch; if the operator fails, halve it until the failing rows stand alone in quarantine."""
        try:
            return self._once(batch)
        except OperatorFailed as failure:
            if batch.num_rows > 1:
                middle = batch.num_rows // 2
                halves = [self._halving(batch.slice(0, middle)), self._halving(batch.slice(middle))]
                return pa.concat_batches(halves)
            return self._set_aside(batch, str(failure))

    def _set_aside(self, batch: pa.RecordBatch, error: str) -> pa.RecordBatch:
        """The one row of this batch goes to quarantine, and nothing goes on."""
        self._quarantine(batch, np.zeros(1, np.int64), [error])
        return self._operator_output(batch.slice(0, 0))

    def _once(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if isinstance(self._operator, (Filter, Merge)):
            return self._filter(batch)
        if isinstance(self._operator, Map):
            return self._map(batch)
        if isinstance(self._operator, Order):
            return self._order(batch, self._operator)
        assert isinstance(self._operator, Expand)
        return self._expand(batch, self._operator)

    def _filter(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        groups = self._groups(batch)
        verdict = self._judge(batch, groups)
        columns = dict(verdict.columns)
        drop = ~verdict.keep
        gone = np.flatnonzero(drop)
        judged = np.sort(np.concatenate([rows for rows, _ in groups])) if groups else np.zeros(0, np.int64)
        if self.step.action == "tag":
            columns.pop("text", None)
            columns |= tags(self.step, verdict, judged)
        after = set_columns(batch, columns)
        if self.step.quarantine:
            self._quarantine(batch, gone, errors(verdict, gone))
            return after.filter(pa.array(~drop)) if len(gone) else after
        self._sink.found(self.step, batch, verdict)
        self._sink.audit(self.step, after, batch.column("text"), judged, ~drop)
        self._count_rules(verdict, gone)
        if self.step.kind == "filter":
            self.count.judged += len(judged)
            self.count.unscored += int(verdict.unscored[judged].sum())
            self._sink.judged(self.step, after, judged, verdict)
        kept = np.flatnonzero(~drop) if self.step.action == "drop" else np.arange(batch.num_rows)
        if "text" in columns:
            rows = pa.array(kept)
            spans = verdict.spans.take(rows) if verdict.spans is not None else None
            self.count.edited += self._sink.edit(self.step, batch.take(rows), after.take(rows), spans)
        if self.step.action == "tag" or not len(gone):
            self.count.tagged += len(gone)
            return after
        self._sink.drop(self.step, batch, gone, verdict)
        self.count.dropped += len(gone)
        return after.filter(pa.array(~drop))

    def _map(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        after = batch
        for rows, operator in self._groups(batch):
            whole = len(rows) == batch.num_rows
            part = batch if whole else batch.take(pa.array(rows))
            changed = call(self.step.label, operator.apply, part)  # type: ignore[attr-defined]  # only reached for a Map
            if changed.num_rows != part.num_rows:
                raise self._broken(f"a map gives as many rows as it takes: {part.num_rows}, not {changed.num_rows}")
            written = {name: self._typed(name, changed.column(name), part.num_rows) for name in self.step.writes}
            if tallied := operator.tallied():  # type: ignore[attr-defined]  # a Map's
                add_tallies(self.count.tallies, by_source_and_language(part, {name: written[name] for name in tallied}))
            if not whole:
                written = {
                    name: scatter_column(self._base(after, name), rows, values) for name, values in written.items()
                }
            after = set_columns(after, written)
        for name, dtype in self._operator.columns_written().items():
            if name not in after.schema.names:  # `where` matched no row of this batch
                after = after.append_column(name, pa.nulls(batch.num_rows, dtype))
        self.count.edited += self._sink.edit(self.step, batch, after)
        return after

    def _expand(self, batch: pa.RecordBatch, operator: Expand) -> pa.RecordBatch:
        children, parents = call(self.step.label, operator.expand, batch)
        if len(parents) != children.num_rows or (len(parents) and (np.diff(parents) < 0).any()):
            raise self._broken("an expansion gives one parent row per child, in order")
        counts = np.bincount(parents, minlength=batch.num_rows)
        childless = np.flatnonzero(counts == 0)
        if len(childless):
            failed = np.zeros(batch.num_rows, np.bool_)
            failed[childless] = True
            verdict = Verdict(batch.num_rows, {"expanded_to_nothing": failed})
            self._sink.drop(self.step, batch, childless, verdict)
            self.count.dropped += len(childless)
            self._count_rules(verdict, childless)
        self.count.added += children.num_rows - (batch.num_rows - len(childless))
        first = (self._shard << SHARD_SHIFT) | CHILD_BIT | ((self.step.number & 0x7F) << 32)
        addresses = np.uint64(first) + np.arange(self._children, self._children + children.num_rows, dtype=np.uint64)
        self._children += children.num_rows
        starts = np.cumsum(counts) - counts
        names = [
            f"{name}#{i - starts[p] + 1}" if counts[p] > 1 else name
            for i, (p, name) in enumerate(
                zip(parents.tolist(), batch.column("id").take(pa.array(parents)).to_pylist(), strict=True)
            )
        ]
        return set_columns(children, {ADDR: pa.array(addresses), "id": pa.array(names, pa.string())})

    def _order(self, batch: pa.RecordBatch, operator: Order) -> pa.RecordBatch:
        placed = call(self.step.label, operator.place, batch)
        if broken := broken_order(operator, batch.num_rows, placed):
            raise self._broken(broken)
        gone = np.flatnonzero(~placed.verdict.keep)
        self._count_rules(placed.verdict, gone)
        if len(gone):
            self._sink.drop(self.step, batch, gone, placed.verdict)
        self.count.dropped += len(gone)
        self.count.added += len(placed.parents) - (batch.num_rows - len(gone))
        add_tallies(self.count.tallies, placed.tallies)
        written = {name: self._typed(name, values, len(placed.parents)) for name, values in placed.columns.items()}
        return in_place(batch, placed, written, self.step.orders)

    def _groups(self, batch: pa.RecordBatch) -> list[tuple[Rows, Operator]]:
        """Rows by the operator that judges them; rows outside `where` are in none."""
        rows = np.arange(batch.num_rows, dtype=np.int64)
        if self._condition is not None:
            rows = rows[self._condition.holds(batch)]
        if len(self._operators) == 1:
            return [(rows, self._operator)] if len(rows) else []
        langs = pc.fill_null(batch.column("lang"), "").to_numpy(zero_copy_only=False)[rows]
        groups = []
        rest = np.ones(len(rows), np.bool_)
        for lang, operator in self._operators.items():
            if lang and (mine := langs == lang).any():
                groups.append((rows[mine], operator))
                rest &= ~mine
        if rest.any():
            groups.append((rows[rest], self._operator))
        return groups

    def _judge(self, batch: pa.RecordBatch, groups: list[tuple[Rows, Operator]]) -> Verdict:
        verdicts = []
        for rows, operator in groups:
            part = batch if len(rows) == batch.num_rows else batch.take(pa.array(rows))
            verdict = call(self.step.label, operator.judge, part)  # type: ignore[attr-defined]  # only reached for a Filter
            verdicts.append((rows, self._lawful(verdict, part.num_rows)))
        if len(verdicts) == 1 and len(verdicts[0][0]) == batch.num_rows:
            return verdicts[0][1]
        columns = {name: self._base(batch, name) for name in self.step.writes}
        return merged(batch.num_rows, columns, verdicts)

    def _lawful(self, verdict: Verdict, n: int) -> Verdict:
        if not isinstance(verdict, Verdict) or verdict.rows != n:
            raise self._broken(f"a filter returns a Verdict of {n} rows, not {verdict!r:.80}")
        for name, values in (*verdict.failed.items(), *verdict.scores.items()):
            if len(values) != n:
                raise self._broken(f"{name}: one value a row: {n}, not {len(values)}")
        if verdict.spans is not None and (verdict.spans.type != SPANS or len(verdict.spans) != n):
            raise self._broken(f"spans: one list of them a row: {n}, not {len(verdict.spans)} of {verdict.spans.type}")
        if (found := verdict.entities) is not None and (found.type != ENTITIES or len(found) != n):
            raise self._broken(f"entities: one list of them a row: {n}, not {len(found)} of {found.type}")
        columns = {name: self._typed(name, values, n) for name, values in verdict.columns.items()}
        return replace(verdict, columns=columns) if columns else verdict

    def _typed(self, name: str, values: pa.Array, n: int) -> pa.Array:
        """A written column, as declared; what cannot be cast to the declared type breaks the law."""
        declared = self._operator.columns_written().get(name)
        if declared is None:
            raise self._broken(f"it writes the column {name}, which its `writes` does not declare")
        if isinstance(values, pa.ChunkedArray):
            values = values.combine_chunks()
        if len(values) != n:
            raise self._broken(f"the column {name} has {len(values)} values for {n} rows")
        if values.type == declared:
            return values
        try:
            return values.cast(declared)
        except pa.ArrowException as error:
            raise self._broken(f"the column {name} is {values.type}, declared {declared}: {error}") from None

    def _base(self, batch: pa.RecordBatch, name: str) -> pa.Array:
        """A column before a step writes to some of its rows."""
        dtype = self._operator.columns_written()[name]
        if name in batch.schema.names:
            return batch.column(name).cast(dtype)
        return pa.nulls(batch.num_rows, dtype)

    def _operator_output(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """An empty batch with the columns that leave the step, or a merge's judging."""
        if isinstance(self._operator, Merge):
            return batch.slice(0, 0)
        written = dict(self._operator.columns_written())
        if self.step.action == "tag":
            written.pop("text", None)
            written |= tag_columns(self.step)
        if isinstance(self._operator, Order):
            written |= {SEGMENT: pa.int64(), AT: pa.uint64()}
        return set_columns(batch, {name: pa.nulls(0, dtype) for name, dtype in written.items()})

    def _count_rules(self, verdict: Verdict, gone: Rows) -> None:
        for name, mask in verdict.failed.items():
            n = int(mask.sum())
            if n or self.step.kind == "filter":  # a rule that never fires is news
                self.count.rules[name] = self.count.rules.get(name, 0) + n
        for reasons in verdict.reasons(gone):
            self.count.reasons[reasons[0]] = self.count.reasons.get(reasons[0], 0) + 1

    def _quarantine(self, batch: pa.RecordBatch, rows: Rows, errors: list[str]) -> None:
        self.count.quarantined += len(rows)
        self._sink.quarantine(failed_rows(batch, rows, errors, self.step.label, self._place))

    def _broken(self, law: str) -> ContractError:
        return ContractError(f"{self.step.label}: the operator {self.step.operator} broke the law of its class: {law}")


def _text_bytes(batch: pa.RecordBatch) -> int:
    return int(pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0)
