"""A logistic regression over hashed n-grams of words, as GPT-3's quality filter is one."""

from __future__ import annotations

import itertools
from typing import BinaryIO

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.classifier.classifier import Doubles
from datapipe.core.classifier.ngram_file import Settings, read_ngram_model
from datapipe.kernels.logistic import Buckets, Int64s, chances_of
from datapipe.kernels.word_ngrams import token_table, word_ngrams

TOKENS = ("words", "whitespace")
AT_ONCE = 16_000_000  # bytes of text whose n-grams are held: 8 bytes each for pairs of words


def buckets_of(text: Text, settings: Settings) -> tuple[Int64s, Buckets]:
    """The n-grams of each text, as `(ends, buckets)`."""
    table = token_table(settings.tokens == "words")
    return word_ngrams(text.offsets, text.data, table, settings.longest, settings.buckets)


class NgramClassifier:
    """A model of `datapipe train … --method logistic`; ValueError for a file that holds something else."""

    def __init__(self, stream: BinaryIO) -> None:
        self._model = read_ngram_model(stream)
        self.labels = self._model.labels
        if self._model.settings.tokens not in TOKENS:
            raise ValueError(f"tokens {self._model.settings.tokens}: known are {', '.join(TOKENS)}")

    def chances(self, text: Text) -> Doubles:
        """One label against the others, so that chances sum to 1 only where labels exclude one another."""
        model = self._model
        parts = [np.zeros((0, model.weights.shape[1]))]
        for part in _portions(text):
            ends, buckets = buckets_of(part, model.settings)
            parts.append(chances_of(ends, buckets, model.weights, model.intercepts, model.settings.unit))
        found: Doubles = np.concatenate(parts)
        return np.hstack([found, 1 - found]) if model.exclusive else found


def _portions(text: Text) -> list[Text]:
    """Texts in runs of about AT_ONCE bytes."""
    which = (text.offsets[:-1] - text.offsets[0]) // AT_ONCE
    edges = [0, *(np.flatnonzero(np.diff(which)) + 1).tolist(), len(text)]
    return [Text(text.offsets[a : b + 1], text.data) for a, b in itertools.pairwise(edges) if b > a]
