"""A fastText supervised model trained from labelled texts, by the library's algorithm on one thread."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from datapipe.core.errors import RecipeError
from datapipe.engine.training.fasttext_corpus import write_corpus
from datapipe.engine.training.fasttext_dictionary import Counter
from datapipe.engine.training.fasttext_epochs import train_epochs
from datapipe.engine.training.fasttext_file import write_model
from datapipe.engine.training.fasttext_settings import FastTextSettings
from datapipe.engine.training.lines import described
from datapipe.kernels.fasttext_random import fill_uniform

__all__ = ["FastTextSettings", "train_fasttext"]


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
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".training-", dir=out.parent) as scratch:
        folder, counter = Path(scratch), Counter()
        tell("counting words")
        corpus = write_corpus(folder / "texts", texts, labels, counter)
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
        losses = train_epochs(corpus, dictionary, order, settings, matrix, output, tell)
        counts = [(corpus.labels[i], int(corpus.label_counts[i])) for i in order]
        write_model(folder / "model", settings, dictionary, counts, corpus.tokens, matrix, output)
        (folder / "model").replace(out)
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
