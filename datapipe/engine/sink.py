"""What leaves the main road of a shard: ledger, quarantine, edits, personal data, scores, counts; written as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR
from datapipe.core.entities import ENTITY
from datapipe.core.operator import Filter
from datapipe.core.reader import BadRecord
from datapipe.core.records import AUDIT, EDITS, HEAD, LEDGER, PII, QUARANTINE, SCORES
from datapipe.core.registry import operators
from datapipe.core.spans import SPANS
from datapipe.core.verdict import Mask, Verdict
from datapipe.engine.judged import Judged
from datapipe.io.arrow_files import ArrowWriter, Index, create_arrow
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, StepPlan

Rows = npt.NDArray[np.int64]
Where = Callable[[int], dict[str, object]]  # address -> what quarantine says of its place
TABLES = {"ledger": LEDGER, "quarantine": QUARANTINE, "edits": EDITS, "pii": PII, "scores": SCORES, "audit": AUDIT}


class Sink:
    """The side tables of one shard in one stage; a table nobody wrote to leaves no file."""

    def __init__(self, store: Store, folder: str, plan: Plan) -> None:
        self.rows = dict.fromkeys(TABLES, 0)
        self._store = store
        self._folder = folder
        self._plan = plan
        self._stack = ExitStack()
        self._writers: dict[str, ArrowWriter] = {}
        self._audits: dict[str, Judged] = {}

    @classmethod
    @contextmanager
    def opened(cls, store: Store, folder: str, plan: Plan) -> Iterator[Sink]:
        """A sink whose files get their names when the block ends without an error."""
        sink = cls(store, folder, plan)
        with sink._stack:
            yield sink
            for audit in sink._audits.values():
                for counts in audit.rest():
                    sink._write("audit", counts)

    def files(self) -> dict[str, Index]:
        """What was written, once the block has ended."""
        return {side_name(self._folder, table): writer.index for table, writer in self._writers.items()}

    def drop(self, step: StepPlan, batch: pa.RecordBatch, rows: Rows, verdict: Verdict) -> None:
        """Enter the rows a filter dropped; `batch` is what the filter saw.

        Where it found personal data, the ledger's text is the one without them.
        """
        gone = batch.take(pa.array(rows))
        text = gone.column("text")
        if verdict.entities is not None and "text" in verdict.columns:
            text = verdict.columns["text"].take(pa.array(rows))
        reasons = verdict.reasons(rows)
        n = len(rows)
        twins = (
            verdict.duplicate_of.take(pa.array(rows)) if verdict.duplicate_of is not None else pa.nulls(n, pa.string())
        )
        columns = {
            **{name: gone.column(name) for name in (ADDR, "id", "source", "url", "lang")},
            "step": pa.array([step.label] * n, pa.string()),
            "operator": pa.array([step.operator] * n, pa.string()),
            "reason": pa.array([r[0] for r in reasons], pa.string()),
            "reasons": pa.array(reasons, pa.list_(pa.string())),
            "scores": scores_column(verdict, rows),
            "duplicate_of": twins,
            "spans": _spans(verdict, rows),
            "bytes": pc.binary_length(gone.column("text")),
            "text": self._text(text),
        }
        self._write("ledger", pa.RecordBatch.from_pydict(columns, schema=LEDGER))

    def quarantine(self, rows: list[dict[str, object]]) -> None:
        """Enter records that could not be read, or rows on which a step failed."""
        if rows:
            self._write("quarantine", pa.RecordBatch.from_pylist(rows, schema=QUARANTINE))

    def edit(self, step: StepPlan, before: pa.RecordBatch, after: pa.RecordBatch, spans: pa.Array | None = None) -> int:
        """Enter the rows whose text a step changed; both batches and the spans cut are of the same rows. Returns how many."""
        old, new = before.column("text"), after.column("text")
        if old is new or old.buffers()[-1] is new.buffers()[-1]:
            return 0
        changed = np.flatnonzero(pc.not_equal(old.fill_null(""), new.fill_null("")).to_numpy(zero_copy_only=False))
        if len(changed) and self._plan.edits:
            rows = pa.array(changed)
            was, now = before.take(rows), new.take(rows)
            columns = {
                **{name: was.column(name) for name in (ADDR, "id", "source")},
                "step": pa.array([step.label] * len(changed), pa.string()),
                "bytes_before": pc.binary_length(was.column("text")),
                "bytes_after": pc.binary_length(now),
                "spans": pa.nulls(len(changed), SPANS) if spans is None else spans.take(rows),
            }
            self._write("edits", pa.RecordBatch.from_pydict(columns, schema=EDITS))
        return len(changed)

    def found(self, step: StepPlan, batch: pa.RecordBatch, verdict: Verdict) -> None:
        """Enter the personal data found in the rows of a batch, dropped ones included."""
        if verdict.entities is None or not len(entities := verdict.entities.flatten()):
            return
        n = len(entities)
        told = batch.select(
            [ADDR, "id", "source", "lang"]
        )  # not the text, which would be copied for each of its entities
        rows = told.take(verdict.entities.value_parent_indices())
        columns = {
            **{name: rows.column(name) for name in told.schema.names},
            "step": pa.array([step.label] * n, pa.string()),
            **{field.name: column for field, column in zip(ENTITY, entities.flatten(), strict=True)},
        }
        if step.action == "tag":  # which leaves the text as it is
            columns |= {name: pa.nulls(n, pa.int64()) for name in ("start_after", "end_after")}
            columns["action"] = pa.array(["report"] * n, pa.string())
        self._write("pii", pa.RecordBatch.from_pydict(columns, schema=PII))

    def judged(self, step: StepPlan, after: pa.RecordBatch, rows: Rows, verdict: Verdict) -> None:
        """Enter the verdict and the scores of the rows a filter judged, where the recipe asks for scores.

        after  all rows of the batch, dropped ones included, with the columns the filter wrote
        """
        if not self._plan.scores or not len(rows) or not (verdict.scores or step.action == "tag"):
            return
        part = after.take(pa.array(rows))
        columns = {
            **{name: part.column(name) for name in (ADDR, "id", "source", "lang")},
            "step": pa.array([step.label] * len(rows), pa.string()),
            "bytes": pc.binary_length(part.column("text")),
            "failed": pa.array(verdict.reasons(rows), pa.list_(pa.string())),
            "scores": scores_column(verdict, rows),
        }
        self._write("scores", pa.RecordBatch.from_pydict(columns, schema=SCORES))

    def audit(self, step: StepPlan, after: pa.RecordBatch, text: pa.Array, rows: Rows, keep: Mask) -> None:
        """Count the rows a filter judged, and which it keeps, where the step is audited.

        after  all rows of the batch, with the columns the filter wrote    text, keep  of all of them; the text it saw
        """
        if step.audited:
            audit = self._audits.setdefault(step.label, Judged(step.label))
            for counts in audit.add(after, text, rows, keep):
                self._write("audit", counts)

    def _text(self, text: pa.Array) -> pa.Array:
        if self._plan.ledger_text == "full":
            return text
        if self._plan.ledger_text == "none":
            return pa.nulls(len(text), text.type)
        return pc.utf8_slice_codeunits(text, 0, HEAD)

    def _write(self, table: str, batch: pa.RecordBatch) -> None:
        if table not in self._writers:
            name = side_name(self._folder, table)
            self._writers[table] = self._stack.enter_context(
                create_arrow(self._store, name, TABLES[table], self._compression(table))
            )
        self._writers[table].write(batch)
        self.rows[table] += batch.num_rows

    def _compression(self, table: str) -> str | None:
        # The names of 13 scores are 300 bytes a row: what repeats so is always compressed.
        return self._plan.spill or ("lz4" if table in ("scores", "audit") else None)


def tables_of(plan: Plan) -> tuple[str, ...]:
    """The side tables that a run publishes."""
    wanted = {"scores": plan.scores, "pii": any(map(_finds_entities, plan.steps()))}
    wanted["audit"] = any(step.audited for step in plan.steps())
    return tuple(table for table in TABLES if wanted.get(table, True))


def _finds_entities(step: StepPlan) -> bool:
    operator = operators.get(step.operator)
    return issubclass(operator, Filter) and operator.finds_entities


def side_name(shard: str, table: str) -> str:
    """The file of a side table of a shard."""
    return f"{shard}.{table}.arrow"


def scores_column(verdict: Verdict, rows: Rows) -> pa.Array:
    """The scores of these rows as a map; a score that does not apply (NaN) is null."""
    names = list(verdict.scores)
    if not names:
        return pa.array([None] * len(rows), LEDGER.field("scores").type)
    values = np.stack([verdict.scores[name][rows].astype(np.float64) for name in names], axis=1).ravel()
    offsets = np.arange(len(rows) + 1, dtype=np.int32) * len(names)
    keys = pa.DictionaryArray.from_arrays(pa.array(np.tile(np.arange(len(names), dtype=np.int32), len(rows))), names)
    items = pa.array(values, pa.float64(), mask=np.isnan(values))
    return pa.MapArray.from_arrays(pa.array(offsets), keys.dictionary_decode().cast(pa.string()), items)


def _spans(verdict: Verdict, rows: Rows) -> pa.Array:
    return pa.nulls(len(rows), SPANS) if verdict.spans is None else verdict.spans.take(pa.array(rows))


def failed_rows(
    batch: pa.RecordBatch, rows: Rows, errors: list[str], step: str, place: Where
) -> list[dict[str, object]]:
    """Rows of a batch on which a step failed, as rows of the quarantine."""
    failed = batch.select([ADDR, "id", "source", "text"]).take(pa.array(rows)).to_pylist()
    return [
        {
            ADDR: row[ADDR], "id": row["id"], "source": row["source"], "step": step, "rows": 1, "error": error,
            "head": (row["text"] or "")[:HEAD], **place(row[ADDR]),
        }
        for row, error in zip(failed, errors, strict=True)
    ]  # fmt: skip


def bad_row(record: BadRecord, address: int, source: str) -> dict[str, object]:
    """A record that could not be read, as a row of the quarantine."""
    return {
        ADDR: address, "id": record.id, "source": source, "step": None, "file": record.file, "offset": record.offset,
        "row": record.row, "rows": record.rows, "error": record.error, "head": record.head[:HEAD],
    }  # fmt: skip
