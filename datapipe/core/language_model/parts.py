"""Lines or paragraphs out of bounds, cut from their documents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.text import Text, text_of
from datapipe.core.dedup.cuts import disjoint, without
from datapipe.core.dedup.units import units_of
from datapipe.core.language_model.scorer import Scorer, Scores, perplexity
from datapipe.core.spans import no_spans, spans_column

REASONS = ("low_perplexity", "high_perplexity")


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
    row = np.repeat(np.arange(len(text)), units.counts)
    sums = np.zeros((len(row), 2))
    ends = np.cumsum(units.counts)
    for i in np.flatnonzero(units.counts).tolist():
        models = scorer(i)
        if models is not None:
            part = slice(int(ends[i] - units.counts[i]), int(ends[i]))
            sums[part] = _scored(models, text, units.rows[part])
    found = perplexity(sums[:, 0], sums[:, 1])
    above = found > high
    gone = above | (found < low)
    documents = np.zeros((len(text), 2))
    np.add.at(documents, row[~gone], sums[~gone])
    empty = (units.counts > 0) & (np.bincount(row[gone], minlength=len(text)) == units.counts)
    if not gone.any():
        return Cut(documents, empty, column, no_spans(len(text)))
    begin = text.offsets[row]
    before = np.where(np.append(-1, row[:-1]) == row, np.append(0, units.rows[:-1, 1]), begin)
    kind = above[gone].astype(np.int64)
    cuts = disjoint(text, row[gone], (before - begin)[gone], (units.rows[:, 1] - begin)[gone], kind, whole_lines=True)
    reasons = [REASONS[which] for which in kind[cuts.which].tolist()]
    spans = spans_column(text, cuts.row, cuts.start, cuts.stop, reasons)
    return Cut(documents, empty, without(column, text, cuts), spans)


def _scored(scorer: Scorer, text: Text, spans: npt.NDArray[np.int64]) -> Scores:
    """Sum of log10 p, and of words, of each of these parts, whose lines are scored by themselves."""
    lines: list[str] = []
    starts = []
    for start, stop in spans.tolist():
        starts.append(len(lines))
        lines.extend(text.data[start:stop].tobytes().decode().split("\n"))
    return np.asarray(np.add.reduceat(scorer.lines(lines), starts, axis=0))
