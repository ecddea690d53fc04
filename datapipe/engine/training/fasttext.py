"""A fastText supervised model trained from labelled texts, by the library's algorithm on one thread."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from datapipe.core.errors import DatapipeError, RecipeError
from datapipe.engine.training.fasttext_corpus import Corpus, write_corpus
from datapipe.engine.training.fasttext_dictionary import Counter, Dictionary
from datapipe.engine.training.fasttext_file import write_model
from datapipe.engine.training.lines import described
from datapipe.kernels.fasttext_labels import LOGISTIC
from datapipe.kernels.fasttext_model import Floats, huffman
from datapipe.kernels.fasttext_training import (
    DONE, EXAMPLES, LOGARITHMS, LOSSES, RANDOM, Bytes, Int32s, Int64s, fill_uniform, train_texts,
)  # fmt: skip

BIGGEST = {"dim": 1 << 16, "bucket": 1 << 28, "word_ngrams": 1 << 8, "maxn": 1 << 8, "seed": (1 << 31) - 1}


@dataclass(frozen=True)
class FastTextSettings:
    """The library's parameters and their defaults; RecipeError for what cannot be trained."""

    lr: float = 0.1
    dim: int = 100
    epoch: int = 5
    min_count: int = 1
    word_ngrams: int = 1
    minn: int = 0
    maxn: int = 0
    bucket: int = 2_000_000
    loss: str = "softmax"  # or ova, hs
    lr_update_rate: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise RecipeError(f"the loss is {self.loss}: it is one of {', '.join(sorted(LOSSES))}")
        if not 0 < self.lr < np.inf:
            raise RecipeError(f"lr is {self.lr}: it is more than 0")
        for name in ("dim", "epoch", "word_ngrams", "bucket", "min_count", "minn", "maxn", "lr_update_rate", "seed"):
            value, least = getattr(self, name), int(name in ("dim", "epoch", "word_ngrams", "bucket"))
            most = BIGGEST.get(name, 1 << 31)
            if not least <= value < most:
                raise RecipeError(f"{name} is {value}: it is at least {least} and below {most:,}")
        if self.minn > self.maxn:
            raise RecipeError(f"minn is {self.minn}, more than maxn, {self.maxn}")

    @property
    def buckets(self) -> int:
        """Rows for n-grams: none where there are no n-grams."""
        return self.bucket if self.word_ngrams > 1 or self.maxn > 0 else 0


def train_fasttext(
    texts: Iterable[str],
    labels: Iterable[Sequence[str]],
    out: Path,
    settings: FastTextSettings,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Train on texts in the order given, write the model to `out` (.bin, version 12); the facts for its card.

    The same texts in the same order give the same bytes. They are read once, kept on disk beside `out`, and never
    shuffled: texts sorted by label make a poor model, so shuffle them before. Memory is that of the input vectors,
    (words + buckets) × dim × 4 bytes, of the dictionary, and of the longest text. A text is a line to the model: </s>
    ends it, words that begin with __label__ are passed over, a text without a word is left out. RecipeError for a text
    without a label, for fewer than two labels and for a label without text; DatapipeError when training diverges.
    Weights equal the library's with one thread up to rounding, but that of words of equal count the first seen goes
    first, where the library's order is its sort's. Joulin et al. 2017; facebookresearch/fastText, src/fasttext.cc.
    """
    with tempfile.TemporaryDirectory(prefix=".training-", dir=out.parent) as scratch:
        counter = Counter()
        tell("reading")
        corpus = write_corpus(Path(scratch) / "texts", texts, labels, counter)
        dictionary = counter.finish(settings.min_count)
        rows = len(dictionary.counts) + settings.buckets
        if not rows:
            raise RecipeError(f"no word occurs {settings.min_count} times: take a lower min_count")
        tell(
            f"{corpus.texts:,} texts, {corpus.words:,} words, {len(dictionary.counts):,} different ones are kept; "
            f"the model takes {rows * settings.dim * 4 / 1e6:,.0f} MB"
        )
        order = np.argsort(-corpus.label_counts, kind="stable")
        matrix = np.empty((rows, settings.dim), np.float32)
        fill_uniform(matrix, settings.seed)
        output = np.zeros((len(order), settings.dim), np.float32)
        losses = _train(corpus, dictionary, order, settings, matrix, output, tell)
    counts = [(corpus.labels[i], int(corpus.label_counts[i])) for i in order]
    write_model(out, settings, dictionary, counts, corpus.tokens, matrix, output)
    return {
        **described(str(out)),
        "texts": corpus.texts,
        "empty": corpus.empty,
        "words": len(dictionary.counts),
        "forgotten_below": counter.least,  # 1: every word was counted from its first occurrence on
        "labels": dict(counts),
        "tokens": corpus.tokens,
        "epochs": settings.epoch,
        "loss": losses[-1],
        "losses": losses,
    }


def _train(
    corpus: Corpus, dictionary: Dictionary, order: Int64s, s: FastTextSettings, matrix: Floats, output: Floats,
    tell: Callable[[str], None],
) -> list[float]:  # fmt: skip
    """Train in place; the mean loss of each epoch."""
    number = np.empty(len(order), np.int32)  # of a label in the model, by that in the corpus
    number[order] = np.arange(len(order), dtype=np.int32)
    words, size = corpus.longest
    subwords = (size + 2 * words) * (s.maxn - max(s.minn, 1) + 1) if s.maxn else 0
    rows = np.empty((words + 1) * s.word_ngrams + subwords, np.int32)
    room = (*(np.zeros(s.dim, np.float32) for _ in range(2)), np.zeros(len(order), np.float32))
    state = np.zeros(4, np.int64)
    state[RANDOM] = max(s.seed, 1)
    total = s.epoch * corpus.tokens
    how = s.minn, s.maxn, s.word_ngrams, s.buckets, LOSSES[s.loss]
    numbers = *_paths(corpus.label_counts[order]), LOGISTIC, LOGARITHMS, s.lr, s.lr_update_rate, total
    entries = dictionary[:4], dictionary.end, len(dictionary.counts)
    losses: list[float] = []
    while state[DONE] < total:  # what is left of the last tokens goes on into another round, as in the library
        loss, before = 0.0, int(state[EXAMPLES])
        for batch in corpus.batches():
            loss += train_texts(
                *batch.text, batch.label_offsets, number[batch.labels], *entries[0], *entries[1:], *how, *numbers,
                matrix, output, *room, rows, np.empty(words + 1, np.uint64), state,
            )  # fmt: skip
            if not np.isfinite(loss):
                raise DatapipeError(f"training diverged in epoch {len(losses) + 1}: take a lower lr than {s.lr}")
        if len(losses) < s.epoch:
            losses.append(loss / max(int(state[EXAMPLES]) - before, 1))
            tell(f"epoch {len(losses)} of {s.epoch}: loss {losses[-1]:.4f}")
    return losses


def _paths(counts: Int64s) -> tuple[Int64s, Int32s, Bytes]:
    """Of each label the inner nodes from itself to the tree's root, and at which of them it stands on the right."""
    n = len(counts)
    above = {
        int(child): (node, side)
        for node, children in enumerate(huffman(counts.tolist()))
        for side, child in enumerate(children)
    }
    starts, nodes, sides = [0], [], []
    for label in range(n):
        at = label
        while at in above:
            node, side = above[at]
            nodes.append(node)
            sides.append(side)
            at = n + node
        starts.append(len(nodes))
    return np.array(starts, np.int64), np.array(nodes, np.int32), np.array(sides, np.uint8)
