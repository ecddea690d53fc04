"""SentencePiece models: ids are the library's, whatever the model and the text."""

import os
import random
import subprocess
import sys
import time
from functools import cache

import numpy as np
import pyarrow as pa
import pytest
import sentencepiece
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.arrow.text import text_of
from datapipe.core.tokenizers.sentencepiece_file import NORMAL, USER_DEFINED, described
from datapipe.core.tokenizers.sentencepiece_model import SentencePiece
from tests.kernels.byte_level_models import TEXT
from tests.kernels.sentencepiece_models import KINDS, library, model
from tests.reference import sentencepiece as twin

known = st.sampled_from(
    [*"aeotnsrd  \t\n.,12'éßﬁ汉字がไหन 😀①ｶ", "\u2581", "\u0301", "\u00a0", "\u3000", "\u200b", "\x00"]
)
spans = st.sampled_from(
    ["  ", "    ", " the", "!!!!", "fox jumps", "<table>", "<tab", "<s>", "<unk>", "<0x0A>", "<cls>", "\n\n\n", "LLL"]
)  # fmt: skip
anything = st.lists(st.one_of(st.characters(codec="utf-8"), known, spans), max_size=50).map("".join)


@cache
def ours(kind: str) -> SentencePiece:
    return SentencePiece(model(kind), "a test")


def ids(tokenizer: SentencePiece, documents: list[str | None]) -> list[list[int]]:
    column = pa.array(["before", *documents, "after"], pa.large_string()).slice(1, len(documents))
    found, ends = tokenizer.encode(text_of(column))
    return [part.tolist() for part in np.split(found, ends[:-1])] if len(ends) else []


def by_twin(kind: str, text: str) -> list[int]:
    """For models without rules of their own."""
    file = described(model(kind))
    whole = frozenset(piece.text for piece in file.pieces if piece.kind == USER_DEFINED)
    scores = {piece.text: piece.score for piece in file.pieces if piece.kind in (NORMAL, USER_DEFINED)}
    text = twin.read(text, file.dummy_prefix, file.collapse, file.space_behind)
    if KINDS[kind]["model_type"] == "bpe":
        pieces = twin.merged(text, scores, whole)
    else:
        newer = tuple(map(int, sentencepiece.__version__.split(".")[:3])) >= (0, 2, 2)
        unknown = float(np.float32(min(scores.values())) - np.float32(10))
        pieces = twin.added(text, scores, unknown, -1e5 if newer else -np.inf, not newer)
    vocabulary = {piece.text: k for k, piece in enumerate(file.pieces) if piece.text in scores}
    of_byte = [library(kind).piece_to_id(f"<0x{byte:02X}>") for byte in range(256)] if file.byte_fallback else []
    return twin.ids(pieces, vocabulary, library(kind).unk_id(), of_byte)


@settings(max_examples=60, deadline=None)
@given(st.lists(anything, max_size=3), st.sampled_from(["llama", "gemma", "unigram"]))
def test_equals_its_twin(documents: list[str], kind: str) -> None:
    assert ids(ours(kind), documents) == [by_twin(kind, text) for text in documents]


@settings(max_examples=200, deadline=None)
@given(st.lists(anything, max_size=6), st.sampled_from(sorted(KINDS)))
def test_equals_the_library(documents: list[str], kind: str) -> None:
    assert ours(kind).slow is None
    assert ids(ours(kind), documents) == library(kind).encode(documents, num_threads=1)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_texts_of_all_kinds(kind: str) -> None:
    documents = [
        "",
        " ",
        "   ",
        "\x00",
        "a\x00b",
        " a",
        "a ",
        " \u2581 ",
        "\u2581",
        "\t \n",
        TEXT,
        TEXT * 3,
        "\u3000a\u3000",
        "ﷺ ①½",
    ]
    documents += [
        (part * 5000)[:size] for part in ("a", "the ", "汉", " ", "!?", "\n", "\x85") for size in (40, 41, 4097, 5000)
    ]
    blocks = (
        (0, 0x3400),
        (0xAC00, 0xAD00),
        (0xF900, 0x10000),
        (0x1D400, 0x1D500),
        (0x1F000, 0x1F200),
        (0xE0000, 0xE0100),
    )
    points = [c for first, end in blocks for c in range(first, end)]
    documents += [
        " ".join(f"a{chr(c)}b  {chr(c)}\u0301" for c in points[k : k + 64]) for k in range(0, len(points), 64)
    ]
    assert ids(ours(kind), documents) == library(kind).encode(documents, num_threads=1)


@pytest.mark.parametrize("kind", ["llama", "gemma", "unigram", "t5"])
def test_nothing_and_nulls_and_slices_and_split_batches(kind: str) -> None:
    assert ids(ours(kind), [None, "", None]) == [[], [], []]
    assert ids(ours(kind), []) == []
    documents = [TEXT[k : k + 17] for k in range(0, len(TEXT), 5)]
    expected = library(kind).encode(documents, num_threads=1)
    for parts in (1, 3):
        cut = [ids(SentencePiece(model(kind), "a test"), documents[k::parts]) for k in range(parts)]
        assert [cut[k % parts][k // parts] for k in range(len(documents))] == expected
    for text in ("汉字 😀 \x07 the", TEXT):
        if "byte_fallback" in KINDS[kind]:
            assert ours(kind).decode(np.array(ids(ours(kind), [text])[0], np.int32)) == text
    assert ours(kind).id_of("<unk>") == library(kind).unk_id()
    assert ours(kind).id_of("no piece") is None
    assert ours(kind).size == library(kind).vocab_size()


@pytest.mark.parametrize("kind", ["unigram", "t5", "unigram across"])
def test_near_paths_of_long_texts(kind: str) -> None:
    words = random.Random(5)
    tied = ["LLL", "!!!!", "aaaa", "ee", "that", "12", "3,4", "汉汉", "------", "foxes", "the", "über", "    "]
    document = " ".join(words.choice(tied) + words.choice(tied) for _ in range(130_000))
    assert len(document) > 1_000_000
    assert ids(ours(kind), [document, "LLL", document[:300_000]]) == library(kind).encode(
        [document, "LLL", document[:300_000]], num_threads=1
    )


@pytest.mark.parametrize("kind", ["llama", "unigram"])
def test_a_megabyte_without_a_cut_takes_linear_time(kind: str) -> None:
    seconds = {}
    ids(ours(kind), ["x"])
    for size in (1 << 17, 1 << 20):
        start = time.process_time()
        ids(ours(kind), [("quickbrown" * size)[:size], "a" * size])
        seconds[size] = time.process_time() - start
    assert seconds[1 << 20] < 40 * seconds[1 << 17] + 0.5


def test_models_that_do_not_fit_say_why() -> None:
    pb = pytest.importorskip("sentencepiece.sentencepiece_model_pb2", reason="edits models with the package's protobuf")
    texts = ["the fox", "汉字 the  dog\n", "", "x" * 50]

    def edited(kind: str, edit: str) -> tuple[SentencePiece, list[list[int]]]:
        proto = pb.ModelProto.FromString(model(kind))
        pieces = [piece for piece in proto.pieces if piece.type == 1 and len(piece.piece) > 1]
        if edit == "unused":
            for piece in pieces[::3]:
                piece.type = 5
        elif edit == "word":
            proto.trainer_spec.model_type = 3
        elif edit == "unescaped":
            proto.normalizer_spec.escape_whitespaces = False
        elif edit == "above":
            pieces[0].score = 1.0
        else:  # letters that stand in pieces and are none themselves; scores that are all alike
            for piece in proto.pieces:
                if piece.piece in "eht":
                    piece.piece = f"@{piece.piece}@"
                elif piece.type == 1 and len(piece.piece) > 1:
                    piece.score = -1.0
        content = proto.SerializeToString()
        expected = sentencepiece.SentencePieceProcessor(model_proto=content).encode(texts, num_threads=1)
        return SentencePiece(content, "a test"), expected

    for kind, edit, slow in (
        ("llama", "unused", "it is a BPE model with unused pieces"),
        ("unigram", "unused", None),
        ("t5", "word", "it is neither a BPE nor a unigram model"),
        ("bpe", "unescaped", "it does not escape white space"),
        ("unigram", "above", "it has scores above 0"),
        ("llama", "letters", None),
        ("bpe", "letters", None),
        ("t5", "letters", None),
    ):
        tokenizer, expected = edited(kind, edit)
        assert (kind, edit, tokenizer.slow) == (kind, edit, slow)
        assert ids(tokenizer, texts) == expected, (kind, edit)
    with pytest.raises(ValueError):
        SentencePiece(b"\nno model", "a test")


def test_without_the_compiler() -> None:
    code = (
        "from tests.core.test_sentencepiece_model import ids, library, ours\n"
        "texts = ['It\\'s 12,345  \\u6c49\\u5b57\\r\\n\\x00 caf\\u00e9', '', 'a' * 60, '\\t\\tfox LLL!!!!', '\\ufdfa \\u2581']\n"
        "for kind in ('llama', 'gemma', 'bpe', 't5', 'unigram'):\n"
        "    assert ids(ours(kind), texts) == library(kind).encode(texts, num_threads=1)"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": "."}
    )
