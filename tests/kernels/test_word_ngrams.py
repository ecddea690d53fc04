"""Hashed n-grams of words against their plain twin and scikit-learn's MurmurHash3, on any Unicode."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.kernels.logistic import chances_of, features
from datapipe.kernels.word_ngrams import token_table, word_ngrams
from tests.ops.texts import TEXT
from tests.reference.word_ngrams import buckets, chance, murmur3

SIZE = 1 << 10
MIXED = st.text(st.sampled_from("aB Éſ\u0130.,_-'½²7\u00a0\u3000\n漢字かなไทย์ा\u200d\U0001f600ⒶΣ\0"), max_size=30)


def found(texts: list[str], words: bool, longest: int) -> list[list[int]]:
    ends, hashed = word_ngrams(*text_of(pa.array(texts, pa.large_string())), token_table(words), longest, SIZE)
    return [part.tolist() for part in np.split(hashed, ends[1:-1])]


@settings(max_examples=150, deadline=None)
@given(st.lists(MIXED | TEXT, min_size=1, max_size=4), st.booleans(), st.integers(1, 3))
def test_they_equal_the_twin_on_any_text(texts: list[str], words: bool, longest: int) -> None:
    assert found(texts, words, longest) == [buckets(text, words, longest, SIZE) for text in texts]


def test_known_hashes() -> None:
    # sklearn.utils.murmurhash3_32(word, seed=42, positive=True), scikit-learn 1.9
    known = {
        "": 142593372,
        "a": 3001393763,
        "of": 1568364495,
        "the": 2522183313,
        "word": 4013710815,
        "words": 1784566072,
        "of the": 698540856,
        "straße": 3771771144,
        "漢字": 1244649271,
        "a longer n-gram of words": 226389290,
    }
    assert {word: murmur3(word.encode()) for word in known} == known


@settings(max_examples=60, deadline=None)
@given(st.lists(MIXED, min_size=1, max_size=5), st.booleans())
def test_chances_equal_the_twin_and_do_not_depend_on_other_rows(texts: list[str], unit: bool) -> None:
    weights = np.random.default_rng(3).normal(size=(SIZE, 2)).astype(np.float32)
    intercepts = np.array([0.25, -1.0])

    def of(some: list[str]) -> np.ndarray:
        ends, hashed = word_ngrams(*text_of(pa.array(some, pa.large_string())), token_table(True), 2, SIZE)
        return chances_of(ends, hashed, weights, intercepts, unit)

    together = of(texts)
    np.testing.assert_array_equal(together, np.concatenate([of([text]) for text in texts]))
    for text, row in zip(texts, together.tolist(), strict=True):
        for label in range(2):
            expected = chance(buckets(text, True, 2, SIZE), weights[:, label].tolist(), float(intercepts[label]), unit)
            assert row[label] == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_features_are_counts_and_may_have_unit_length() -> None:
    ends, hashed = np.array([0, 4, 4, 6]), np.array([7, 3, 7, 7, 3, 2], np.int32)
    stops, columns, values = features(ends, hashed, 8, False)
    assert (stops.tolist(), columns.tolist(), values.tolist()) == ([0, 2, 2, 4], [7, 3, 3, 2], [3.0, 1.0, 1.0, 1.0])
    _, _, values = features(ends, hashed, 8, True)
    assert values.tolist() == pytest.approx([3 / math.sqrt(10), 1 / math.sqrt(10), math.sqrt(0.5), math.sqrt(0.5)])
