"""Words, n-grams and their owners against a plain-Python twin."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.core.evaluation.benchmark import Item, Part
from datapipe.core.evaluation.known_texts import KnownTexts, Spelling
from datapipe.core.spans import spans_column
from datapipe.kernels.classes import class_table
from datapipe.kernels.folded_words import cut_words, letter_table
from datapipe.kernels.overlap import hash_grams
from tests.ops.texts import TEXTS, each_way
from tests.reference import overlap

# Few words, so that items share n-grams with each other and with the documents.
WORDS = st.sampled_from(["a", "A", "b", "don't", "well-known", "é", "3.14", "12", "漢", "字。", "ไทย", "-", "…", "\n"])
DENSE = st.builds(str.join, st.sampled_from([" ", ""]), st.lists(WORDS, max_size=14))
SPELLING = st.sampled_from([(False, False), (True, False), (False, True)])
ITEM = st.builds(lambda q, answers: (q, answers), st.one_of(st.none(), DENSE), st.lists(DENSE, max_size=2))


@settings(deadline=None)  # the first call compiles
@given(TEXTS, SPELLING)
def test_words_of_any_unicode(texts: list[str | None], spelling: tuple[bool, bool]) -> None:
    def answer(batch: pa.RecordBatch) -> list[Any]:
        text = text_of(batch.column("text"))
        before, starts, stops, hashes = cut_words(text.offsets, text.data, class_table(), letter_table(*spelling))
        spans = [
            [
                (text.data[a:b].tobytes().decode(), h)
                for a, b, h in zip(starts[i:j], stops[i:j], hashes[i:j], strict=True)
            ]
            for i, j in pairwise(before)
        ]
        by_hash: dict[Any, tuple[str, ...]] = {}
        for row, original in zip(spans, batch.column("text").to_pylist(), strict=True):
            for (_, h), word in zip(row, overlap.words(original or "", *spelling), strict=True):
                assert by_hash.setdefault(h, word.letters) == word.letters
        assert len(set(by_hash.values())) == len(by_hash), "equal words have equal hashes"
        return [[word for word, _ in row] for row in spans]

    expected = [[(text or "")[w.start : w.stop] for w in overlap.words(text or "", *spelling)] for text in texts]
    assert each_way(texts, answer) == expected


@settings(deadline=None, max_examples=200)
@given(
    st.lists(DENSE, max_size=4),
    st.lists(ITEM, min_size=1, max_size=4),
    st.integers(1, 5),
    st.integers(1, 5),
    st.booleans(),
    SPELLING,
    st.sampled_from([0.0, 0.5, 0.7, 1.0]),
)
def test_what_is_found_and_whose_it_is(
    texts: list[str | None],
    drawn: list[tuple[str | None, list[str]]],
    size: int,
    least: int,
    questions: bool,
    spelling: tuple[bool, bool],
    share: float,
) -> None:
    items = [
        Item("set", str(n), None if question is None else Part("q", question), tuple(Part("a", a) for a in answers))
        for n, (question, answers) in enumerate(drawn)
    ]
    least = min(least, size)
    known = KnownTexts(items, size, least, questions, Spelling(*spelling))
    twin = overlap.units(items, size, least, questions, *spelling)
    searched = sorted({int(of.split(":")[1].split("#")[0]) for of, grams in twin if grams})
    assert known.searched.tolist() == searched
    if not searched:
        return
    expected = [overlap.find(text or "", twin, share, *spelling) for text in texts]

    def answer(batch: pa.RecordBatch) -> list[Any]:
        text = text_of(batch.column("text"))
        found = known.find(text, share)
        of = [twin[unit][0] for unit in found.units]
        spans = spans_column(text, found.rows, found.starts, found.stops, "set", of).to_pylist()
        runs = [[(s["start"], s["end"], s["of"]) for s in row] for row in spans]
        return list(zip(found.hits.tolist(), found.shares.tolist(), runs, strict=True))

    assert each_way(texts, answer) == expected


def test_no_hash_is_believed() -> None:
    """A hash that is equal by accident is no hit: the words are compared."""
    known = KnownTexts([Item("set", "1", Part("q", "one two three"), ())], 3, 3, True, Spelling(False, False))
    text = text_of(pa.array(["one two four", "one two three"], pa.large_string()))
    assert known.find(text, 0).hits.tolist() == [0, 1]
    assert known._known is not None
    _, _, _, hashes = cut_words(text.offsets, text.data, class_table(), letter_table(False, False))
    forged, _ = hash_grams(hashes, np.array([0]), np.array([3]), 3)
    gate = np.full_like(known._known.gate, np.uint64(2**64 - 1))
    known._known = known._known._replace(hashes=forged, gate=gate)
    assert known.find(text, 0).hits.tolist() == [0, 0]
