"""The ARPA file of an n-gram model, written order by order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from datapipe.engine.training.external_sort import MappedRows
from datapipe.kernels.arpa_lines import arpa_lines

BUFFER = 1 << 23


class ArpaFile:
    """Takes the orders of a model one after another, from 1 on.

    sizes  n-grams of each order        bits  of a word number        spellings  how words are written, by number
    """

    def __init__(self, path: Path, sizes: Sequence[int], bits: int, spellings: Sequence[bytes]) -> None:
        self._sizes, self._bits = sizes, bits
        self._offsets = np.cumsum([0, *map(len, spellings)])
        self._data = np.frombuffer(b"".join(spellings), np.uint8)
        self._out = np.empty(BUFFER + len(sizes) * (max(map(len, spellings)) + 64), np.uint8)
        self._file = path.open("wb")
        head = "".join(f"ngram {n}={size}\n" for n, size in enumerate(sizes, 1))
        self._file.write(f"\\data\\\n{head}".encode())

    def add(self, order: int, grams: MappedRows) -> None:
        """The n-grams of the next order, with probability and back-off."""
        assert len(grams) == self._sizes[order - 1], "what was counted is what is written"
        self._file.write(f"\n\\{order}-grams:\n".encode())
        words = self._bits, self._offsets, self._data, order == len(self._sizes)
        for start, stop in grams.blocks():
            at = start
            while at < stop:
                at, filled = arpa_lines(grams.rows, grams.values, at, stop, order, *words, self._out)
                self._file.write(self._out[:filled].data)

    def close(self) -> None:
        """Write the end; the file is whole."""
        self._file.write(b"\n\\end\\\n")
        self._file.close()
