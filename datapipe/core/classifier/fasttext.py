"""A fastText classifier by our own kernels."""

from __future__ import annotations

from typing import Any, BinaryIO

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.classifier.classifier import Doubles
from datapipe.core.verdict import Mask
from datapipe.kernels.fasttext_chances import label_chances
from datapipe.kernels.fasttext_keys import keys_of, slots_by_key
from datapipe.kernels.fasttext_labels import Int32s as Labels
from datapipe.kernels.fasttext_labels import Int64s as Counts
from datapipe.kernels.fasttext_labels import best_labels
from datapipe.kernels.fasttext_model import read_model
from datapipe.kernels.fasttext_sums import Scratch, scratch_for, text_sums

LABEL = "__label__"
NONE: Any = np.empty(0, np.int32)
ROWS = 1 << 16  # texts whose best labels are looked for at a time: a text needs 0.3 KB


class FastText:
    """A supervised model (.bin, .ftz); ValueError for a file that holds something else.

    As the library has it: a text is read to its first word `</s>`; words that look like labels are passed over; and the
    end of the text is a word, too, which every model that the library trained knows. So even an empty text gets chances,
    those of that one row, and NaN is left for models whose dictionary lacks it.
    """

    def __init__(self, stream: BinaryIO, project: bool = True) -> None:
        model = read_model(stream, project)
        self._slots = slots_by_key(keys_of(model.words.starts, model.words.letters))
        # The spelling of words, as long as the table for 2 labels, is not needed any more.
        bare = model.words._replace(starts=NONE, letters=NONE)
        self._model = model._replace(words=bare)
        self._idle: list[Scratch] = []  # one is taken out while it is written to: threads do not share it
        self.labels = tuple(label.removeprefix(LABEL) for label in self._model.labels)

    def chances(self, text: Text) -> Doubles:
        """The library's probabilities of all labels to 10^-5, but none above 1.

        Two exceptions: the library's sums are of 32 bits, which for texts of 100,000 rows are off by that much; and a logistic
        score (one-vs-all, negative sampling) on the border of two cells of its table may fall on either side (1/256).
        """
        return label_chances(*self._sums(text), self._model)

    def best(self, text: Text, wanted: Mask, k: int) -> tuple[Labels, Doubles]:
        """The k best labels of each wanted text with their chances, as `best_labels` has them; not of a projected model."""
        found = []
        for i in range(0, max(len(text), 1), ROWS):
            sums, counts = self._sums(Text(text.offsets[i : i + ROWS + 1], text.data))
            found.append(best_labels(sums, counts * wanted[i : i + ROWS], self._model, k))
        labels, chances = zip(*found, strict=True)
        return np.concatenate(labels), np.concatenate(chances)

    def _sums(self, text: Text) -> tuple[Doubles, Counts]:
        try:
            scratch = self._idle.pop()
        except IndexError:
            scratch = scratch_for(self._model.words)
        found = text_sums(*text, self._model.words, self._slots, scratch)
        self._idle.append(scratch)
        return found
