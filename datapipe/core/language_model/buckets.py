"""CCNet's buckets: head, middle and tail of a language by perplexity; all, where there is nothing to tell by."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

HEAD, MIDDLE, TAIL, ALL = "head", "middle", "tail", "all"
NAMES = pa.array([HEAD, MIDDLE, TAIL, ALL])
Cutoffs = Mapping[str, tuple[float, float]]  # language: where the middle begins, and the tail
ANY = "*"  # the language of whoever has no other


def read_cutoffs(text: str, percentiles: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Two percentiles of each language from a table as CCNet's cutoff.csv: a column a language, a row a percentile.

    ValueError where it is none, or lacks a percentile.
    """
    rows = [row for row in csv.reader(io.StringIO(text)) if row]
    if len(rows) < 2 or len(rows[0]) < 2:
        raise ValueError("expected a header of languages, and a row for each percentile")
    languages = rows[0][1:]
    try:
        table = {float(row[0]): [float(value) for value in row[1:]] for row in rows[1:]}
    except ValueError as error:
        raise ValueError(f"expected numbers below the header: {error}") from None
    for percentile in percentiles:
        if len(table.get(percentile, ())) != len(languages):
            raise ValueError(f"no row of the percentile {percentile:g} with {len(languages)} values")
    low, high = (table[percentile] for percentile in percentiles)
    return {lang: (low[i], high[i]) for i, lang in enumerate(languages)}


def bucket_column(perplexity: npt.NDArray[np.float64], langs: Sequence[str | None], cutoffs: Cutoffs) -> pa.Array:
    """The bucket of each document; NaN, and a language without cut-offs, are in `all`."""
    bounds = np.array([cutoffs.get(lang or ANY) or cutoffs.get(ANY) or (np.nan, np.nan) for lang in langs])
    bounds = bounds.reshape(-1, 2)
    known = np.isfinite(perplexity) & np.isfinite(bounds[:, 0])
    number = np.full(len(perplexity), 3)
    number[known] = (perplexity[known, None] >= bounds[known]).sum(axis=1)
    return NAMES.take(pa.array(number))
