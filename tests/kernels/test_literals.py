from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.kernels.literals import find_literals, literals
from tests.reference import literals as reference

SIGNS = "abAB _5éÉßµ«\u00a0漢、ก\u0301“Σς\x00"
WORDS = st.lists(st.text(st.sampled_from(SIGNS), min_size=1, max_size=4), min_size=1, max_size=8)
DENSE = st.lists(st.text(st.sampled_from(SIGNS), max_size=30), max_size=4)
ANY = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=30), max_size=4)


def found(texts: list[str], words: list[str], whole: list[bool]) -> list[tuple[int, ...]]:
    column = pa.array(["ab", *texts], pa.large_string()).slice(1)  # a slice: offsets do not begin at 0
    text = text_of(column)
    places = find_literals(text.offsets, text.data, literals(words, whole))
    begins = text.offsets[places.rows]
    rows = np.stack([places.rows, places.starts - begins, places.ends - begins, places.words], axis=1)
    return sorted(map(tuple, rows.tolist()))


@settings(deadline=None)
@given(st.one_of(DENSE, ANY), WORDS, st.booleans())
def test_every_place_of_every_word(texts: list[str], words: list[str], whole: bool) -> None:
    flags = [whole ^ (i % 3 == 0) for i in range(len(words))]
    assert found(texts, words, flags) == reference.find(texts, words, flags)


def test_more_places_than_there_was_room_for() -> None:
    assert len(found(["a" * 5000], ["a", "aa", "b"], [False] * 3)) == 5000 + 4999


def test_cases_of_many_scripts() -> None:
    texts = ["PASSWORD Straße STRASSE ПАРОЛЬ Пароль пароль 密码是 “key” key2 _key"]
    words = ["password", "straße", "пароль", "密码", "key"]
    text = texts[0]
    spoken = [(text.encode()[a:b].decode(), words[w]) for _, a, b, w in found(texts, words, [True] * 3 + [False, True])]
    assert spoken == [
        ("PASSWORD", "password"), ("Straße", "straße"), ("STRASSE", "straße"), ("ПАРОЛЬ", "пароль"), ("Пароль", "пароль"),
        ("пароль", "пароль"), ("密码", "密码"), ("key", "key"),
    ]  # fmt: skip


def test_an_empty_word_is_refused() -> None:
    with pytest.raises(ValueError, match="empty"):
        literals([""], [True])
