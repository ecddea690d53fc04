"""Documents as rows of symbols, bytes or words, in which the same algorithm finds repeated passages."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.kernels.classes import class_table
from datapipe.kernels.word_symbols import word_symbols
from datapipe.kernels.words import abbreviations

Int64s = npt.NDArray[np.int64]
_CONTINUES = 0xC0, 0x80  # mask and value of the bytes that do not begin a character


class Symbols(NamedTuple):
    """Document i is `values[offsets[i]:offsets[i + 1]]`: its bytes, or the hashes of its words."""

    text: Text
    offsets: Int64s
    values: npt.NDArray[np.uint8] | npt.NDArray[np.uint64]
    starts: Int64s | None  # where the bytes of each word start and stop in the data of the text
    stops: Int64s | None

    def merged(self, row: Int64s, start: Int64s, end: Int64s) -> tuple[Int64s, Int64s, Int64s, Int64s]:
        """Spans of symbols that overlap or touch made one: row, start and end in bytes, and which was its first part.

        A span that begins or ends inside a character is shrunk to its borders.
        """
        order = np.lexsort((end, start, row))
        row, begin, stop = row[order], self.offsets[row[order]] + start[order], self.offsets[row[order]] + end[order]
        if not len(row):
            return row, begin, stop, order
        reach = np.maximum.accumulate(stop)
        first = np.flatnonzero(np.append(True, (begin[1:] > reach[:-1]) | (row[1:] != row[:-1])))
        row, begin, stop, order = row[first], begin[first], np.maximum.reduceat(stop, first), order[first]
        if self.starts is not None and self.stops is not None:
            begin, stop = self.starts[begin], self.stops[stop - 1]
        else:
            begin, stop = self._shrunk(begin, stop, self.offsets[row + 1])
        some = begin < stop
        base = self.text.offsets[row]
        return row[some], (begin - base)[some], (stop - base)[some], order[some]

    def _shrunk(self, begin: Int64s, stop: Int64s, last: Int64s) -> tuple[Int64s, Int64s]:
        data, (mask, value) = self.text.data, _CONTINUES
        for _ in range(3):  # a character has at most four bytes
            begin = begin + (data[begin] & mask == value)
        for _ in range(3):
            stop = stop - ((stop < last) & (data[np.minimum(stop, len(data) - 1)] & mask == value))
        return begin, stop


def symbols_of(text: Text, words: bool) -> Symbols:
    """The bytes of each document, or its words as the quality rules count them, each a 64-bit hash."""
    if not words:
        return Symbols(text, text.offsets, text.data, None, None)
    return Symbols(text, *word_symbols(text.offsets, text.data, class_table(), abbreviations()))
