"""Parts of documents that fail a rule, cut from their texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.text import Text
from datapipe.core.dedup.cuts import disjoint, without
from datapipe.core.dedup.units import Units
from datapipe.core.spans import no_spans, spans_column
from datapipe.core.verdict import Mask

Int64s = npt.NDArray[np.int64]


class Left(NamedTuple):
    """The text that is left, which documents had parts and have none left, and what was cut."""

    column: pa.Array
    empty: Mask
    spans: pa.Array


def rows_of(units: Units) -> Int64s:
    """The document of each unit."""
    return np.repeat(np.arange(len(units.counts)), units.counts)


def cut_units(column: pa.Array, text: Text, units: Units, failed: Mapping[str, Mask], whole_lines: bool) -> Left:
    """Cut the units that fail a rule, with the white space before them; neighbours go as one span of the first such rule.

    text         the view of `column`      failed  reason -> True for the units that fail it; the first one is the span's
    whole_lines  units are lines or more: where nothing is left before a cut, the white space after it goes, too
    """
    row = rows_of(units)
    reasons = list(failed)
    kind = np.full(len(row), len(reasons), np.int64)
    for number in range(len(reasons) - 1, -1, -1):
        kind[failed[reasons[number]]] = number
    gone = kind < len(reasons)
    empty = (units.counts > 0) & (np.bincount(row[gone], minlength=len(text)) == units.counts)
    if not gone.any():
        return Left(column, empty, no_spans(len(text)))
    begin = text.offsets[row]
    before = np.where(np.append(-1, row[:-1]) == row, np.append(0, units.rows[:-1, 1]), begin)
    start, stop = (before - begin)[gone], (units.rows[:, 1] - begin)[gone]
    cuts = disjoint(text, row[gone], start, stop, kind[gone], whole_lines)
    said = [reasons[which] for which in kind[gone][cuts.which].tolist()]
    spans = spans_column(text, cuts.row, cuts.start, cuts.stop, said)
    return Left(without(column, text, cuts), empty, spans)


def texts_of(text: Text, units: Units) -> Text:
    """The units as texts: every other one, beginning with the first; between two of them what parts them."""
    if not len(units.rows):
        return Text(text.offsets[:1], text.data)
    borders = units.rows.ravel()
    borders.flags.writeable = False  # as the offsets of documents are, so that kernels are compiled once
    return Text(borders, text.data)
