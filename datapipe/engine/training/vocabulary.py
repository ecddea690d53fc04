"""Lines as word numbers: the pieces of a SentencePiece model, and what it does not know as it is written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import accumulate, chain
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.core.language_model.windows import WINDOW, windows
from datapipe.engine.training.external_sort import BLOCK
from datapipe.kernels.ngram_counts import BEGIN, END, FIRST_WORD, UNKNOWN

SPECIAL = {UNKNOWN: "<unk>", BEGIN: "<s>", END: "</s>"}
MOST_SURFACES = 1_000_000  # 100 MB; a hundred times what a text has in the language of its pieces
THREADS = 2  # of SentencePiece, which gives the same pieces with any number


class Vocabulary:
    """Numbers for words: the three special ones, the model's pieces, then characters that no piece has, as they are met.

    CCNet's models, too, have such characters (runs of them, as SentencePiece leaves them) for words.
    """

    def __init__(self, pieces: Any) -> None:
        self._pieces = pieces
        self._unknown = pieces.unk_id()
        self._surfaces: dict[str, int] = {}
        self.left_out = 0  # characters met after the most that are told apart, or that read as a special word
        self.words = 0

    def __len__(self) -> int:
        return FIRST_WORD + int(self._pieces.get_piece_size()) + len(self._surfaces)

    def numbers(self, lines: list[str]) -> npt.NDArray[np.uint32]:
        """Word numbers of the lines, each line ended by </s>."""
        cut = [list(windows(line, WINDOW)) for line in lines]
        parts = [part for line in cut for part in line]
        encoded = self._pieces.encode(parts, out_type=int, num_threads=THREADS)
        for part, ids in zip(parts, encoded, strict=True):
            if self._unknown in ids:
                self._name(ids, self._pieces.encode(part, out_type=str))
        for last in accumulate(map(len, cut)):
            encoded[last - 1].append(END - FIRST_WORD)
        flat = np.fromiter(chain.from_iterable(encoded), np.int64, sum(map(len, encoded))) + FIRST_WORD
        flat = flat[flat != UNKNOWN]
        self.words += len(flat) - len(lines)
        return np.asarray(flat, np.uint32)

    def sort(self, words: Path) -> None:
        """Number the characters without a piece anew, in this file, by how they are written: not by which text came first."""
        first = FIRST_WORD + int(self._pieces.get_piece_size())
        met = list(self._surfaces)
        self._surfaces = {surface: first - FIRST_WORD + n for n, surface in enumerate(sorted(met))}
        if met == list(self._surfaces):
            return
        renumbered = np.array([FIRST_WORD + self._surfaces[surface] for surface in met], np.uint32)
        with words.open("r+b") as file:
            while len(block := np.fromfile(file, np.uint32, BLOCK)):
                own = block >= first
                block[own] = renumbered[block[own] - first]
                file.seek(-block.nbytes, os.SEEK_CUR)
                file.write(block.data)

    def spellings(self) -> Iterator[bytes]:
        """How each word is written, by its number."""
        for name in SPECIAL.values():
            yield name.encode()
        for number in range(self._pieces.get_piece_size()):
            yield self._pieces.id_to_piece(number).encode()
        for surface in self._surfaces:
            yield surface.encode()

    def _name(self, ids: list[int], pieces: list[str]) -> None:
        """Put numbers of their own where the model has none; UNKNOWN, which is then left out, where there can be none."""
        first = int(self._pieces.get_piece_size())
        for place, number in enumerate(ids):
            if number != self._unknown:
                continue
            surface = pieces[place]
            known = self._surfaces.get(surface)
            if known is None and len(self._surfaces) < MOST_SURFACES and _is_word(surface):
                known = self._surfaces[surface] = first + len(self._surfaces)
            if known is None:
                self.left_out += 1
            ids[place] = UNKNOWN - FIRST_WORD if known is None else known


def _is_word(surface: str) -> bool:
    """Whether it can stand in an ARPA file: one word, and none of the special ones."""
    return surface.split() == [surface] and surface not in SPECIAL.values()
