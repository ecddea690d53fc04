"""The laws every operator is born with, as checks over any operator: the tests and `datapipe ops --test` run them."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR, BASE
from datapipe.core.context import Context
from datapipe.core.operator import Expand, Filter, Global, Map, Merge, Operator
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.engine.asking import ask
from datapipe.engine.merging import broken_merge
from datapipe.io.opening import open_file

TEXTS: tuple[str | None, ...] = (
    "An ordinary paragraph of English prose, with commas, and a full stop. It has a second sentence, too.\nAnd a line.",
    "",
    None,
    "word",
    "Ein deutscher Satz über Größe und Maß.\n\n• Punkt eins\n• Punkt zwei…",
    "中文句子没有空格。第二句也没有。",
    "ไทยไม่มีช่องว่าง",
    "العربية من اليمين إلى اليسار، مع علامات.",
    "e\u0301 combining, \U0001f469\u200d\U0001f4bb joined, \x00 NUL, \u2028 separator, \ufeff mark, \U0010ffff last",
    "\n\n \t\r\n",
    "lorem ipsum dolor { javascript } terms of use http://example.com/a?b=c user@example.com",
    "the same line again and again.\n" * 40,
    "An ordinary paragraph of English prose, with commas, and a full stop. It has a second sentence, too.\nAnd a line.",
    "repeated " * 20_000,
    "Mail desk@shop.example.org, Größe \U0001f469\u200d\U0001f4bb desk@shop.example.org; call +1 212-555-0155; 93.184.216.34.",
    "desk@shop.example.org",
)


def broken_laws(cls: type[Operator]) -> list[str]:
    """The laws an operator breaks, each as a sentence; empty when all hold."""
    broken: list[str] = []
    for parameters in cls.examples:
        try:
            operator = cls.model_validate(parameters)
        except ValueError as error:
            return [f"it cannot be made from its `examples` {dict(parameters)}: {error}"]
        if type(operator).model_validate(operator.model_dump(mode="json", by_alias=True)) != operator:
            broken.append("rebuilt from its JSON it is another value")
        operator.setup(Context("contract.01", 7, open_file))
        for check in (_check_map, _check_filter, _check_expand, _check_merge, _check_global):
            try:
                broken += check(operator)
            except Exception as error:  # noqa: BLE001  # raising on lawful rows is itself the broken law
                broken.append(f"it raises on lawful rows: {type(error).__name__}: {error}")
    return list(dict.fromkeys(broken))


def rows_for(operator: Operator) -> pa.RecordBatch:
    """A batch of difficult documents with the columns an operator reads, and no others but the address."""
    n = len(TEXTS)
    columns: dict[str, pa.Array] = {
        ADDR: pa.array(np.arange(n, dtype=np.uint64) + (3 << 40)),
        "id": pa.array([f"doc-{i}" for i in range(n)]),
        "text": pa.array(TEXTS, pa.large_string()),
        "source": pa.array(["web"] * n),
        "url": pa.array([None if i % 3 == 0 else f"https://www.example.com/{i}" for i in range(n)], pa.string()),
        "lang": pa.array([None if i % 5 == 0 else "en" for i in range(n)], pa.string()),
        "tokens": pa.array([None if t is None else list(t.encode()) for t in TEXTS], pa.list_(pa.uint16())),
        "metadata": pa.array([None if i % 2 else '{"a": 1}' for i in range(n)], pa.large_string()),
    }
    wanted = {ADDR, *operator.columns_read()}
    columns |= {c: pa.array(np.linspace(0, 1, n)) for c in wanted if c not in columns}
    order = [f.name for f in BASE if f.name in wanted] + sorted(wanted - set(BASE.names))
    return pa.RecordBatch.from_pydict({name: columns[name] for name in order})


def _check_map(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Map):
        return
    batch = rows_for(operator)
    whole = operator.apply(batch)
    if whole.num_rows != batch.num_rows:
        yield "a map gives as many rows as it takes"
        return
    allowed = {*batch.schema.names, *operator.columns_written()}
    if extra := set(whole.schema.names) - allowed:
        yield f"it writes columns it does not declare: {sorted(extra)}"
    for name in batch.schema.names:
        if name not in operator.columns_written() and not whole.column(name).equals(batch.column(name)):
            yield f"it changes the column {name}, which it does not declare"
    yield from _batching(operator.apply, batch, whole, _same_batch)
    operator.apply(batch.slice(0, 0))


def _check_filter(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Filter):
        return
    batch = rows_for(operator)
    whole = operator.judge(batch)
    if whole.rows != batch.num_rows:
        yield "a filter judges every row"
        return
    if [reason is None for reason in whole.reason] != whole.keep.tolist():
        yield "the reason is null exactly where the row is kept"
    if extra := set(whole.columns) - set(operator.columns_written()):
        yield f"it writes columns it does not declare: {sorted(extra)}"
    yield from _check_entities(operator, batch, whole)
    yield from _batching(operator.judge, batch, whole, _same_verdict)
    if operator.judge(batch.slice(0, 0)).rows != 0:
        yield "an empty batch has an empty verdict"
    if isinstance(operator, ThresholdFilter):
        yield from _check_thresholds(operator, batch, whole)


def _check_entities(operator: Filter, batch: pa.RecordBatch, whole: Verdict) -> Iterator[str]:
    if whole.entities is None:
        return
    if not type(operator).finds_entities:
        yield "it finds entities and does not declare it: finds_entities"
    if len(whole.entities) != batch.num_rows or whole.entities.null_count:
        yield "one list of entities a row, an empty one where there is none"
        return
    before = batch.column("text").to_pylist()
    after = whole.columns["text"].to_pylist() if "text" in whole.columns else before
    for old, new, found in zip(before, after, whole.entities.to_pylist(), strict=True):
        at = at_after = 0
        for one in found:
            if not at <= one["start"] < one["end"] <= len(old or ""):
                yield "entities lie in their text, in order, without overlaps, and none is empty"
            at = one["end"]
            if one["start_after"] is not None:
                if not at_after <= one["start_after"] <= one["end_after"] <= len(new or ""):
                    yield "the places after it lie in the text it leaves, in order, without overlaps"
                at_after = one["end_after"]
            if one["value"] is not None and one["value"] != (old or "")[one["start"] : one["end"]]:
                yield "the value of an entity is what stands at its place"
            if not 0 <= one["score"] <= 1:
                yield "scores lie between 0 and 1"
    hashes: dict[tuple[str, str], str] = {}
    for old, found in zip(before, whole.entities.to_pylist(), strict=True):
        for one in found:
            value = (one["type"].partition(".")[0], (old or "")[one["start"] : one["end"]])
            if hashes.setdefault(value, one["hash"]) != one["hash"]:
                yield "equal values of one type have one hash"


def _check_thresholds(operator: ThresholdFilter, batch: pa.RecordBatch, whole: Verdict) -> Iterator[str]:
    for parameter, score in operator.bounds.values():
        if not parameter.startswith(("min_", "max_")):
            yield f"the bound {parameter} is called neither min_… nor max_…"
        if whole.scores and score not in whole.scores:
            yield f"the bound {parameter} is of a score that is not measured: {score}"
    if unknown := set(operator.tunable()) - set(type(operator).model_fields):
        yield f"it has no such parameters to tune: {sorted(unknown)}"
    measured = operator.measure(batch)
    fresh = type(operator).model_validate(operator.model_dump(mode="json", by_alias=True))  # without setup
    rejudged = Verdict(
        measured.rows,
        {**measured.failed, **fresh.rules(measured)},
        measured.scores,
        measured.columns,
        spans=measured.spans,
    )
    if not _same_verdict([rejudged], whole):
        yield "its rules say of its own scores something else than its verdict"


def _check_expand(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Expand):
        return
    batch = rows_for(operator)
    children, parents = operator.expand(batch)
    if len(parents) != children.num_rows or (len(parents) and (np.diff(parents) < 0).any()):
        yield "an expansion gives one parent row per child, in order"
    yield from _batching(lambda b: operator.expand(b)[0], batch, children, _same_batch)
    operator.expand(batch.slice(0, 0))


def _check_merge(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Merge):
        return
    batch = rows_for(operator)
    batch = batch if "source" in batch.schema.names else batch.append_column("source", pa.array(["web"] * len(TEXTS)))
    operator = operator.placed(batch.schema)
    verdict = operator.judge(batch)
    yield from _batching(operator.judge, batch, verdict, _same_verdict)
    if operator.weights(batch).tolist() != [int(operator.weights(batch.slice(i, 1))[0]) for i in range(len(TEXTS))]:
        yield "a row's weight does not depend on the rows beside it"
    kept = batch.filter(pa.array(verdict.keep))
    for window in (kept, kept.slice(1, 4), kept.slice(0, 0)):
        merged = operator.merge(window)
        broken = broken_merge(operator, window, merged)
        if broken is not None:
            yield broken
        copy = pa.ipc.open_stream(io.BytesIO(_serialised(window))).read_next_batch()
        again = operator.merge(copy)
        if not again.rows.equals(merged.rows) or again.tallies != merged.tallies:
            yield "a sliced window differs from its copy"


def _check_global(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Global):
        return
    batch = rows_for(operator)
    questions = operator.rounds()
    for question in questions:
        question.setup(Context("contract.01", 7, open_file))
    answers = []
    for pieces in (
        [batch],
        [batch.slice(5), batch.slice(0, 5)],
        [batch.slice(i, 1) for i in range(batch.num_rows)][::-1],
    ):
        artifact, bound = ask(questions, pieces)
        answers.append(artifact)
    if any(not answer.equals(answers[0]) for answer in answers[1:]):
        yield "the artifact depends on the order or the size of shards"
    for question in questions:
        empty = question.reduce(pa.Table.from_batches([question.sketch(batch.slice(0, 0))]))
        if empty.num_rows and ADDR in empty.schema.names:
            yield "an empty corpus has an answer about rows"
    for later in questions[1:]:
        if later.sketch(batch).num_rows:
            yield "a later round sketches rows before anything is bound to it"
    if dict(bound.columns_written()) != dict(operator.columns_written()):
        yield f"bound it writes {sorted(bound.columns_written())}, declared are {sorted(operator.columns_written())}"
    if isinstance(bound, Filter) and bound.judge(batch).rows != len(TEXTS):
        yield "the bound filter judges every row"


def _batching(run: Any, batch: pa.RecordBatch, whole: Any, same: Any) -> Iterator[str]:
    if not same([run(batch)], whole):
        yield "two runs differ"
    copy = pa.ipc.open_stream(io.BytesIO(_serialised(batch.slice(2, 7)))).read_next_batch()
    if not same([run(batch.slice(2, 7))], run(copy)):
        yield "a sliced batch differs from its copy"
    for cut in (1, 5, batch.num_rows - 1):
        if not same([run(batch.slice(0, cut)), run(batch.slice(cut))], whole):
            yield f"splitting a batch after row {cut} changes the answer"


def _same_batch(parts: list[pa.RecordBatch], whole: pa.RecordBatch) -> bool:
    return bool(pa.Table.from_batches(parts).combine_chunks().equals(pa.Table.from_batches([whole])))


def _same_verdict(parts: list[Verdict], whole: Verdict) -> bool:
    reasons = [r for part in parts for r in part.reason]
    rules = [r for part in parts for r in part.reasons(np.arange(part.rows))]
    if reasons != whole.reason or rules != whole.reasons(np.arange(whole.rows)):
        return False
    for name, values in whole.scores.items():
        if not np.array_equal(np.concatenate([part.scores[name] for part in parts]), values, equal_nan=True):
            return False
    for name in ("spans", "entities"):
        lists = getattr(whole, name)
        if lists is not None and [one for p in parts for one in getattr(p, name).to_pylist()] != lists.to_pylist():
            return False
    return all(
        pa.chunked_array([part.columns[name] for part in parts]).combine_chunks().equals(values)
        for name, values in whole.columns.items()
    )


def _serialised(batch: pa.RecordBatch) -> bytes:
    out = io.BytesIO()
    with pa.ipc.new_stream(out, batch.schema) as writer:
        writer.write_batch(batch)
    return out.getvalue()
