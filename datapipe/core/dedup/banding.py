"""Bands of MinHash values: which pairs they let meet, and how many of how many rows fit a threshold."""

from __future__ import annotations

from functools import cache

import numpy as np

SIMILARITIES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
NODES = 256  # of Gauss and Legendre's rule, which is exact to degree 511; the polynomials here have bands * rows


def meeting(similarity: float, bands: int, rows: int) -> float:
    """The probability that two documents of this Jaccard similarity share a band (Leskovec et al., section 3.4.2)."""
    return float(1 - (1 - similarity**rows) ** bands)


def knee(bands: int, rows: int) -> float:
    """About where that probability rises most steeply: (1 / bands)^(1 / rows)."""
    return float((1 / bands) ** (1 / rows))


@cache
def plan_bands(threshold: float, permutations: int) -> tuple[int, int]:
    """Bands and rows of at most so many permutations with the least error around a threshold.

    The error is the mean of false positives (the S-curve's area below the threshold) and false negatives (what it lacks
    above), as in datasketch's MinHashLSH with its default weights.
    """
    points, weights = np.polynomial.legendre.leggauss(NODES)
    low, high = (points + 1) / 2 * threshold, threshold + (points + 1) / 2 * (1 - threshold)
    best, least = (1, 1), np.inf
    for bands in range(1, permutations + 1):
        rows = np.arange(1, permutations // bands + 1)[:, None]
        missed_low, missed_high = (1 - low**rows) ** bands, (1 - high**rows) ** bands
        error = (1 - missed_low) @ weights * threshold + missed_high @ weights * (1 - threshold)
        row = int(error.argmin())
        if error[row] < least:
            best, least = (bands, row + 1), float(error[row])
    return best


def s_curve(bands: int, rows: int) -> tuple[str, ...]:
    """The plan in words: what shares of pairs it finds."""
    shares = "  ".join(f"{s:g}: {meeting(s, bands, rows):.1%}" for s in SIMILARITIES)
    return (
        f"{bands} bands of {rows} rows ({bands * rows} permutations), knee at Jaccard {knee(bands, rows):.3f}",
        f"pairs found, by their Jaccard similarity: {shares}",
    )
