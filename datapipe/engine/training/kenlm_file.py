"""The file that kenlm's build_binary makes of an ARPA file (`probing`, version 5): mapped at once, shared by processes."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datapipe.core.language_model.kenlm_format import Layout
from datapipe.engine.training.external_sort import BLOCK, MappedRows
from datapipe.kernels.arpa_lines import SCALE
from datapipe.kernels.kenlm_tables import SIGN, Entries, insert_ngrams, insert_words, words_of
from datapipe.kernels.murmur import hashes_of


class KenlmFile:
    """Takes the orders of a model one after another, from 1 on."""

    def __init__(self, path: Path, sizes: Sequence[int], bits: int, spellings: Sequence[bytes]) -> None:
        self._bits, self._sizes, self._spellings = bits, sizes, spellings
        layout = Layout(tuple(sizes))
        head, size = layout.header(), layout.tables()[-1]
        with path.open("wb+") as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self._map[: len(head)] = head
        self._map[len(head) : len(head) + 8] = struct.pack("<2I", 0, sizes[0])
        self._tables = layout.split(np.frombuffer(self._map, np.uint32))
        self._path = path
        self._numbers = np.zeros(len(spellings), np.uint32)

    def add(self, order: int, grams: MappedRows) -> None:
        """The n-grams of the next order, with probability and back-off."""
        if order == 1:
            self._add_words(grams)
            return
        for start, stop in grams.blocks():
            weights = _weights(grams.values[start:stop])
            weights[:, 0] |= SIGN
            words = words_of(grams.rows, start, stop, order, self._bits, self._numbers)
            insert_ngrams(words, weights, self._tables[order], self._tables[order - 1])
        self._map.madvise(mmap.MADV_DONTNEED)  # the file keeps what was written

    def close(self) -> None:
        """Write the words at the end; the file is whole."""
        self._map.flush()
        with self._path.open("ab") as file:
            file.write(b"".join(word + b"\0" for word in self._words))

    def _add_words(self, grams: MappedRows) -> None:
        numbers = grams.rows[:, 1].astype(np.int64)
        self._words = [self._spellings[number] for number in numbers.tolist()]
        self._numbers[numbers] = np.arange(len(numbers))
        for start, stop in grams.blocks(BLOCK):
            self._tables[1][start:stop] = _weights(grams.values[start:stop])
        insert_words(hashes_of(self._words), self._tables[0])


def _weights(values: np.ndarray) -> Entries:
    """Bits of log10 of probability and back-off, with the decimals that the ARPA file has; no back-off is -0."""
    logs = np.rint(np.log10(np.minimum(values, [1.0, np.inf])) * SCALE) / SCALE
    found: Entries = (logs.astype(np.float32) + np.float32(0)).view(np.uint32)
    none = found[:, 1] == 0
    found[none, 1] = SIGN
    return found
