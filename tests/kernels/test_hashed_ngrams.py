"""Hashed n-grams against Python's re, str.lower and hashlib, on any Unicode."""

from __future__ import annotations

import hashlib
import re
import sys
import time
from itertools import pairwise
from unicodedata import category, name

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.core.importance.features import buckets_of, words_in
from datapipe.kernels.hashed_ngrams import KIND, SIGN, WHITE, WORD, point_table
from datapipe.kernels.sha256 import BUCKETS, INITIAL, LANES, ROUNDS
from tests.ops.texts import TEXTS


def bucket(ngram: str) -> int:
    return int(hashlib.sha256(ngram.encode()).hexdigest(), 16) % BUCKETS


def unicode_words(text: str) -> list[str]:
    """WordPunct with letters, marks, decimal digits and joiners as words, told one character at a time."""
    words: list[str] = []
    before = ""
    for char in text:
        kind = "s" if char.isspace() and char not in "\x1c\x1d\x1e\x1f" else "w" if is_word(char) else "."
        if kind == before != "s":
            words[-1] += char
        elif kind != "s":
            words.append(char)
        before = kind
    return words


def is_word(char: str) -> bool:
    group = category(char)
    return (
        group[0] in "LM"
        or group in ("Nd", "Nl", "Pc")
        or char in "\u200c\u200d"
        or (
            group == "So"
            and "LETTER" in name(char, "")
            and name(char).startswith(("CIRCLED L", "NEGATIVE", "SQUARED L"))
        )
    )


def twin(text: str | None, marks: bool) -> list[int]:
    lower = (text or "").lower()
    words = unicode_words(lower) if marks else re.findall(r"\w+|[^\w\s]+", lower)
    pairs = [f"{a} {b}" for a, b in pairwise(words)]
    return [bucket(n) for i, word in enumerate(words) for n in (*pairs[i - 1 : i][: bool(i)], word)]


def found(texts: list[str | None], marks: bool) -> list[list[int]]:
    column = pa.array(["Before.", *texts, "after"], pa.large_string()).slice(1, len(texts))
    offsets, buckets = buckets_of(column, marks)
    return [part.tolist() for part in np.split(buckets, offsets[1:-1])] if texts else []


def test_constants_are_those_of_fips_180() -> None:
    assert INITIAL[[0, 7]].tolist() == [0x6A09E667, 0x5BE0CD19]
    assert ROUNDS[[0, 63]].tolist() == [0x428A2F98, 0xC67178F2]


def test_every_code_point_is_of_its_kind() -> None:
    table = point_table(False) >> KIND
    points = [p for p in range(sys.maxunicode + 1) if not 0xD800 <= p < 0xE000 and chr(p) != "İ"]
    text = "".join(chr(p).lower() for p in points)
    assert len(text) == len(points)
    kinds = np.full(len(points), SIGN)
    for kind, pattern in ((WORD, r"\w+"), (WHITE, r"\s+")):
        for match in re.finditer(pattern, text):
            kinds[match.start() : match.end()] = kind
    assert (table[points] == kinds).all()


def test_every_code_point_is_of_its_kind_with_marks() -> None:
    """As the package `regex` has it, whose Unicode may be newer."""
    regex = pytest.importorskip("regex")
    table = point_table(True) >> KIND
    text = "".join(chr(p) for p in range(sys.maxunicode + 1) if not 0xD800 <= p < 0xE000 and category(chr(p)) != "Cn")
    words, white = set(regex.findall(r"\w", text)), set(regex.findall(r"\s", text))
    for char in text:
        if len(char.lower()) == 1:
            assert table[ord(char)] == (WORD if char in words else WHITE if char in white else SIGN), hex(ord(char))


def test_messages_of_any_length() -> None:
    """Of 1, 2 and more blocks, and those that end where the length has no room any more."""
    texts: list[str | None] = [f"{'k' * n} {'m' * (n // 2)}" for n in range(1, 200)]
    assert found(texts, False) == [twin(text, False) for text in texts]


def test_n_grams_met_again_and_again() -> None:
    texts: list[str | None] = [" ".join(str(i * i % 77) for i in range(n)) for n in (LANES, 500, 3000)]
    assert found(texts, False) == [twin(text, False) for text in texts]


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.booleans())
def test_equals_its_twin(texts: list[str | None], marks: bool) -> None:
    expected = [twin(text, marks) for text in texts]
    assert found(texts, marks) == expected
    offsets, _ = buckets_of(pa.array(texts, pa.large_string()), marks)
    assert words_in(offsets).tolist() == [(len(buckets) + 1) // 2 for buckets in expected]


@pytest.mark.parametrize("piece", ["a", "a.", "a ", "Ⱥ.", "Σ", "İ", "中文，", "word. "])
def test_linear_in_the_length(piece: str) -> None:
    buckets_of(pa.array([piece], pa.large_string()), True)
    spent = []
    for size in (500_000, 1_000_000):
        column = pa.array([piece * (size // len(piece.encode()))], pa.large_string())
        times = []
        for _ in range(3):
            start = time.process_time()
            buckets_of(column, True)
            times.append(time.process_time() - start)
        spent.append(min(times))
    assert spent[1] < 4 * spent[0] + 0.5
    assert spent[1] < 5
