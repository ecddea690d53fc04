"""Hashed n-grams of documents, their counts, and the log-ratio of two counts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.arrow.scatter import scatter_column
from datapipe.arrow.text import text_of
from datapipe.kernels.hashed_ngrams import hashed_ngrams, point_table, sums
from datapipe.kernels.sha256 import BUCKETS

Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Buckets = npt.NDArray[np.uint16]

SMOOTHING = 1e-8  # added to each probability, as the package does
AT_ONCE = 8 << 20  # characters of a target that are counted at once


def buckets_of(column: pa.Array, marks: bool) -> tuple[Int64s, Buckets]:
    """Buckets of the words and pairs of words of each text, as `(offsets, buckets)`: n words have 2n - 1, a null none.

    marks  whether marks are of words, see `point_table`

    The kernel lowers a code point at a time; only I with a dot gives two, and only sigma looks at its neighbours.
    """
    special = pc.fill_null(pc.match_substring_regex(column, "[Σİ]"), False)
    rows = np.flatnonzero(special.to_numpy(zero_copy_only=False))
    if len(rows):
        lowered = [text.lower() for text in column.take(pa.array(rows)).to_pylist()]
        column = scatter_column(column, rows, pa.array(lowered, column.type))
    text = text_of(column)
    return hashed_ngrams(text.offsets, text.data, point_table(marks))


def words_in(offsets: Int64s) -> Int64s:
    """The words of each document of `buckets_of`."""
    return (np.diff(offsets) + 1) // 2


def counts_of(column: pa.Array, marks: bool) -> Int64s:
    """How often each bucket occurs in all texts together."""
    return np.bincount(buckets_of(column, marks)[1], minlength=BUCKETS).astype(np.int64)


def counts_of_texts(texts: Iterable[str], marks: bool) -> Int64s:
    """As `counts_of`, of texts as they come."""
    counts = np.zeros(BUCKETS, np.int64)
    held: list[str] = []
    size = 0
    for text in texts:
        held.append(text)
        size += len(text)
        if size >= AT_ONCE:
            counts += counts_of(pa.array(held, pa.large_string()), marks)
            held, size = [], 0
    return counts + counts_of(pa.array(held, pa.large_string()), marks)


def log_ratio(target: Int64s, corpus: Int64s) -> Numbers:
    """For each bucket log(its share of the target) - log(its share of the corpus), both smoothed."""
    shares = [counts / max(int(counts.sum()), 1) + SMOOTHING for counts in (target, corpus)]
    return np.asarray(np.log(shares[0]) - np.log(shares[1]))


def log_weights(offsets: Int64s, buckets: Buckets, ratio: Numbers) -> Numbers:
    """The log-importance weight of each document: the sum of its n-grams' log-ratios, in the order of the text."""
    return sums(offsets, buckets, ratio)
