"""A text as rows of fastText's input matrix: its words, their character n-grams, and the n-grams of words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_dictionary import LAST, PASSED, WORD, kind_of, next_word, slot_of
from datapipe.kernels.fasttext_words import BEGIN, END, EOS_HASH, FNV_START, FREE, WORD_NGRAM, hashed
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]
Hashes = npt.NDArray[np.uint64]


@inlined
def add_subwords(
    data: Bytes, start: int, stop: int, minn: int, maxn: int, bucket: int, first: int, rows: Int32s, n: int
) -> int:
    """Append the rows of a word's character n-grams, < and > around it; how many rows there are then."""
    for at in range(start - 1, stop):
        if at >= start and data[at] & 0xC0 == 0x80:
            continue
        h = FNV_START
        size = 0
        i = at
        while i <= stop and size < maxn:
            h = hashed(h, END if i == stop else BEGIN if i < start else np.int64(data[i]))
            i += 1
            while i < stop and data[i] & 0xC0 == 0x80:
                h = hashed(h, np.int64(data[i]))
                i += 1
            size += 1
            if size >= minn and not (size == 1 and i <= start):  # a < alone is none
                rows[n] = first + h % bucket
                n += 1
    return n


@inlined
def read_line(
    data: Bytes, i: int, stop: int, slots: Int32s, starts: Int64s, letters: Bytes, hashes: UInt32s, end: int,
    n_words: int, minn: int, maxn: int, word_ngrams: int, bucket: int, rows: Int32s, runs: Hashes,
) -> tuple[int, int]:  # fmt: skip
    """Fill `rows` with those of a text; how many they are, and how many tokens. `runs` is room for its words' hashes."""
    n = 0
    tokens = 0
    kind = WORD
    while kind != LAST:
        start, i, h = next_word(data, i, stop)
        kind = kind_of(data, start, i, h)
        if kind == LAST:
            h = EOS_HASH
            if end != FREE:
                rows[n] = end
                n += 1
        elif kind == WORD:
            entry = slots[slot_of(data, start, i, h, slots, starts, letters, hashes)]
            if entry != FREE:
                rows[n] = entry
                n += 1
            if maxn > 0:
                n = add_subwords(data, start, i, minn, maxn, bucket, n_words, rows, n)
        if kind != PASSED:
            runs[tokens] = np.uint64(np.int64(h | -(h & 0x80000000)))  # as signed 32 bits
            tokens += 1
    if word_ngrams > 1:
        for first in range(tokens):
            run = runs[first]
            for last in range(first + 1, min(first + word_ngrams, tokens)):
                run = run * WORD_NGRAM + runs[last]
                rows[n] = n_words + np.int64(run % np.uint64(bucket))
                n += 1
    return n, tokens


@inlined
def average(matrix: Floats, rows: Int32s, n: int, inverse: np.float32, hidden: Floats) -> None:
    """The mean of a text's rows, added up in their order; four at once take a third of the time."""
    for k in range(len(hidden)):
        hidden[k] = 0
    i = 0
    while i + 4 <= n:
        a = rows[i]
        b = rows[i + 1]
        c = rows[i + 2]
        d = rows[i + 3]
        for k in range(len(hidden)):
            hidden[k] = hidden[k] + matrix[a, k] + matrix[b, k] + matrix[c, k] + matrix[d, k]
        i += 4
    while i < n:
        a = rows[i]
        for k in range(len(hidden)):
            hidden[k] += matrix[a, k]
        i += 1
    for k in range(len(hidden)):
        hidden[k] *= inverse
