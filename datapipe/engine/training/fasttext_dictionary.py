"""The dictionary of a fastText model in bounded memory: every word that occurs often enough, by falling count."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import Text, column_of, text_of
from datapipe.kernels.fasttext_dictionary import (
    BYTE,
    DOCUMENT,
    ENTRIES,
    Bytes,
    Int32s,
    Int64s,
    UInt32s,
    count_words,
    fill_slots,
)  # fmt: skip
from datapipe.kernels.fasttext_words import EOS, FREE

MOST = 22_500_000  # words at once, as in the library: 1 GB
FIRST = 1 << 14  # words for which there is room at the beginning
BYTES_A_WORD = 10


class Dictionary(NamedTuple):
    """Word i is `letters[starts[i]:starts[i + 1]]` and stands in the open table `slots` by its hash."""

    slots: Int32s
    starts: Int64s
    letters: Bytes
    hashes: UInt32s
    counts: Int64s

    @property
    def end(self) -> int:
        """The entry </s>, or FREE where it is too rare."""
        spelled = EOS.tobytes()
        for entry in np.flatnonzero(np.diff(self.starts) == len(spelled)).tolist():
            if self.letters[self.starts[entry] : self.starts[entry + 1]].tobytes() == spelled:
                return int(entry)
        return FREE


class Counter:
    """Counts words text after text. Past `most` different ones the rarest go: once, twice … seen, as the library does."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self.least = 1  # seen less often, a word was forgotten at some time
        self._size = 0
        self._starts = np.zeros(FIRST + 1, np.int64)
        self._letters = np.zeros(FIRST * BYTES_A_WORD, np.uint8)
        self._hashes = np.zeros(FIRST, np.uint32)
        self._counts = np.zeros(FIRST, np.int64)
        self._slots = self._filled(FIRST)

    def add(self, text: Text) -> Int64s:
        """Count the words of texts; how many each of them has."""
        words = np.zeros(len(text), np.int64)
        at = np.array([0, 0, self._size], np.int64)
        while not count_words(
            text.offsets, text.data, EOS, at, self._slots, self._starts, self._letters, self._hashes, self._counts,
            words,
        ):  # fmt: skip
            self._size = int(at[ENTRIES])
            if self._size >= self._most:
                self._forget()
                at[ENTRIES] = self._size
            else:
                longest = int(text.offsets[at[DOCUMENT] + 1] - max(at[BYTE], text.offsets[at[DOCUMENT]]))
                self._grow(longest)
        self._size = int(at[ENTRIES])
        return words

    def finish(self, min_count: int) -> Dictionary:
        """Words seen `min_count` times or more; of equal counts the first seen goes first."""
        counts = self._counts[: self._size]
        order = np.argsort(-counts, kind="stable")
        self._keep(order[counts[order] >= min_count])
        n = self._size
        return Dictionary(
            self._filled(n), self._starts[: n + 1], self._letters[: self._starts[n]], self._hashes[:n], self._counts[:n]
        )

    def _forget(self) -> None:
        """Drop the rarest words until a quarter of the room is free."""
        while self._size > self._most * 3 // 4:
            self.least += 1
            self._keep(np.flatnonzero(self._counts[: self._size] >= self.least))
        self._slots = self._filled(len(self._counts))

    def _keep(self, entries: Int64s) -> None:
        spelled = text_of(column_of(self._starts[: self._size + 1], self._letters).take(pa.array(entries)))
        n = self._size = len(entries)
        self._starts[: n + 1] = spelled.offsets
        self._letters[: spelled.offsets[-1]] = spelled.data[: spelled.offsets[-1]]
        self._hashes[:n] = self._hashes[entries]
        self._counts[:n] = self._counts[entries]

    def _grow(self, longest: int) -> None:
        room = min(2 * len(self._counts), self._most)
        more = room - len(self._counts)
        if more:
            self._starts, self._hashes, self._counts = (
                np.append(a, np.zeros(more, a.dtype)) for a in (self._starts, self._hashes, self._counts)
            )
            self._slots = self._filled(room)
        needed = max(2 * len(self._letters), int(self._starts[self._size]) + longest + len(EOS))
        if self._starts[self._size] + longest + len(EOS) > len(self._letters):
            self._letters = np.append(self._letters, np.zeros(needed - len(self._letters), np.uint8))

    def _filled(self, room: int) -> Int32s:
        """A table for so many words, of twice the slots, with those there are."""
        slots = np.full(1 << (2 * room).bit_length(), FREE, np.int32)
        fill_slots(self._hashes[: self._size], slots)
        return slots
