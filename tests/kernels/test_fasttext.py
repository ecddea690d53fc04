"""The scorer against the fastText library, on models of every kind."""

from __future__ import annotations

import contextlib
import io
import time
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.kernels import fasttext_file
from datapipe.kernels.fasttext_keys import keys_of, slots_by_key
from datapipe.kernels.fasttext_labels import NONE, best_labels
from datapipe.kernels.fasttext_model import Model, huffman, read_model
from datapipe.kernels.fasttext_sums import scratch_for, text_sums
from datapipe.kernels.shares import line_offsets, shares_of
from tests.kernels.fasttext_files import NEGATIVE_SAMPLING, ONE_VS_ALL, SOFTMAX, Made, written

WORDS = ("the", "old", "bridge", "winter", "Brücke", "в", "мост", "市議会は火曜日", "__label__", "é", "ab")
TEXTS = (
    "the old bridge",
    "the old bridge before the winter floods the old bridge",
    "Der Stadtrat beschloss, die alte Brücke neu zu bauen.",
    "восстановить старый мост до наступления зимних паводков",
    "市議会は火曜日 冬の洪水が来る前に古い橋を建て直すことを決めました。",
    "قرر المجلس يوم الثلاثاء",
    "e\u0301te\u0301 🙂🙂 👩‍👩‍👧 é a b",
    "tabs\tand\x0b\x0c\r blanks  \u3000wide\u00a0hard",
    "zero\x00bytes\x00",
    "the </s> old bridge",
    "</s>",
    "</s>x <</s>",
    "__label__l1 the __label__other bridge __label__",
    "",
    "   ",
    "a",
    "long" * 500,
    "the old bridge " * 200,
)
KINDS = {
    "tree": Made(),
    "negative sampling": Made(loss=NEGATIVE_SAMPLING),
    "softmax": Made(loss=SOFTMAX),
    "one vs all": Made(loss=ONE_VS_ALL),
    "words alone": Made(minn=0, maxn=0, bucket=0),
    "single characters": Made(loss=SOFTMAX, minn=1, maxn=1),
    "long n-grams": Made(minn=3, maxn=6, loss=SOFTMAX),
    "pairs of words": Made(minn=0, maxn=0, word_ngrams=2, loss=SOFTMAX),
    "n-grams of both": Made(word_ngrams=5, loss=ONE_VS_ALL),
    "quantised": Made(quantised=True),
    "quantised with norms": Made(quantised=True, normed=True, loss=SOFTMAX),
    "quantised output": Made(quantised=True, normed=True, output_quantised=True, loss=SOFTMAX),
    "quantised, odd": Made(quantised=True, dim=16, word_ngrams=3),
    "pruned": Made(quantised=True, normed=True, pruned=100),
    "pruned, words": Made(quantised=True, pruned=100, word_ngrams=3, minn=0, maxn=0),
    "all n-grams pruned": Made(quantised=True, pruned=0, word_ngrams=2),
    "version 11": Made(version=11),
    "two labels": Made(labels=2),
    "many labels": Made(labels=300),
    "one label": Made(labels=1, loss=SOFTMAX),
}


def best(model: Model, texts: list[str], k: int) -> list[list[tuple[str, float]]]:
    text = text_of(pa.array(texts, pa.large_string()))
    slots = slots_by_key(keys_of(model.words.starts, model.words.letters))
    sums, counts = text_sums(*text, model.words, slots, scratch_for(model.words))
    labels, scores = best_labels(sums, counts, model, k)
    return [
        [(model.labels[label], score) for label, score in zip(*row, strict=True) if label != NONE]
        for row in zip(labels.tolist(), scores.tolist(), strict=True)
    ]


def assert_alike(found: list[tuple[str, float]], expected: list[tuple[float, str]]) -> None:
    """Equal scores, and equal labels but where two scores are too near to tell."""
    np.testing.assert_allclose([s for _, s in found], [min(s, 1) for s, _ in expected], rtol=0, atol=1e-4)
    for i, ((label, score), (_, other)) in enumerate(zip(found, expected, strict=True)):
        near = [s for j, (s, _) in enumerate(expected) if j != i and abs(s - score) < 1e-4]
        assert label == other or near or score < 1e-4


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_answers_as_the_library_does(kind: str, tmp_path: Path) -> None:
    import fasttext

    path = tmp_path / "model.bin"
    path.write_bytes(written(KINDS[kind]._replace(words=WORDS)))
    with path.open("rb") as stream:
        model = read_model(stream)
    predict: Any = fasttext.load_model(str(path)).f.predict
    for k in (1, 3):
        for text, found in zip(TEXTS, best(model, list(TEXTS), k), strict=True):
            expected = predict(text + "\n", k, 0.0, "strict")
            assert_alike(found, expected)
            if k == 1 and expected:
                assert found[0][0] == expected[0][1], text


def test_an_answer_depends_on_nothing_else_in_the_batch() -> None:
    model = read_model(io.BytesIO(written(Made(words=WORDS, word_ngrams=2))))
    together = best(model, list(TEXTS) * 3, 2)
    assert together == [best(model, [text], 2)[0] for text in TEXTS] * 3


@pytest.mark.parametrize("padding", [1, 2, 3, 4])
def test_a_large_matrix_stays_in_its_file(padding: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(written(Made(words=WORDS, padding=padding)))
    copied = read_model(io.BytesIO(path.read_bytes()))
    monkeypatch.setattr(fasttext_file, "SHARED", 100)
    with path.open("rb") as stream:
        mapped = read_model(stream)
    assert copied.words.matrix.flags.writeable
    assert not mapped.words.matrix.flags.writeable
    assert best(mapped, list(TEXTS), 2) == best(copied, list(TEXTS), 2)


def test_what_is_not_a_whole_classifier_gets_one_sentence() -> None:
    whole = written(Made(words=WORDS, quantised=True, normed=True, pruned=50))
    read_model(io.BytesIO(whole))
    for cut in [*range(0, 400, 7), *range(400, len(whole), 997), len(whole) - 1]:
        with pytest.raises(ValueError, match=r"^(the file is cut short|it is not a fastText model)"):
            read_model(io.BytesIO(whole[:cut]))
    for bad, sentence in {
        b"\x28\xb5\x2f\xfd" + whole: "it is not a fastText model",
        written(Made(version=13)): "version 13, and 12 is the newest",
        written(Made(kind=1)): "word vectors, not a classifier",
        written(Made(loss=7)): "damaged: it holds loss 7",
        written(Made(maxn=10**6)): "n-grams of 1000000 characters",
        written(Made(bucket=0)): "n-grams without buckets",
        whole[:64] + bytes(4) + whole[68:]: "0 entries, 12 words",
        whole[:92] + b"x" * (1 << 21): "an entry longer than",
    }.items():
        with pytest.raises(ValueError, match=sentence):
            read_model(io.BytesIO(bad))


def test_damage_anywhere_is_a_sentence_or_another_model() -> None:
    whole = written(Made(words=WORDS, quantised=True, normed=True, pruned=50, bucket=200, labels=3, dim=4))
    random = np.random.default_rng(1)
    for _ in range(300):
        broken = bytearray(whole)
        broken[int(random.integers(0, 600))] = int(random.integers(0, 256))
        with contextlib.suppress(ValueError):
            best(read_model(io.BytesIO(bytes(broken))), list(TEXTS[:3]), 1)


def test_the_tree_joins_the_rarest() -> None:
    assert huffman([50, 30, 10, 5]).tolist() == [[3, 2], [4, 1], [5, 0]]
    assert huffman([1, 1, 1, 1]).tolist() == [[3, 2], [1, 0], [4, 5]]
    assert huffman([1]).tolist() == []


@pytest.mark.parametrize("unit", ["word ", "a", "漢", "ab ", "</s", "\n", "x\x00"])
def test_a_document_of_one_thing_takes_time_in_proportion(unit: str) -> None:
    model = read_model(io.BytesIO(written(Made(words=WORDS, word_ngrams=2))))
    best(model, ["compile"], 1)
    text = unit * (2_000_000 // len(unit.encode()))
    began = time.process_time()
    best(model, [text], 1)
    assert time.process_time() - began < 5  # a quadratic step would take minutes


def test_lines_are_joined_by_their_letters() -> None:
    text = text_of(pa.array(["ab\ncdef\n\nab", "", "x", "\n", "q\nr"], pa.large_string()))
    lines = line_offsets(*text)
    assert lines.tolist() == [0, 3, 9, 11, 12, 13, 15, 16]
    letters = np.array([2, 4, 2, 1, 0, 1, 1])
    labels = np.array([7, 5, 7, 5, NONE, 8, 2], np.int32)
    scores = np.array([0.5, 0.5, 1, 1, 0, 0.25, 0.5])
    assert line_offsets(*text_of(pa.array(["\n", "\n\n\n", ""]))).tolist() == [0, 1, 4]
    assert line_offsets(*text_of(pa.array(["x", "", "a\nb"])[1:])).tolist() == [1, 3, 4]
    assert line_offsets(*text_of(pa.array([], pa.string()))).tolist() == [0]
    shares = shares_of(text.offsets, lines, letters, labels, scores)
    assert shares.ends.tolist() == [0, 2, 2, 3, 3, 5]
    assert shares.labels.tolist() == [5, 7, 5, 2, 8]
    assert shares.shares.tolist() == [0.5, 0.5, 1, 0.5, 0.5]
    assert shares.first.tolist() == [5, NONE, 5, NONE, 2]
    assert shares.score.tolist() == [0.25, 0, 1, 0, 0.25]
