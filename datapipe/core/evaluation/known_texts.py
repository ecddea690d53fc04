"""The n-grams of evaluation items, made ready to be found in documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.text import Text, text_of
from datapipe.core.evaluation.benchmark import Item
from datapipe.kernels.classes import class_table
from datapipe.kernels.folded_words import cut_words, letter_table
from datapipe.kernels.overlap import PER_GRAM, Known, attribute, find_grams, hash_grams

Int64s = npt.NDArray[np.int64]
SMALLEST_GATE = 1 << 12  # bits


class Found(NamedTuple):
    """What documents hold of the items.

    rows, starts, stops, units  of each run of hits: document, bytes from its start, the unit it is of
    hits, shares                of each document: n-grams found, the largest share of a unit that was found
    """

    rows: Int64s
    starts: Int64s
    stops: Int64s
    units: Int64s
    hits: Int64s
    shares: npt.NDArray[np.float64]


@dataclass(frozen=True)
class Spelling:
    """What counts as equal: see `letter_table`."""

    joined: bool
    plain: bool


class KnownTexts:
    """Items as units (a question, an answer, a question with its answer) and their n-grams.

    size      words of an n-gram                  least  a shorter unit is one gram, from so many words on
    questions n-grams that lie in the question count; otherwise those only that reach into an answer
    """

    def __init__(self, items: Sequence[Item], size: int, least: int, questions: bool, spelling: Spelling) -> None:
        self._table = letter_table(spelling.joined, spelling.plain)
        texts: list[str] = []
        units: list[tuple[int, int, int]] = []  # first and last text, and the item
        self.fields: list[str] = []  # of each unit
        for number, item in enumerate(items):
            if item.question and (questions or not item.answers):
                units.append((len(texts), len(texts), number))
                self.fields.append(item.question.field)
                texts.append(item.question.text)
            for answer in item.answers:
                if item.question:
                    texts.append(item.question.text)
                    units.append((len(texts) - 1, len(texts), number))
                    self.fields.append(f"{item.question.field}+{answer.field}")
                units.append((len(texts), len(texts), number))
                self.fields.append(answer.field)
                texts.append(answer.text)
        text = text_of(pa.array(texts, pa.large_string()))
        before, starts, stops, hashes = cut_words(text.offsets, text.data, class_table(), self._table)
        first, last, self.items = np.array(units, np.int64).reshape(-1, 3).T
        begin, border, end = before[first], before[last], before[last + 1]
        if not questions:
            across = first != last
            begin = np.where(across, np.maximum(begin, border - size + 1), begin)
            end = np.where(across, np.minimum(end, border + size - 1), end)
        words = end - begin
        grams = np.where(words >= size, words - size + 1, (words >= min(least, size)).astype(np.int64))
        of = np.repeat(np.arange(len(units)), grams)
        firsts = begin[of] + np.arange(len(of)) - np.repeat(np.cumsum(grams) - grams, grams)
        sizes = np.minimum(words, size)[of]
        self.searched = np.flatnonzero(np.bincount(self.items[of], minlength=len(items)))
        self._known = None if not len(of) else self._index(text, starts, stops, hashes, firsts, sizes, of)

    def _index(
        self, text: Text, starts: Int64s, stops: Int64s, hashes: npt.NDArray[np.uint64],
        firsts: Int64s, sizes: Int64s, of: Int64s,
    ) -> Known:  # fmt: skip
        least = int(sizes.min())
        whole, tails = hash_grams(hashes, firsts, sizes, least)
        distinct, one, gram = np.unique(whole, return_index=True, return_inverse=True)
        n = len(self.fields)
        pairs = np.sort(gram * n + of)  # np.unique would hash them, in ten times the time
        pairs = pairs[np.diff(pairs, prepend=-1) > 0]
        self._units = pairs % n
        self._offsets = np.searchsorted(pairs // n, np.arange(len(distinct) + 1))
        self._totals = np.bincount(self._units, minlength=n)
        bits = SMALLEST_GATE
        while bits < PER_GRAM * len(distinct):
            bits *= 2
        gate = np.zeros(bits, np.bool_)
        gate[tails >> np.uint64(65 - bits.bit_length())] = True
        packed = np.packbits(gate, bitorder="little").view("<u8")
        lengths = np.unique(sizes)
        return Known(text.data, starts, stops, distinct, firsts[one], sizes[one], lengths, packed, least)

    def find(self, text: Text, share: float) -> Found:
        """What these documents hold of units of which they hold at least this share."""
        assert self._known is not None, "there is nothing to look for"
        hits = find_grams(text.offsets, text.data, class_table(), self._table, self._known)
        # The few grams and units that were met, by small numbers.
        grams, hits[:, 3] = np.unique(hits[:, 3], return_inverse=True)
        counts = self._offsets[grams + 1] - self._offsets[grams]
        offsets = np.zeros(len(grams) + 1, np.int64)
        np.cumsum(counts, out=offsets[1:])
        places = np.repeat(self._offsets[grams] - offsets[:-1], counts) + np.arange(offsets[-1])
        met, units = np.unique(self._units[places], return_inverse=True)
        runs, found, shares = attribute(hits, len(text), offsets, units, self._totals[met], share)
        rows, starts, stops, unit = runs.T
        base = text.offsets[rows]
        return Found(rows, starts - base, stops - base, met[unit], found, shares)
