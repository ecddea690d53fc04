"""What fastText takes for a word, and the rows of its character n-grams."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]

FREE = -1
SPACES = 1 << 0 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 32  # NUL, tab to carriage return, blank
FNV_START, FNV_PRIME, LOW = 2166136261, 16777619, 0xFFFFFFFF
WORD_NGRAM = np.uint64(116049371)
EOS, EOS_HASH = np.frombuffer(b"</s>", np.uint8), 3617362777  # ends a line
LABEL = np.frombuffer(b"__label__", np.uint8)  # begins a label's name; no model file says otherwise
BEGIN, END = 60, 62  # < and > stand around a word when it is cut into n-grams


class Words(NamedTuple):
    """What turns text to a vector; entry i of the dictionary is `letters[starts[i]:starts[i + 1]]`, its row is row i."""

    starts: Int64s
    letters: Bytes
    n_words: int  # entries from here on are labels
    minn: int
    maxn: int
    bucket: int
    present: (
        Bytes  # of a pruned model: a bit for every bucket that was kept; else empty, and bucket b is row n_words + b
    )
    bucket_rows: Int32s  # of a pruned model: the row of a bucket
    matrix: Floats
    word_ngrams: int
    end: int  # the entry </s>, or FREE


@inlined
def hashed(h: Any, byte: Any) -> Any:
    """One step of FNV-1a in 32 bits; fastText widens the byte with its sign, and its models depend on that."""
    return ((h ^ (byte | -(byte & 128))) & LOW) * FNV_PRIME & LOW


@inlined
def same(a: Bytes, start: int, b: Bytes, other: int, size: int) -> bool:
    """Are these bytes equal?"""
    k = 0
    while k < size and a[start + k] == b[other + k]:
        k += 1
    return k == size


@inlined
def row_of(h: int, bucket: int, inverse: float, first: int, present: Bytes, bucket_rows: Int32s) -> int:
    """The row of an n-gram's bucket, h modulo `bucket`; FREE if it was pruned.

    A product with 1 / bucket takes a third of a division's time. lid.176.ftz keeps 43,000 of 2 million buckets: their
    bits fit a core's cache, the 8 MB of rows do not.
    """
    rest = h - int(h * inverse) * bucket
    if rest < 0:
        rest += bucket
    elif rest >= bucket:
        rest -= bucket
    if len(present) == 0:
        return first + rest
    if not present[rest >> 3] >> (rest & 7) & 1:
        return FREE
    return int(bucket_rows[rest])


@inlined
def add_ngrams(
    data: Bytes, start: int, stop: int, minn: int, maxn: int, bucket: int, first: int, present: Bytes,
    bucket_rows: Int32s, matrix: Floats, sums: Doubles, slot: int,
) -> int:  # fmt: skip
    """Add the rows of a word's n-grams, < and > around it, to sums[slot]; how many they are."""
    inverse = 1 / max(bucket, 1)
    rows = 0
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
                row = row_of(h, bucket, inverse, first, present, bucket_rows)
                if row != FREE:
                    rows += 1
                    for k in range(matrix.shape[1]):
                        sums[slot, k] += matrix[row, k]
    return rows
