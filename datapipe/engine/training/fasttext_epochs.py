"""The epochs of training a fastText classifier: the corpus is read again for each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from datapipe.core.errors import DatapipeError
from datapipe.engine.training.fasttext_corpus import Corpus
from datapipe.engine.training.fasttext_dictionary import Dictionary
from datapipe.engine.training.fasttext_settings import FastTextSettings
from datapipe.kernels.fasttext_dictionary import Bytes, Int32s, Int64s
from datapipe.kernels.fasttext_labels import LOGISTIC
from datapipe.kernels.fasttext_losses import LOGARITHMS
from datapipe.kernels.fasttext_model import Floats, huffman
from datapipe.kernels.fasttext_training import DONE, EXAMPLES, LOSSES, RANDOM, train_texts


def train_epochs(
    corpus: Corpus, dictionary: Dictionary, order: Int64s, settings: FastTextSettings, matrix: Floats, output: Floats,
    tell: Callable[[str], None],
) -> list[float]:  # fmt: skip
    """Train both matrices in place; the mean loss of each epoch. DatapipeError when it diverges.

    order  the corpus's numbers of labels, in the model's order
    """
    s = settings
    number = np.empty(len(order), np.int32)  # of a label in the model, by that in the corpus
    number[order] = np.arange(len(order), dtype=np.int32)
    state = np.zeros(4, np.int64)
    state[RANDOM] = max(s.seed, 1)
    total = s.epoch * corpus.tokens
    fixed: tuple[Any, ...] = (
        *(dictionary.slots, dictionary.starts, dictionary.letters, dictionary.hashes),
        *(dictionary.end, len(dictionary.counts), s.minn, s.maxn, s.word_ngrams, s.buckets),
        *(LOSSES[s.loss], *_paths(corpus.label_counts[order]), LOGISTIC, LOGARITHMS, s.lr, s.lr_update_rate, total),
        *(matrix, output, *_room(corpus.longest, len(order), s), state),
    )
    losses: list[float] = []
    while state[DONE] < total:  # the last few tokens may take it into another round, as they do the library
        loss, before = 0.0, int(state[EXAMPLES])
        for batch in corpus.batches():
            loss += train_texts(*batch.text, batch.label_offsets, number[batch.labels], *fixed)
            if not np.isfinite(loss):
                raise DatapipeError(f"training diverged in epoch {len(losses) + 1}: take a lower lr than {s.lr:g}")
        if len(losses) < s.epoch:
            losses.append(loss / max(int(state[EXAMPLES]) - before, 1))
            tell(f"epoch {len(losses)} of {s.epoch}: loss {losses[-1]:.4f}")
    return losses


def _room(longest: tuple[int, int], labels: int, s: FastTextSettings) -> tuple[Any, ...]:
    """A text's vector and its gradient, the chances of labels, rows and words of the longest text."""
    words, size = longest
    subwords = (size + 2 * words) * (s.maxn - max(s.minn, 1) + 1) if s.maxn else 0
    rows = np.empty((words + 1) * s.word_ngrams + subwords, np.int32)
    vectors = np.zeros(s.dim, np.float32), np.zeros(s.dim, np.float32), np.zeros(labels, np.float32)
    return *vectors, rows, np.empty(words + 1, np.uint64)


def _paths(counts: Int64s) -> tuple[Int64s, Int32s, Bytes]:
    """Of each label the inner nodes from itself to the tree's root, and at which of them it stands on the right."""
    n = len(counts)
    above = {  # of a node its parent, and on which side of it it stands
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
