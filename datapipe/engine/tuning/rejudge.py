"""Stored scores under the thresholds of then and of now."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.errors import DatapipeError
from datapipe.core.verdict import Mask, Numbers, Verdict
from datapipe.plan.retune import JudgedStep, Variants


@dataclass
class StepTally:
    """How many of the rows that a step judged fail it, and each of its rules: under the run's thresholds, and now."""

    judged: int = 0
    failed: list[int] = field(default_factory=lambda: [0, 0])
    rules: dict[str, list[int]] = field(default_factory=dict)

    def add(self, when: int, failing: Mask, rules: dict[str, Mask]) -> None:
        """Count rows under the thresholds of then (0) or now (1)."""
        self.failed[when] += int(failing.sum())
        for rule, mask in rules.items():
            self.rules.setdefault(rule, [0, 0])[when] += int(mask.sum())


def rejudge(step: JudgedStep, rows: pa.RecordBatch, tally: StepTally) -> tuple[Mask, Mask]:
    """Which of a step's rows of the table `scores` fail under its thresholds then, and which under those asked for."""
    stored = masks_of(rows.column("failed"))
    was = np.logical_or.reduce([np.zeros(rows.num_rows, np.bool_), *stored.values()])
    tally.judged += rows.num_rows
    if step.before is None or step.after is None:
        tally.add(0, was, stored)
        tally.add(1, was, stored)
        return was, was
    measured = Verdict(rows.num_rows, scores=scores_of(rows.column("scores")), columns={"lang": rows.column("lang")})
    then = _rules(step.before, measured)
    none = np.zeros(rows.num_rows, np.bool_)
    if any(not np.array_equal(mask, stored.get(rule, none)) for rule, mask in then.items()):
        raise DatapipeError(
            f"{step.label}: by their scores its rows are judged otherwise than they were; was the operator changed since "
            "the run? Run it again"
        )
    fixed = {rule: mask for rule, mask in stored.items() if rule not in then}
    now = {**fixed, **(_rules(step.after, measured) if step.changed else then)}
    fails = np.logical_or.reduce([none, *now.values()])
    tally.add(0, was, stored)
    tally.add(1, fails, now)
    return was, fails


def scores_of(column: pa.MapArray) -> dict[str, Numbers]:
    """Maps as one array a score; NaN where a row has none."""
    offsets = column.offsets.to_numpy()
    first, length = int(offsets[0]), int(offsets[-1] - offsets[0])
    names = column.keys.slice(first, length).dictionary_encode()
    values = np.full((max(1, len(names.dictionary)), len(column)), np.nan)
    rows = np.repeat(np.arange(len(column)), np.diff(offsets))
    values[names.indices.to_numpy(), rows] = pc.fill_null(column.items.slice(first, length), np.nan).to_numpy()
    return dict(zip(names.dictionary.to_pylist(), values, strict=False))


def _rules(variants: Variants, measured: Verdict) -> dict[str, Mask]:
    """Every row by the thresholds of its language."""
    if len(variants) == 1:
        return variants[""].rules(measured)
    langs = pc.fill_null(measured.columns["lang"], "").to_numpy(zero_copy_only=False)
    mine: dict[str, npt.NDArray[np.bool_]] = {lang: langs == lang for lang in variants if lang}
    rest = ~np.logical_or.reduce(list(mine.values()))
    failed: dict[str, Mask] = {}
    for lang, rows in {**mine, "": rest}.items():
        for rule, mask in variants[lang].rules(measured).items():
            failed.setdefault(rule, np.zeros(measured.rows, np.bool_))[rows] = mask[rows]
    return failed


def masks_of(failed: pa.ListArray) -> dict[str, Mask]:
    """Lists of rules as one mask a rule."""
    rules = failed.flatten()
    parents = pc.list_parent_indices(failed).to_numpy()
    masks = {}
    for rule in pc.unique(rules).to_pylist():
        mask = np.zeros(len(failed), np.bool_)
        mask[parents[pc.equal(rules, rule).to_numpy(zero_copy_only=False)]] = True
        masks[rule] = mask
    return masks
