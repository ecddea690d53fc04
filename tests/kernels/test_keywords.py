from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.kernels.keywords import automaton, count_found
from tests.ops.texts import PIECE, TEXTS, each_way
from tests.reference import keywords

# Few letters, so that words overlap, begin one another and hide in one another.
DENSE = st.text(st.sampled_from("abAB é漢ก.5\u0301\n"), max_size=30)
WORD = st.one_of(
    st.text(st.sampled_from("abA é漢ก.5\u0301"), min_size=1, max_size=5),
    st.lists(PIECE, min_size=1, max_size=3).map("".join),
).filter(lambda word: word.strip())


def check(texts: list[str | None], words: list[str], case: bool, whole: bool) -> None:
    found = automaton(words, case, whole)

    def answer(batch):  # type: ignore[no-untyped-def]
        text = text_of(batch.column("text"))
        return np.array(count_found(text.offsets, text.data, found)).T.tolist()

    expected = [list(keywords.count(text or "", words, case, whole)) for text in texts]
    assert each_way(texts, answer) == expected


@settings(deadline=None)  # the first call compiles
@given(st.lists(DENSE, max_size=4), st.lists(WORD, max_size=12), st.booleans(), st.booleans())
def test_overlapping_words(texts: list[str | None], words: list[str], case: bool, whole: bool) -> None:
    check(texts, words, case, whole)


@settings(deadline=None)
@given(TEXTS, st.lists(WORD, max_size=12), st.booleans(), st.booleans(), st.data())
def test_any_unicode(texts: list[str | None], words: list[str], case: bool, whole: bool, data: st.DataObject) -> None:
    text = next((t for t in texts if t and t.strip()), "a word")
    start = data.draw(st.integers(0, len(text) - 1))
    part = text[start : start + 3]
    check(texts, [*words, part] if part.strip() else words, case, whole)


def test_every_code_point_as_text_and_as_word() -> None:
    points = [c for c in range(0x20000) if not 0xD800 <= c < 0xE000 and not chr(c).isspace()]
    text = text_of(_column([chr(c) for c in points]))
    hits, words = count_found(text.offsets, text.data, automaton([chr(c) for c in points], True, True))
    assert hits.tolist() == [1] * len(points)
    expected = [keywords.is_letter(chr(c)) or keywords.is_alone(chr(c)) for c in points]
    assert words.tolist() == expected


def _column(texts: list[str]):  # type: ignore[no-untyped-def]
    import pyarrow as pa

    return pa.array(texts, pa.large_string())
