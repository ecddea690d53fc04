"""Training's kernels against plain Python, byte by byte of the model's file."""

from __future__ import annotations

from collections import Counter as Counts
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from datapipe.arrow.text import text_of
from datapipe.engine.training.fasttext import FastTextSettings, train_fasttext
from datapipe.engine.training.fasttext_dictionary import Counter
from datapipe.kernels.fasttext_random import choose, fill_uniform
from datapipe.kernels.fasttext_words import FREE
from tests.reference import fasttext_training as reference

PIECES = [
    "the",
    "old",
    "bridge",
    "winter",
    "Brücke",
    "в",
    "мост",
    "市議会は火曜日",
    "é",
    "e\u0301",
    "a",
    "ab",
    "🙂",
    "<",
    ">",
]
PIECES += [
    "</s>",
    "</s>x",
    "__label__",
    "__label__a",
    "x__label__a",
    "\0",
    "\n",
    "\u3000",
    "\u00a0",
    "long" * 30,
    "\r\n",
]
BLANKS = [" ", "  ", "\t", "\0", "\v", "\f", " \n "]
NAMES = ["a", "b", "ü", "four", "市"]

SETTINGS = {
    "words alone": {},
    "pairs of words": {"word_ngrams": 2, "bucket": 50},
    "n-grams of both": {"word_ngrams": 3, "bucket": 64, "minn": 2, "maxn": 4},
    "single characters": {"minn": 1, "maxn": 1, "bucket": 7, "loss": "hs"},
    "from nothing on": {"minn": 0, "maxn": 2, "bucket": 31, "loss": "ova"},
    "rare words go": {"min_count": 4, "word_ngrams": 2, "bucket": 9, "loss": "hs"},
    "even </s> goes": {"min_count": 60, "word_ngrams": 2, "bucket": 40},
    "steep": {"lr": 3.0, "lr_update_rate": 0, "loss": "ova", "epoch": 3},
    "long steps": {"lr": 1.0, "lr_update_rate": 10_000, "epoch": 1, "seed": 2**31 - 3},
    "tree": {"lr": 2.0, "loss": "hs", "seed": 7, "epoch": 4},
}


def made(seed: int, n: int = 40) -> tuple[list[str], list[list[str]]]:
    random = np.random.default_rng(seed)
    texts, labels = [], []
    for _ in range(n):
        size = int(random.integers(0, 12))
        texts.append("".join(str(random.choice(PIECES)) + str(random.choice(BLANKS)) for _ in range(size)))
        labels.append([NAMES[k] for k in random.permutation(len(NAMES))[: 1 + int(random.integers(0, 3))]])
    return [*texts, "the end", "one two"], [*labels, NAMES, ["b"]]


@pytest.mark.parametrize("kind", SETTINGS)
def test_the_file_is_that_of_plain_python(kind: str, tmp_path: Path) -> None:
    for seed in range(3):
        settings = FastTextSettings(**{"dim": 9, **SETTINGS[kind]})  # type: ignore[arg-type]
        texts, labels = made(seed)
        train_fasttext(texts, labels, tmp_path / "model.bin", settings, lambda _: None)
        found, expected = (tmp_path / "model.bin").read_bytes(), reference.trained(texts, labels, settings)
        numbers = 4 * settings.dim * len(NAMES)
        assert found[:-numbers] == expected[:-numbers]
        assert found == expected


def test_the_dictionary_grows_and_holds_every_word() -> None:
    random = np.random.default_rng(3)
    words = [f"w{n}" for n in random.zipf(1.3, 60_000).tolist()] + ["x" * 300_000]
    texts = [" ".join(words[i : i + 50]) for i in range(0, len(words), 50)]
    counter = Counter()
    found = counter.add(text_of(pa.array(texts)))
    assert found.tolist() == [len(text.split()) for text in texts]
    dictionary = counter.finish(2)
    expected = Counts([word for text in texts for word in [*text.split(), "</s>"]])
    spelled = [
        dictionary.letters[a:b].tobytes().decode()
        for a, b in zip(dictionary.starts, dictionary.starts[1:], strict=False)
    ]
    assert list(zip(spelled, dictionary.counts.tolist(), strict=True)) == [
        item for item in reference.by_count(expected) if item[1] >= 2
    ]
    assert spelled[dictionary.end] == "</s>"
    assert counter.least == 1


def test_past_the_most_words_the_rarest_are_forgotten() -> None:
    often = [f"often{i}" for i in range(100)]
    texts = [f"{often[i % 100]} {often[i * 7 % 100]} rare{i}" for i in range(30_000)]
    counter = Counter(most=20_000)
    for start in range(0, len(texts), 1000):
        counter.add(text_of(pa.array(texts[start : start + 1000])))
    assert counter.least == 2
    dictionary = counter.finish(10)
    assert len(dictionary.counts) == 101
    assert dictionary.counts.sum() == 3 * 30_000
    assert dictionary.end == 0


def test_an_empty_dictionary_has_no_end() -> None:
    counter = Counter()
    counter.add(text_of(pa.array(["a b"])))
    dictionary = counter.finish(2)
    assert len(dictionary.counts) == 0
    assert dictionary.end == FREE


@pytest.mark.parametrize(("rows", "dim", "seed"), [(61, 10, 0), (14, 3, 1), (19, 1, 7), (1, 5, 3), (2, 1, 2**31 - 2)])
def test_the_first_numbers(rows: int, dim: int, seed: int) -> None:
    matrix = np.empty((rows, dim), np.float32)
    fill_uniform(matrix, seed)
    np.testing.assert_array_equal(matrix, reference.uniform(rows, dim, seed))
    assert abs(matrix).max() <= np.float32(1 / dim)


def test_a_choice_is_that_of_plain_python() -> None:
    random = reference.Random(5)
    state = 5
    for n in [*range(1, 50), 2**30, 2**30 + 1, 1_500_000_000] * 4:  # half of the numbers are drawn anew for the last
        expected = random.choice(n)
        found, state = getattr(choose, "py_func", choose)(n, state)
        assert (found, state) == (expected, random.state)
