"""How well scores tell the rows of a label from the others; a row without a score (NaN) ranks below all."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

BINS = 10  # of equal width, for the calibration
GRID = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
TOP = (0.01, 0.05, 0.1, 0.2, 0.5)  # shares of the negative rows; DCLM keeps about a tenth of RefinedWeb


def auc(scores: Doubles, positive: Mask) -> float | None:
    """The chance that a positive row ranks above a negative one, ties half; None where there are not both."""
    n = int(positive.sum())
    others = len(positive) - n
    if not n or not others:
        return None
    _, inverse, counts = np.unique(_ranked(scores), return_inverse=True, return_counts=True)
    rank = np.cumsum(counts) - (counts - 1) / 2  # of equal scores the mean rank
    return float((rank[inverse][positive].sum() - n * (n + 1) / 2) / (n * others))


def average_precision(scores: Doubles, positive: Mask) -> float | None:
    """The mean of the precision at each positive row, equal scores at once; None where none is positive."""
    n = int(positive.sum())
    if not n:
        return None
    values, inverse, counts = np.unique(-_ranked(scores), return_inverse=True, return_counts=True)
    right = np.bincount(inverse, positive, len(values))
    return float((right / n * np.cumsum(right) / np.cumsum(counts)).sum())


def calibration(scores: Doubles, positive: Mask) -> dict[str, Any]:
    """How far chances are from shares: the expected error, and rows, mean chance and share of positives of each bin."""
    known = ~np.isnan(scores)
    scores, positive = scores[known], positive[known]
    which = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
    rows = np.bincount(which, minlength=BINS)
    with np.errstate(invalid="ignore"):
        said = np.bincount(which, scores, BINS) / rows
        true = np.bincount(which, positive, BINS) / rows
    used = rows > 0
    error = float((np.abs(said - true)[used] * rows[used]).sum() / max(rows.sum(), 1))
    bins = [
        {"rows": int(rows[b]), "mean_score": float(said[b]), "positives": float(true[b])} for b in np.flatnonzero(used)
    ]
    return {"expected_error": error, "bins": bins}


def at_threshold(scores: Doubles, positive: Mask, threshold: float) -> dict[str, float | None]:
    """What scores of `threshold` or more are: the shares of positive and negative rows that have them, precision, …"""
    kept = _ranked(scores) >= threshold
    right, wrong = int((kept & positive).sum()), int((kept & ~positive).sum())
    n = int(positive.sum())
    precision, recall = _share(right, right + wrong), _share(right, n)
    return {
        "threshold": threshold,
        "positives_above": recall,
        "negatives_above": _share(wrong, len(positive) - n),
        "precision": precision,
        "recall": recall,
        "f1": _share(2 * right, right + wrong + n),
        "accuracy": _share(right + len(positive) - n - wrong, len(positive)),
    }


def threshold_table(scores: Doubles, positive: Mask) -> list[dict[str, Any]]:
    """A row for each threshold of GRID, and for each that keeps the TOP shares of the negative rows, as near as ties let."""
    table: list[dict[str, Any]] = [at_threshold(scores, positive, threshold) for threshold in GRID]
    negatives = np.sort(scores[~positive & ~np.isnan(scores)])[::-1]
    for share in TOP:
        last = round(share * int((~positive).sum()))
        if 0 < last <= len(negatives):
            table.append({"top_of_negatives": share, **at_threshold(scores, positive, float(negatives[last - 1]))})
    return sorted(table, key=lambda row: row["threshold"])


def _ranked(scores: Doubles) -> Doubles:
    return np.where(np.isnan(scores), -np.inf, scores)


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
