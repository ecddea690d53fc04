"""An n-gram model in KenLM's hash tables, mapped from a file or read from ARPA."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from datapipe.core.language_model.arpa_file import read_arpa
from datapipe.core.language_model.kenlm_format import HEAD, PREFIX, layout_of
from datapipe.kernels.kenlm_scores import score_sentences
from datapipe.kernels.kenlm_tables import find_words
from datapipe.kernels.murmur import hashes_of

Words = npt.NDArray[np.uint32]
ENDS = ("<s>", "</s>")


class NgramModel:
    """A model, by the path of an ARPA file or of one by build_binary (`probing`), which processes share in memory.

    ValueError where it is neither, or damaged.
    """

    def __init__(self, path: str) -> None:
        with Path(path).open("rb") as stream:
            head = stream.read(HEAD)
            stream.seek(0)
            if head.startswith(PREFIX):
                layout = layout_of(head, Path(path).stat().st_size)
                self._memory = np.asarray(np.memmap(path, np.uint32, "r", shape=(layout.tables()[-1] // 4,)))
            else:
                layout, self._memory = read_arpa(stream)
        self._tables = np.array(layout.tables()[:-1]) // 4
        self._slots = np.array(layout.slots())
        self._begin, self._end = self.numbers(ENDS)
        self.order = len(layout.sizes)

    def numbers(self, words: Sequence[str]) -> Words:
        """The model's number of each word; 0 for those it does not know."""
        hashes = hashes_of([word.encode() for word in words])
        return find_words(hashes, self._memory, int(self._tables[0]), int(self._slots[0]))

    def scores(self, words: Words, counts: npt.NDArray[np.int64], single: bool = False) -> npt.NDArray[np.float64]:
        """log10 of the probability of sentences that have so many of the words, between <s> and </s>, one after another.

        single  sums are rounded to float32 after each word, as those of kenlm's `score` are
        """
        offsets = np.zeros(len(counts) + 1, np.int64)
        np.cumsum(counts + 2, out=offsets[1:])
        framed = np.empty(offsets[-1], np.uint32)
        inside = np.ones(len(framed), np.bool_)
        inside[offsets[:-1]] = inside[offsets[1:] - 1] = False
        framed[offsets[:-1]], framed[offsets[1:] - 1] = self._begin, self._end
        framed[inside] = words
        sums = np.zeros(len(counts))
        score_sentences(framed, offsets, self._memory, self._tables, self._slots, self._begin, single, sums)
        return sums
