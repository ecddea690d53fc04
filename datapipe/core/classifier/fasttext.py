"""A fastText classifier by our own kernels."""

from __future__ import annotations

from typing import BinaryIO

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.classifier.classifier import Doubles
from datapipe.kernels.fasttext_labels import NONE, best_labels
from datapipe.kernels.fasttext_model import read_model
from datapipe.kernels.fasttext_words import document_sums

LABEL = "__label__"


class FastText:
    """A supervised model (.bin, .ftz); ValueError for a file that holds something else."""

    def __init__(self, stream: BinaryIO) -> None:
        self._model = read_model(stream)
        self.labels = tuple(label.removeprefix(LABEL) for label in self._model.labels)

    def chances(self, text: Text) -> Doubles:
        """The library's probabilities of all labels."""
        sums, counts = document_sums(*text, self._model.words)
        labels, scores = best_labels(sums, counts, self._model, len(self.labels))
        out = np.full((len(text), len(self.labels)), np.nan)
        rows, places = np.nonzero(labels != NONE)
        out[counts > 0] = 0.0
        out[rows, labels[rows, places]] = scores[rows, places]
        return out
