"""The laws every operator is born with, as checks over any operator: the tests and `datapipe ops --test` run them."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import ContractError
from datapipe.core.operator import Expand, Filter, Global, Map, Merge, Operator, Order
from datapipe.core.placed import AT, SEGMENT
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.engine.asking import ask
from datapipe.engine.contract_rows import TEXTS, batching, rows_for, same_batch, same_verdict, serialised
from datapipe.engine.merging import broken_merge
from datapipe.engine.placing import broken_order, in_place
from datapipe.io.opening import open_file


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
        for check in (_check_map, _check_filter, _check_expand, _check_merge, _check_order, _check_global):
            try:
                broken += check(operator)
            except Exception as error:  # noqa: BLE001  # raising on lawful rows is itself the broken law
                broken.append(f"it raises on lawful rows: {type(error).__name__}: {error}")
    return list(dict.fromkeys(broken))


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
    yield from batching(operator.apply, batch, whole, same_batch)
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
    yield from batching(operator.judge, batch, whole, same_verdict)
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
        if whole.scores and parameter in operator.tunable() and score not in whole.scores:
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
    if not same_verdict([rejudged], whole):
        yield "its rules say of its own scores something else than its verdict"


def _check_expand(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Expand):
        return
    batch = rows_for(operator)
    children, parents = operator.expand(batch)
    if len(parents) != children.num_rows or (len(parents) and (np.diff(parents) < 0).any()):
        yield "an expansion gives one parent row per child, in order"
    yield from batching(lambda b: operator.expand(b)[0], batch, children, same_batch)
    operator.expand(batch.slice(0, 0))


def _check_merge(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Merge):
        return
    batch = rows_for(operator)
    batch = batch if "source" in batch.schema.names else batch.append_column("source", pa.array(["web"] * len(TEXTS)))
    operator = operator.placed(batch.schema)
    verdict = operator.judge(batch)
    yield from batching(operator.judge, batch, verdict, same_verdict)
    if operator.weights(batch).tolist() != [int(operator.weights(batch.slice(i, 1))[0]) for i in range(len(TEXTS))]:
        yield "a row's weight does not depend on the rows beside it"
    kept = batch.filter(pa.array(verdict.keep))
    for window in (kept, kept.slice(1, 4), kept.slice(0, 0)):
        merged = operator.merge(window)
        broken = broken_merge(operator, window, merged)
        if broken is not None:
            yield broken
        copy = pa.ipc.open_stream(io.BytesIO(serialised(window))).read_next_batch()
        again = operator.merge(copy)
        if not again.rows.equals(merged.rows) or again.tallies != merged.tallies:
            yield "a sliced window differs from its copy"


def _check_order(operator: Operator) -> Iterator[str]:
    if not isinstance(operator, Order):
        return
    if not operator.segments() or any(segment.share < 0 for segment in operator.segments()):
        yield "an order has segments, and no share is below 0"
        return
    batch = rows_for(operator)
    batch = batch if "id" in batch.schema.names else batch.append_column("id", pa.array(map(str, range(len(TEXTS)))))

    def placed(rows: pa.RecordBatch) -> pa.RecordBatch:
        answer = operator.place(rows)
        if broken := broken_order(operator, rows.num_rows, answer):
            raise ContractError(broken)
        return in_place(rows, answer, dict(answer.columns))

    try:
        whole = placed(batch)
        yield from batching(placed, batch, whole, same_batch)
        placed(batch.slice(0, 0))
    except ContractError as broken:
        yield str(broken)
        return
    yield from batching(lambda b: operator.place(b).verdict, batch, operator.place(batch).verdict, same_verdict)
    written = {f.name: f.type for f in whole.schema if f.name not in (*batch.schema.names, SEGMENT, AT)}
    if undeclared := written.items() - dict(operator.columns_written()).items():
        yield f"it writes columns it does not declare: {sorted(name for name, _ in undeclared)}"


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
    if operator.orders != isinstance(bound, Order):
        yield "it is bound as an order exactly if it `orders`"
    if isinstance(bound, Order):
        if bound.segments() != operator.segments():
            yield "bound it has other segments than the recipe was compiled with"
        yield from _check_order(bound)
