"""Documents cut into sentences, lines or paragraphs, and what spans of these are compared by."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.kernels.classes import class_table
from datapipe.kernels.normal_forms import form_table
from datapipe.kernels.span_keys import span_keys
from datapipe.kernels.units import cut_lines, cut_sentences
from datapipe.kernels.words import abbreviations

Int64s = npt.NDArray[np.int64]
Unit = Literal["sentence", "line", "paragraph"]
Form = Literal["datatrove", "ccnet", "c4", "exact"]


class Units(NamedTuple):
    """`counts[document]` rows of each document after one another: first byte and the byte after the last, in the data."""

    counts: Int64s
    rows: Int64s


class Spans(NamedTuple):
    """Of each span its document, its bytes from the end of the unit before it (in the document), and 128 bits of hash."""

    document: Int64s
    start: Int64s
    stop: Int64s
    key: npt.NDArray[np.uint64]
    check: npt.NDArray[np.uint64]


def units_of(text: Text, unit: Unit) -> Units:
    """Cut every document: sentences as spaCy's sentencizer does, lines at newlines, paragraphs at blank lines."""
    if unit == "sentence":
        return sentences_of(text)[0]
    counts, rows = _room(text)
    return Units(counts, rows[: cut_lines(text.offsets, text.data, class_table(), unit == "paragraph", counts, rows)])


def sentences_of(text: Text, words: int = 0) -> tuple[Units, Int64s]:
    """The sentences of every document, and whether it has so many words (kernels/words.py): that number, or more, if so."""
    counts, rows = _room(text)
    found = np.zeros(len(text), np.int64)
    n = cut_sentences(text.offsets, text.data, class_table(), abbreviations(), words, counts, found, rows)
    return Units(counts, rows[:n]), found


def sentences_in_lines(text: Text) -> Units:
    """The sentences of every document, which end at newlines, too."""
    lines = units_of(text, "line")
    if not len(lines.rows):
        return lines
    found, _ = sentences_of(
        Text(lines.rows.ravel(), text.data)
    )  # every other text is the white space between two lines
    before = np.concatenate([[0], np.cumsum(found.counts[::2])])
    ends = np.cumsum(lines.counts)
    return Units(before[ends] - before[ends - lines.counts], found.rows)


def spans_of(text: Text, units: Units, form: Form, n: int = 1, least: int = 1) -> Spans:
    """Every n units in a row whose form has at least so many code points (and never none)."""
    spans = np.empty((len(units.rows), 3), np.int64)
    keys = np.empty((len(units.rows), 2), np.uint64)
    tables = class_table(), form_table(form)
    found = span_keys(text.offsets, text.data, *tables, units.counts, units.rows, n, least, spans, keys)
    return Spans(*spans[:found].T, *keys[:found].T)


def _room(text: Text) -> tuple[Int64s, Int64s]:
    """A unit and what parts it from the next one have two bytes; pages that are never touched cost nothing."""
    size = int(text.offsets[-1] - text.offsets[0])
    return np.zeros(len(text), np.int64), np.empty((size // 2 + len(text), 2), np.int64)
