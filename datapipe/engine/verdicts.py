"""Verdicts of parts of a batch as one, as the columns of a tagging step, and as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.scatter import scatter_column
from datapipe.core.entities import no_entities
from datapipe.core.spans import no_spans
from datapipe.core.verdict import Verdict
from datapipe.plan.plan import StepPlan

Rows = npt.NDArray[np.int64]


def merged(n: int, before: Mapping[str, pa.Array], verdicts: Sequence[tuple[Rows, Verdict]]) -> Verdict:
    """One verdict for all n rows: who was not judged is kept, without scores, with columns as they were before."""
    failed: dict[str, npt.NDArray[np.bool_]] = {}
    scores: dict[str, npt.NDArray[np.float64]] = {}
    columns = dict(before)
    twins = spans = entities = None
    for rows, verdict in verdicts:
        if verdict.entities is not None:
            entities = scatter_column(no_entities(n) if entities is None else entities, rows, verdict.entities)
        if verdict.spans is not None:
            spans = scatter_column(no_spans(n) if spans is None else spans, rows, verdict.spans)
        for name, mask in verdict.failed.items():
            failed.setdefault(name, np.zeros(n, np.bool_))[rows] |= mask
        for name, values in verdict.scores.items():
            scores.setdefault(name, np.full(n, np.nan))[rows] = values
        for name, column in verdict.columns.items():
            columns[name] = scatter_column(columns[name], rows, column)
        if verdict.duplicate_of is not None:
            twins = scatter_column(pa.nulls(n, pa.string()), rows, verdict.duplicate_of)
    return Verdict(n, failed, scores, columns, twins, spans, entities)


def tags(step: StepPlan, verdict: Verdict, judged: Rows) -> dict[str, pa.Array]:
    """What a tagging step writes beside its rows: verdict, reasons and scores; null where a row was not judged."""
    n = verdict.rows
    unjudged = np.ones(n, np.bool_)
    unjudged[judged] = False
    reasons = [None if off else r for off, r in zip(unjudged, verdict.reasons(np.arange(n)), strict=True)]
    columns = {
        "keep": pa.array(verdict.keep, pa.bool_(), mask=unjudged),
        "reasons": pa.array(reasons, pa.list_(pa.string())),
    }
    if step.kind == "global":
        columns["duplicate_of"] = pa.nulls(n, pa.string()) if verdict.duplicate_of is None else verdict.duplicate_of
    for name in step.scores:
        values = verdict.scores.get(name, np.full(n, np.nan)).astype(np.float64)
        columns[name] = pa.array(values, pa.float64(), mask=unjudged | np.isnan(values))
    return {f"{step.column}.{name}": values for name, values in columns.items()}


def errors(verdict: Verdict, rows: Rows) -> list[str]:
    """What a quarantining filter says of rows: its reason and, where it names one, the twin."""
    reasons = [found[0] for found in verdict.reasons(rows)]
    if verdict.duplicate_of is None:
        return reasons
    twins = verdict.duplicate_of.take(pa.array(rows)).to_pylist()
    return [f"{reason}: {twin}" if twin else reason for reason, twin in zip(reasons, twins, strict=True)]
