"""Thresholds from a trusted sample: so that each rule drops no more than the tail of its score."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from math import ceil, floor, isfinite, log10
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import ValidationError

from datapipe.core.errors import RecipeError
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict
from datapipe.engine.tuning.rejudge import masks_of, scores_of

DIGITS = 3  # significant ones of a threshold; rounded so that it drops less, not more
HALVINGS = 30  # in the search for a tail: to 1e-9 of it
Thresholds = dict[str, float]
ByLang = dict[str, Verdict]  # language -> its documents' scores; in `failed` the rules that no parameter moves


def measured_by_lang(step: ThresholdFilter, batches: Iterable[pa.RecordBatch]) -> ByLang:
    """What a step's rows of the table `scores` hold, by language; rows without one are left out."""
    parts: dict[str, list[Verdict]] = {}
    for batch in batches:
        measured = Verdict(batch.num_rows, {}, scores_of(batch.column("scores")), {"lang": batch.column("lang")})
        movable = {*step.bounds, *step.rules(measured)}
        fixed = {rule: m for rule, m in masks_of(batch.column("failed")).items() if rule not in movable}
        fails = np.logical_or.reduce([np.zeros(batch.num_rows, np.bool_), *fixed.values()])
        for lang in pc.unique(batch.column("lang")).drop_null().to_pylist():
            rows = pc.fill_null(pc.equal(batch.column("lang"), lang), False).to_numpy(zero_copy_only=False)
            parts.setdefault(lang, []).append(_only(measured, rows, fails))
    return {lang: _joined(lang, found) for lang, found in sorted(parts.items())}


def _only(measured: Verdict, rows: Mask, fails: Mask) -> Verdict:
    return Verdict(int(rows.sum()), {"fixed": fails[rows]}, {name: s[rows] for name, s in measured.scores.items()})


def _joined(lang: str, parts: list[Verdict]) -> Verdict:
    names = dict.fromkeys(name for part in parts for name in part.scores)
    scores = {n: np.concatenate([p.scores.get(n, np.full(p.rows, np.nan)) for p in parts]) for n in names}
    rows = sum(part.rows for part in parts)
    fixed = np.concatenate([part.failed["fixed"] for part in parts])
    return Verdict(rows, {"fixed": fixed}, scores, {"lang": pa.array([lang] * rows, pa.string())})


def kept_share(step: ThresholdFilter, measured: Verdict) -> float:
    """The share of these documents that all rules of a step together keep."""
    verdict = Verdict(measured.rows, {**measured.failed, **step.rules(measured)})
    return float(verdict.keep.mean()) if measured.rows else 1.0


def thresholds(
    step: ThresholdFilter, measured: Verdict, tail: float, only: Collection[str] | None = None
) -> Thresholds:
    """A step's bounds (those that are not None, or `only` some) at the tails of their scores, `tail` in [0, 1].

    A minimum is the score below which at most that share of the documents lies, a maximum the one above which it does;
    a bound of two scores is the looser one. The method of FineWeb2 (Penedo et al. 2025, arXiv:2506.20920), whose
    thresholds are taken from a reference corpus of each language; their code for it is not published.
    """
    bounds: dict[str, list[float]] = {}
    for parameter, score in step.bounds.values():
        values = _finite(measured.scores.get(score))
        wanted = parameter in step.tunable() if only is None else parameter in only
        if getattr(step, parameter) is None or not wanted or not len(values):
            continue
        low = parameter.startswith("min_")
        at = np.quantile(values, tail if low else 1 - tail, method="lower" if low else "higher")
        bounds.setdefault(parameter, []).append(float(at))
    return {
        name: _rounded(type(step), name, min(v) if name.startswith("min_") else max(v)) for name, v in bounds.items()
    }


def widest_tail(step: ThresholdFilter, measured: Verdict, share: float, only: Collection[str] | None = None) -> float:
    """The largest tail at which a step's rules together still keep this share of the documents."""
    low, high = 0.0, 0.5
    for _ in range(HALVINGS):
        tail = (low + high) / 2
        keeps = kept_share(with_thresholds(step, thresholds(step, measured, tail, only)), measured) >= share
        low, high = (tail, high) if keeps else (low, tail)
    return low


def with_thresholds(step: ThresholdFilter, found: Mapping[str, float]) -> ThresholdFilter:
    """The step with other thresholds; RecipeError if those that were not derived forbid them."""
    try:
        return type(step).model_validate({**step.model_dump(mode="json", by_alias=True), **found})
    except ValidationError as error:
        said = "; ".join(problem["msg"].removeprefix("Value error, ") for problem in error.errors())
        raise RecipeError(f"{step.name}: {said}; derive both thresholds, or set the other one to null") from None


def _finite(values: Numbers | None) -> Numbers:
    return np.zeros(0) if values is None else values[np.isfinite(values)]


def _rounded(cls: type[ThresholdFilter], parameter: str, value: float) -> float:
    """The number in the parameter's type, three digits long, on the side that drops less."""
    outward = floor if parameter.startswith("min_") else ceil
    kinds: Any = get_args(cls.model_fields[parameter].annotation) or (cls.model_fields[parameter].annotation,)
    if float not in kinds:
        return outward(value)
    if value == 0 or not isfinite(value):
        return value
    digits = DIGITS - 1 - floor(log10(abs(value)))
    return float(round(outward(value * 10.0**digits) / 10.0**digits, max(0, digits)))
