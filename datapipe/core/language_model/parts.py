"""Lines or paragraphs out of bounds, cut from their documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.text import Text, text_of
from datapipe.core.cutting import cut_units, rows_of
from datapipe.core.dedup.units import units_of
from datapipe.core.language_model.scorer import Scorer, Scores, perplexity


class Cut(NamedTuple):
    """What is left: sums of log10 p and of words of each document, which are empty now, the text; and what was cut."""

    sums: Scores
    empty: npt.NDArray[np.bool_]
    column: pa.Array
    spans: pa.Array


def cut_parts(
    column: pa.Array,
    unit: Literal["line", "paragraph"],
    low: float,
    high: float,
    scorer: Callable[[int], Scorer | None],
) -> Cut:
    """Cut the parts whose perplexity is less than `low` or more than `high`, with the white space before them.

    scorer  of a row; rows without one, and parts without words, stay
    """
    text = text_of(column)
    units = units_of(text, unit)
    row = rows_of(units)
    sums = np.zeros((len(row), 2))
    ends = np.cumsum(units.counts)
    for i in np.flatnonzero(units.counts).tolist():
        models = scorer(i)
        if models is not None:
            part = slice(int(ends[i] - units.counts[i]), int(ends[i]))
            sums[part] = _scored(models, text, units.rows[part])
    found = perplexity(sums[:, 0], sums[:, 1])
    failed = {"low_perplexity": found < low, "high_perplexity": found > high}
    stays = ~np.logical_or(*failed.values())
    documents = np.zeros((len(text), 2))
    np.add.at(documents, row[stays], sums[stays])
    left = cut_units(column, text, units, failed, whole_lines=True)
    return Cut(documents, left.empty, left.column, left.spans)


def _scored(scorer: Scorer, text: Text, spans: npt.NDArray[np.int64]) -> Scores:
    """Sum of log10 p, and of words, of each of these parts, whose lines are scored by themselves."""
    lines: list[str] = []
    starts = []
    for start, stop in spans.tolist():
        starts.append(len(lines))
        lines.extend(text.data[start:stop].tobytes().decode().split("\n"))
    return np.asarray(np.add.reduceat(scorer.lines(lines), starts, axis=0))
