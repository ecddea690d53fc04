"""The byte-level BPE kernels against their twin and against the library, on any Unicode."""

import json
import os
import subprocess
import sys
import time
import unicodedata
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from datapipe.arrow.text import Text, text_of
from datapipe.core.tokenizers.huggingface import HuggingFace
from datapipe.core.tokenizers.normal_form import not_nfc
from datapipe.kernels.byte_pair_tables import _hash
from datapipe.kernels.kept_pieces import SLOTS
from tests.kernels.byte_level_models import ADDED, KINDS, TEXT, model, pattern, twin
from tests.reference.byte_level import encode, pieces

known = st.sampled_from(
    [*"/ǅʰⅡaAsStTrRvVmMlLdDeE019 '!?,.\t\n\r\x00éßſ汉字がไท한٣४½Ⅷ😀", "\u0301", "\u00a0", "\u3000", "\u2028", "\x85"]
)
spans = st.sampled_from(
    [
        "'re",
        "'LL",
        "'ſ",
        " 12",
        "\r\n",
        "  ",
        "\n\n ",
        "    return",
        " !!\n",
        "fox",
        "文章",
        "ABCd",
        "É\u0301E",
        "-\u0301X",
        "//\n",
    ]
)
alike = st.lists(st.one_of(known, spans), max_size=40).map("".join)  # what Python's Unicode and the library's agree on
anything = st.lists(st.one_of(st.characters(codec="utf-8"), known, spans, st.sampled_from(ADDED)), max_size=40).map(
    "".join
)


@cache
def ours(kind: str, ignore_merges: bool = False) -> HuggingFace:
    return HuggingFace(model(kind, ignore_merges), "a test")


@cache
def library(kind: str, ignore_merges: bool = False) -> Tokenizer:
    return Tokenizer.from_str(model(kind, ignore_merges).decode())


def ids(tokenizer: HuggingFace, documents: list[str | None]) -> list[list[int]]:
    column = pa.array(["before", *documents, "after"], pa.large_string()).slice(1, len(documents))
    found, ends = tokenizer.encode(text_of(column))
    return [part.tolist() for part in np.split(found, ends[:-1])] if len(ends) else []


def by_twin(kind: str, text: str, ignore_merges: bool = False) -> list[int]:
    if kind.endswith("nfc"):
        text = unicodedata.normalize("NFC", text)
    return encode(pieces(pattern(kind)[0], text, pattern(kind)[1]), *twin(kind, ignore_merges))


@settings(max_examples=100, deadline=None)
@given(st.lists(alike, max_size=4), st.sampled_from(KINDS), st.booleans())
def test_equals_its_twin(documents: list[str], kind: str, ignore_merges: bool) -> None:
    assert ours(kind, ignore_merges).slow is None
    assert ids(ours(kind, ignore_merges), documents) == [by_twin(kind, text, ignore_merges) for text in documents]


@settings(max_examples=150, deadline=None)
@given(st.lists(anything, max_size=6), st.sampled_from(KINDS), st.booleans())
def test_equals_the_library(documents: list[str], kind: str, ignore_merges: bool) -> None:
    expected = library(kind, ignore_merges).encode_batch(documents, add_special_tokens=False)
    assert ids(ours(kind, ignore_merges), documents) == [one.ids for one in expected]


@pytest.mark.parametrize("kind", KINDS)
def test_every_character(kind: str) -> None:
    blocks = ((0, 0x3200), (0xA000, 0xAC00), (0xF900, 0x12800), (0x16000, 0x17000), (0x1A000, 0x1F000))
    points = [c for first, end in blocks for c in range(first, end)]  # without those of one class alone
    documents = [" ".join(f"a{chr(c)}b  {chr(c)}1" for c in points[k : k + 64]) for k in range(0, len(points), 64)]
    expected = library(kind).encode_batch(documents, add_special_tokens=False)
    assert ids(ours(kind), documents) == [one.ids for one in expected]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 31, 32, 33, 40, 41, 4095, 4096, 4097, 20_000])
def test_long_pieces(kind: str, size: int) -> None:
    documents = [(part * size)[:size] for part in ("a", "the", "汉字", " ", "!?", "7", "\n")]
    expected = library(kind).encode_batch(documents, add_special_tokens=False)
    assert ids(ours(kind), documents) == [one.ids for one in expected]


def test_a_megabyte_without_a_cut_takes_linear_time() -> None:
    seconds = {}
    for size in (1 << 17, 1 << 20):
        document = ("quickbrown" * size)[:size]
        ids(ours("gpt2"), ["x"])
        start = time.process_time()
        found = ids(ours("gpt2"), [document, "fox"])
        seconds[size] = time.process_time() - start
        assert ours("gpt2").decode(np.array(found[0], np.int32)) == document
        assert found[1] == library("gpt2").encode("fox").ids
    assert seconds[1 << 20] < 40 * seconds[1 << 17] + 0.5


def test_nothing_and_nulls_and_slices() -> None:
    documents = [None, "", "\x00", None, "it's\x00\x00 12", ""]
    expected = [library("gpt2").encode(text or "").ids for text in documents]
    assert ids(ours("gpt2"), documents) == expected
    assert ids(ours("gpt2"), []) == []
    assert ids(ours("gpt2"), [None, None]) == [[], []]
    whole = text_of(pa.array(["fox", "dog's", ADDED[1], "12 cats"]))
    for first in range(4):
        for last in range(first, 5):
            found = ours("gpt2").encode(Text(whole.offsets[first : last + 1], whole.data))
            assert len(found.ends) == last - first
            assert len(found.ids) == (found.ends[-1] if last > first else 0)


@pytest.mark.parametrize("parts", [1, 3, 7])
def test_a_batch_may_be_split_anywhere(parts: int) -> None:
    documents = [TEXT[k : k + 13] + ADDED[k % 2] * (k % 5 == 0) for k in range(0, len(TEXT), 5)]
    whole = ids(ours("qwen"), documents)
    cut = [ids(HuggingFace(model("qwen"), "a test"), documents[k::parts]) for k in range(parts)]
    assert [cut[k % parts][k // parts] for k in range(len(documents))] == whole
    assert whole == [one.ids for one in library("qwen").encode_batch(documents, add_special_tokens=False)]


def test_pieces_of_one_slot_do_not_mix() -> None:
    slots: dict[int, list[str]] = {}
    pair: list[str] = []
    for k in range(100_000):  # letters alone, so that a word is one piece
        word = "".join(chr(97 + k // 26**p % 26) for p in range(6))
        pair = slots.setdefault(_hash(word.encode()) & (SLOTS - 1), [])
        pair.append(word)
        if len(pair) == 3:
            break
    assert len(pair) == 3
    documents = ["'".join(f"{word}!{word}" for word in pair), pair[0], pair[2], pair[1], pair[0]]
    expected = [library("gpt2").encode(text).ids for text in documents]
    assert ids(ours("gpt2"), documents) == expected


def test_without_the_compiler() -> None:
    code = (
        "from tests.kernels.test_byte_pairs import by_twin, ids, ours\n"
        "texts = ['It\\'s 12,345  \\u6c49\\u5b57\\r\\n\\x00 caf\\u00e9', '', 'a' * 60, '\\t\\tfox']\n"
        "for kind in ('gpt2', 'digits', 'cl100k', 'o200k', 'qwen nfc'):\n"
        "    for whole in (False, True):\n"
        "        assert ids(ours(kind, whole), texts) == [by_twin(kind, text, whole) for text in texts]"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": "."}
    )


def test_of_equal_merges_the_last_counts() -> None:
    description = json.loads(model("gpt2"))
    merges = description["model"]["merges"]
    description["model"]["merges"] = [*merges[:200], *merges[:40:3], *merges[200:]]
    content = json.dumps(description)
    expected = [one.ids for one in Tokenizer.from_str(content).encode_batch(TEXT.split("\n"))]
    assert ids(HuggingFace(content.encode(), "a test"), TEXT.split("\n")) == expected


def test_texts_that_are_not_normalised() -> None:
    texts = [
        "e\u0301",
        "\u212b",
        "a\u0327\u0301",
        "a\u0301\u0327",
        "\u1100\u1161\u11a8",
        "\uac00\u11a8",
        "\u0958",
        "हिन्दी",
        "ไทย ที่",
    ]
    texts += [f"x{chr(c)} {chr(c)}\u0301" for c in range(0xA0, 0x3100)]
    assert ids(ours("qwen nfc"), texts) == [one.ids for one in library("qwen nfc").encode_batch(texts)]
    assert not_nfc(text_of(pa.array(texts[:9]))).tolist() == [True] * 7 + [False, False]
