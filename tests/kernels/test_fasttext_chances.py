"""Chances of all labels against the fastText library, on models of every kind and texts of any shape."""

from __future__ import annotations

import io
import threading
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.core.classifier.fasttext import FastText
from datapipe.kernels import fasttext_file
from datapipe.kernels.fasttext_keys import keys_of, slots_by_key
from datapipe.kernels.fasttext_model import read_model
from datapipe.kernels.fasttext_sums import CHUNK, SMALL
from tests.kernels.fasttext_files import ONE_VS_ALL, SOFTMAX, TREE, Made, written
from tests.kernels.test_fasttext import KINDS, TEXTS, WORDS

MORE_KINDS = {
    "softmax of pairs": Made(loss=SOFTMAX, minn=0, maxn=0, word_ngrams=2, bucket=3 * SMALL, labels=2, dim=30),
    "softmax, fewer dimensions": Made(loss=SOFTMAX, minn=0, maxn=0, word_ngrams=2, labels=50, dim=16),
    "one vs all, wide": Made(loss=ONE_VS_ALL, minn=0, maxn=0, word_ngrams=3, labels=21, dim=64),
    "tree, fewer dimensions": Made(loss=TREE, word_ngrams=2, labels=50, dim=16),
    "tree of pairs": Made(loss=TREE, minn=0, maxn=0, word_ngrams=5, bucket=2, labels=5),
    "quantised pairs": Made(loss=SOFTMAX, quantised=True, normed=True, word_ngrams=2, minn=3, maxn=6, labels=3),
    "one label of a tree": Made(labels=1),
}


def chances(model: FastText, texts: list[str]) -> npt.NDArray[np.float64]:
    return model.chances(text_of(pa.array(texts, pa.large_string())))


def loaded(made: Made) -> FastText:
    return FastText(io.BytesIO(written(made)))


def made_texts() -> list[str]:
    """Words known and unknown, marks, white space of all kinds; some longer than a chunk, with words across its end."""
    random = np.random.default_rng(3)
    pieces = [*WORDS, "bridge,", "x", "</s>x", "__label__l1", "__label__new", "naïve", "🙂", "_", "漢字" * 5, "y" * 70]
    blanks = [" ", " ", " ", "  ", "\t", "\n", "\r\n", "\x00", "\x0b\x0c", "\u00a0"]
    out = [*TEXTS, " " * 3 * CHUNK + "old", "old " * CHUNK, "a" * 3 * CHUNK + " old", "</s> old" * 3]
    for size in [*range(CHUNK - 3, CHUNK + 3), 2 * CHUNK - 1, 2 * CHUNK]:
        out.append("the " + "b" * (size - 4) + " old bridge")
        out.append(("ab " * CHUNK)[: size - 5] + " the old bridge")
    for size in random.integers(1, 60, 150).tolist() + random.integers(500, 1500, 6).tolist():
        parts = [str(random.choice(pieces)) + str(random.choice(blanks)) for _ in range(size)]
        if random.random() < 0.1:
            parts.insert(size // 2, "</s> ")
        out.append("".join(parts))
    return out


def expected(predict: Any, labels: tuple[str, ...], text: str) -> npt.NDArray[np.float64]:
    """What the library gives: nothing for labels below 10^-5 of a tree, nothing at all for a text without rows."""
    found = predict(text.replace("\n", " ") + "\n", len(labels), 0.0, "strict")
    row = np.full(len(labels), 0.0 if found else np.nan)
    for chance, label in found:
        row[labels.index(label.removeprefix("__label__"))] = min(chance, 1.0)
    return row


@pytest.mark.parametrize("kind", [*KINDS, *MORE_KINDS])
def test_every_kind_of_model_gives_the_library_s_chances(kind: str, tmp_path: Path) -> None:
    import fasttext

    path = tmp_path / "model.bin"
    path.write_bytes(written({**KINDS, **MORE_KINDS}[kind]._replace(words=WORDS, spread=0.5)))
    with path.open("rb") as stream:
        model = FastText(stream)
    predict = fasttext.load_model(str(path)).f.predict
    texts = made_texts()
    off = np.abs(chances(model, texts) - np.array([expected(predict, model.labels, text) for text in texts]))
    # The library adds rows in 32 bits: of one that comes 20,000 times its sum is off by more than 10^-5.
    limit = np.array([1e-5 if len(text) < 2000 else 3e-5 for text in texts])[:, np.newaxis]
    if model._model.loss in (SOFTMAX, TREE):
        np.testing.assert_array_less(off, np.broadcast_to(limit, off.shape))
    else:  # where a score lies on the border of two cells of the library's table, rounding decides
        assert (off > limit).mean() < 1e-3
        assert off.max() < 1 / 128


def test_a_text_without_any_row_has_no_chances() -> None:
    whole = written(Made(words=("the",), minn=0, maxn=0, bucket=0))
    model = FastText(io.BytesIO(whole.replace(b"</s>\0", b"<us>\0")))
    found = chances(model, ["", "the", "unknown words", " "])
    assert np.isnan(found).all(axis=1).tolist() == [True, False, True, True]
    assert not np.isnan(chances(loaded(Made(minn=0, maxn=0, bucket=0)), ["", "unknown"])).any()


@pytest.mark.parametrize("made", [Made(words=WORDS, word_ngrams=3), Made(words=WORDS, loss=SOFTMAX, minn=0, maxn=0)])
def test_a_text_s_chances_depend_on_nothing_else(made: Made) -> None:
    model, texts = loaded(made), made_texts()
    together = chances(model, texts)
    np.testing.assert_array_equal(together, np.concatenate([chances(loaded(made), [text]) for text in texts]))
    np.testing.assert_array_equal(together, chances(model, texts[::-1])[::-1])
    assert chances(model, []).shape == (0, len(model.labels))


def test_threads_share_a_model() -> None:
    model, texts = loaded(Made(words=WORDS, loss=SOFTMAX)), made_texts()
    alone, found = chances(model, texts), []
    threads = [threading.Thread(target=lambda: found.append(chances(model, texts))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in found:
        np.testing.assert_array_equal(one, alone)


@pytest.mark.parametrize("made", [Made(words=WORDS, padding=3), Made(words=WORDS, padding=3, labels=30, loss=SOFTMAX)])
def test_a_large_matrix_is_projected_or_stays_in_its_file(
    made: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(written(made))
    copied = loaded(made)
    monkeypatch.setattr(fasttext_file, "SHARED", 100)
    with path.open("rb") as stream:
        mapped = FastText(stream)
    assert mapped._model.words.matrix.flags.writeable == (made.labels < made.dim)
    np.testing.assert_array_equal(chances(mapped, list(TEXTS)), chances(copied, list(TEXTS)))


def test_projection_keeps_as_many_numbers_as_must_be_known() -> None:
    shapes = {Made(loss=SOFTMAX, labels=2): 1, Made(loss=TREE, labels=5): 4, Made(loss=ONE_VS_ALL, labels=5): 5}
    for made, columns in (shapes | {Made(loss=SOFTMAX, labels=11): 10, Made(loss=TREE, labels=300): 10}).items():
        assert read_model(io.BytesIO(written(made)), project=True).words.matrix.shape[1] == columns


def test_of_two_equal_entries_the_later_counts() -> None:
    starts, letters = np.array([0, 1, 2, 3]), np.frombuffer(b"aba", np.uint8)
    entries = slots_by_key(keys_of(starts, letters))[:, 1]
    assert sorted(entries[entries >= 0].tolist()) == [1, 2]


def test_words_that_fnv_confuses_are_told_apart() -> None:
    """fastText's own hash is FNV with signed bytes, which gives these two the same 32 bits."""
    words = ".]У".encode()
    keys = keys_of(np.array([0, 2, 4]), np.frombuffer(words, np.uint8))
    assert keys[0] & 0xFFFFFFFF == keys[1] & 0xFFFFFFFF
    assert keys[0] != keys[1]
