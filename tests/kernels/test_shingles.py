"""Shingles equal their twin in Python, and signatures datasketch's, bit for bit."""

from __future__ import annotations

import time
from itertools import pairwise, product

import numpy as np
import pyarrow as pa
import pytest
from datasketch import MinHash
from hypothesis import given, settings

from datapipe.core.dedup.shingling import Shingled, sets_of
from datapipe.kernels.minhash import minhash, permutations
from datapipe.kernels.shingles import fold_table
from tests.ops.texts import TEXT, each_way, rows
from tests.reference import shingles as twin

IGNORES = [(), ("case", "punctuation"), ("punctuation", "digits", "accents"), ("case", "digits"), ("case", "accents")]


def found(operator: Shingled, batch: pa.RecordBatch) -> list[tuple[list[int], int]]:
    offsets, values, short = operator.shingles(batch)
    return [(values[a:b].tolist(), int(s)) for a, b, s in zip(offsets[:-1], offsets[1:], short, strict=True)]


@pytest.mark.parametrize(("ignore", "unit"), list(product(IGNORES, ("words", "chars"))))
def test_twin(ignore: tuple[str, ...], unit: str) -> None:
    operator = Shingled.model_validate({"ignore": ignore, "ngram": 2, "unit": unit})
    cut = twin.words if unit == "words" else twin.characters
    hashed = twin.hash_word if unit == "words" else twin.digit

    @settings(max_examples=150, deadline=None)
    @given(TEXT)
    def equal(text: str) -> None:
        expected = twin.shingles([hashed(element) for element in cut(text, ignore)], 2)
        assert found(operator, rows([text])) == [expected]

    equal()


def test_words() -> None:
    expected = ["don", "t", "say", "größe", "2", "3", "14", "漢", "字", "かな", "at"]
    assert twin.words("Don't say Größe_2, 3.14!  漢字かな、 @ AT") == expected
    texts: list[str | None] = [
        "One two, three FOUR five six",
        None,
        "",
        "one-two three... four five (six)",
        "a b c",
        " \n",
    ]
    answers = each_way(texts, lambda batch: found(Shingled(), batch))
    assert answers[0] == answers[3]
    assert len(answers[0][0]) == 2
    assert answers[1] == answers[2] == answers[5] == ([], 0)
    assert answers[4][1] != 0


def test_long_words_and_documents() -> None:
    texts: list[str | None] = [
        "x" * 100_000,
        "x" * 99_999 + "y",
        "1234567é8901234567",
        "word " * 50_000,
        "w" * 8 + " v",
    ]
    operator = Shingled.model_validate({"ngram": 1})
    answers = each_way(texts, lambda batch: found(operator, batch))
    for text, (values, short) in zip(texts, answers, strict=True):
        assert text is not None
        assert (values, short) == twin.shingles([twin.hash_word(w) for w in twin.words(text)], 1)


def test_digits_and_accents_make_no_difference_where_told_so() -> None:
    same = Shingled.model_validate({"ignore": ["case", "punctuation", "digits", "accents"], "ngram": 1})
    one, two, other = found(same, rows(["Café 1999 naïve", "cafe\u0301 2024 NAIVE", "cafe 20245 naive"]))
    assert one == two != other
    assert fold_table(True, True, True)[ord("Ö")] == ord("o")


def test_tokens() -> None:
    operator = Shingled.model_validate({"unit": "tokens", "ngram": 3})
    lists = pa.array([[1, 2, 3, 4], None, [], [1, 2], [9, 1, 2, 3, 4]], pa.list_(pa.int32()))
    batch = pa.RecordBatch.from_pydict({"tokens": lists})
    whole = found(operator, batch)
    assert whole[4][0][1:] == whole[0][0]
    assert [bool(short) for _, short in whole] == [False, False, False, True, False]
    assert found(operator, batch.slice(3)) == whole[3:]
    assert operator.check(batch.schema) is None
    assert "expected a list of integers" in (operator.check(pa.schema([("tokens", pa.string())])) or "")


@pytest.mark.parametrize("count", [1, 112, 128])
def test_signatures_equal_datasketch(count: int) -> None:
    random = np.random.default_rng(3)
    sizes = [0, 1, 2, 3, 4, 5, 1000]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    values = random.integers(0, 1 << 32, offsets[-1], dtype=np.uint32)
    values[:3] = 0, 0xFFFFFFFF, 1
    found = np.empty((len(sizes), count), np.uint32)
    minhash(offsets, values, *permutations(count), found)
    for row, (a, b) in enumerate(pairwise(offsets)):
        theirs = MinHash(num_perm=count, seed=1, scheme="affine32", hashfunc=int)
        theirs.update_batch([int(value) for value in values[a:b]])
        np.testing.assert_array_equal(found[row], theirs.hashvalues)


def test_sets() -> None:
    batch = rows(["a b a b a b a", "b a b a b a b a b", "a", "A!", "", "c d e f"])
    operator = Shingled.model_validate({"ngram": 2})
    offsets, values, digest = sets_of(operator.shingles(batch))
    assert np.diff(offsets).tolist() == [2, 2, 0, 0, 0, 3]
    assert (np.diff(values[offsets[0] : offsets[1]].astype(np.int64)) > 0).all()
    assert (digest[0] == digest[1], digest[2] == digest[3], digest[0] == digest[5]) == (True, True, False)


@pytest.mark.parametrize("unit", ["words", "chars"])
def test_a_megabyte_of_one_thing_is_linear(unit: str) -> None:
    operator = Shingled.model_validate({"unit": unit})
    operator.shingles(rows([""]))  # compiled
    for piece in ("word ", "a", "-", " ", "漢", "e\u0301", "ภา", "\u1039", "1"):
        start = time.process_time()
        operator.shingles(rows([piece * (1_000_000 // len(piece.encode()))]))
        assert time.process_time() - start < 5  # a quadratic step would take minutes


def test_segmenters_decide_where_words_end() -> None:
    text = "我们今天去北京大学参加一个关于自然语言处理的会议"
    batch = rows([text, text], lang=["zh", "ja"])
    (cut, _), (whole, _) = found(Shingled.model_validate({"segmenters": {"zh": "jieba"}, "ngram": 2}), batch)
    assert 2 < len(cut) < len(whole) == len(text) - 1
