"""Text to vectors as fastText does it: the sum of the rows of all words, character n-grams and word n-grams.

A word's own rows are summed once and kept: 2^16 slots by the word's hash, the newest word wins. On the bulk corpus
95 of 100 words are found there, and adding 16 numbers is left of hashing some 20 n-grams. A word's sum is the same
whether it was kept or made anew, so no answer depends on what else is in the batch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]

FREE = -1
SPACES = 1 << 0 | 1 << 9 | 1 << 10 | 1 << 11 | 1 << 12 | 1 << 13 | 1 << 32  # NUL, tab to carriage return, blank
FNV_START, FNV_PRIME, LOW = 2166136261, 16777619, 0xFFFFFFFF
WORD_NGRAM = np.uint64(116049371)
EOS, EOS_HASH = np.frombuffer(b"</s>", np.uint8), 3617362777  # ends a line
LABEL = np.frombuffer(b"__label__", np.uint8)  # begins a label's name; no model file says otherwise
BEGIN, END = 60, 62  # < and > stand around a word when it is cut into n-grams

START, STOP, ROWS, HASH = 0, 1, 2, 3  # what a slot knows of its word
NOT_A_WORD = -1  # rows of a label's name, which fastText passes over
KEPT_WORDS, KEPT_NUMBERS = 1 << 16, 1 << 22


class Words(NamedTuple):
    """What turns text to a vector; entry i of the dictionary is `letters[starts[i]:starts[i + 1]]`, its row is row i."""

    slots: Int32s
    starts: Int64s
    letters: Bytes
    n_words: int  # entries from here on are labels
    end: int  # the entry </s>, or FREE
    minn: int
    maxn: int
    bucket: int
    word_ngrams: int
    present: Bytes  # of a pruned model: a bit for every bucket that was kept; else empty, and bucket b is row n_words + b
    bucket_rows: Int32s  # of a pruned model: the row of a bucket
    matrix: Floats
    codes: Bytes
    norms: Floats
    centroids: Floats


@inlined
def hashed(h: int, byte: int) -> int:
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
def is_entry(entry: int, data: Bytes, start: int, stop: int, starts: Int64s, letters: Bytes) -> bool:
    """Is this dictionary entry spelled so?"""
    at = starts[entry]
    return starts[entry + 1] - at == stop - start and same(data, start, letters, at, stop - start)


@inlined
def find_slot(data: Bytes, start: int, stop: int, h: int, slots: Int32s, starts: Int64s, letters: Bytes) -> int:
    """The slot of a dictionary entry, or the free one it may take."""
    mask = len(slots) - 1
    slot = h & mask
    while slots[slot] != FREE and not is_entry(slots[slot], data, start, stop, starts, letters):
        slot = (slot + 1) & mask
    return slot


@kernel
def fill_slots(starts: Int64s, letters: Bytes, slots: Int32s) -> None:
    """Enter all entries; of two equal ones the later counts, as in the library."""
    for entry in range(len(starts) - 1):
        h = FNV_START
        for i in range(starts[entry], starts[entry + 1]):
            h = hashed(h, np.int64(letters[i]))
        slots[find_slot(letters, starts[entry], starts[entry + 1], h, slots, starts, letters)] = entry


@inlined
def add_rows(
    rows: Int32s, n: int, matrix: Floats, codes: Bytes, norms: Floats, centroids: Floats, sums: Floats, at: int
) -> None:
    """Add the vectors of n rows to sums[at]; codes are multiplied out on the way."""
    # One loop with the choice inside: of two loops the compiler kept the reference counts, a tenth of all time.
    whole = len(matrix) > 0
    step = max(centroids.shape[2], 1)
    for r in range(n):
        row = rows[r]
        if whole:
            for k in range(sums.shape[1]):
                sums[at, k] += matrix[row, k]
        else:
            for k in range(sums.shape[1]):
                part = k // step
                sums[at, k] += norms[row] * centroids[part, np.int64(codes[row, part]), k - part * step]


@inlined
def row_of(bucket: int, first: int, present: Bytes, bucket_rows: Int32s) -> int:
    """The row of a bucket, FREE if it was pruned.

    lid.176.ftz keeps 43,000 of 2 million buckets: their bits fit a core's cache, the 8 MB of rows do not.
    """
    if len(present) == 0:
        return first + bucket
    if not present[bucket >> 3] >> (bucket & 7) & 1:
        return FREE
    return np.int64(bucket_rows[bucket])


@inlined
def remainder(h: int, n: int, inverse: float) -> int:
    """h modulo n for h below 2^32, `inverse` being 1 / n: a third of a division's time."""
    rest = h - np.int64(h * inverse) * n
    if rest < 0:
        return rest + n
    return rest if rest < n else rest - n


@inlined
def subword_rows(
    data: Bytes, start: int, stop: int, at: int, minn: int, maxn: int, bucket: int, first: int, present: Bytes,
    bucket_rows: Int32s, rows: Int32s, n: int,
) -> tuple[int, int]:  # fmt: skip
    """Note the rows of a word's n-grams that begin at `at` (start - 1 is the < before it) or later, after n others.

    Stops when `rows` is full; how many it holds then, and where to go on.
    """
    inverse = 1 / max(bucket, 1)
    room = len(rows) - maxn
    while at < stop and n <= room:
        h = FNV_START
        i = at
        at += 1
        size = 0
        if i < start:
            h = hashed(h, BEGIN)
            size = 1  # alone it is no n-gram
            i = start
        elif data[i] & 0xC0 == 0x80:
            continue
        while i < stop and size < maxn:
            h = hashed(h, np.int64(data[i]))
            i += 1
            while i < stop and data[i] & 0xC0 == 0x80:
                h = hashed(h, np.int64(data[i]))
                i += 1
            size += 1
            if size >= minn:
                rows[n] = row_of(remainder(h, bucket, inverse), first, present, bucket_rows)
                n += rows[n] != FREE
        if i == stop and minn <= size + 1 <= maxn:
            rows[n] = row_of(remainder(hashed(h, END), bucket, inverse), first, present, bucket_rows)
            n += rows[n] != FREE
    return n, at


@inlined
def word_ngram_rows(
    h: int, before: int, runs: Hashes, bucket: int, first: int, present: Bytes, bucket_rows: Int32s, rows: Int32s
) -> int:
    """Note the rows of the n-grams that end in this word; `runs[k]` is the hash of the last k + 1 words."""
    signed = np.uint64(h | -(h & 0x80000000))  # fastText keeps hashes of words as signed 32 bits
    n = 0
    for k in range(min(before, len(runs) - 1), 0, -1):
        runs[k] = runs[k - 1] * WORD_NGRAM + signed
        rows[n] = row_of(np.int64(runs[k] % np.uint64(bucket)), first, present, bucket_rows)
        n += rows[n] != FREE
    runs[0] = signed
    return n


@kernel
def sum_documents(
    offsets: Int64s, data: Bytes, slots: Int32s, starts: Int64s, letters: Bytes, n_words: int, end: int, minn: int,
    maxn: int, bucket: int, word_ngrams: int, present: Bytes, bucket_rows: Int32s, matrix: Floats, codes: Bytes,
    norms: Floats, centroids: Floats, kept: Int64s, kept_sums: Floats, sums: Doubles, counts: Int64s,
) -> None:  # fmt: skip
    """Fill sums[document] with the sum of its vectors and counts[document] with their number."""
    mask = len(kept) - 1
    dim = sums.shape[1]
    rows = np.empty(1024 + max(maxn, word_ngrams), np.int32)
    runs = np.zeros(word_ngrams, np.uint64)
    between = np.zeros((1, dim), np.float32)  # what is no word's own: n-grams with others, the end of the line
    for d in range(len(offsets) - 1):
        sums[d, :] = 0
        total = before = 0
        i = offsets[d]
        stop = offsets[d + 1]
        while i < stop:
            byte = np.int64(data[i])
            if byte <= 32 and SPACES >> byte & 1:
                i += 1
                continue
            start = i
            h = FNV_START
            while byte > 32 or not SPACES >> byte & 1:
                h = hashed(h, byte)
                i += 1
                if i == stop:
                    break
                byte = np.int64(data[i])
            if h == EOS_HASH and i - start == len(EOS) and same(data, start, EOS, 0, len(EOS)):
                break  # fastText reads no further than the mark that ends a line

            slot = (h ^ h >> 16) & mask
            at = kept[slot, START]
            if kept[slot, HASH] != h or kept[slot, STOP] - at != i - start or not same(data, at, data, start, i - start):
                kept[slot, START] = start
                kept[slot, STOP] = i
                kept[slot, HASH] = h
                kept[slot, ROWS] = 0
                for k in range(dim):
                    kept_sums[slot, k] = 0
                entry = np.int64(slots[find_slot(data, start, i, h, slots, starts, letters)])
                label = i - start >= len(LABEL) and same(data, start, LABEL, 0, len(LABEL))
                n = 0
                if entry >= n_words or (entry == FREE and label):
                    kept[slot, ROWS] = NOT_A_WORD
                else:
                    if entry != FREE:
                        rows[0] = entry
                        n = 1
                    at = start - 1 if maxn > 0 else i
                    while True:
                        n, at = subword_rows(
                            data, start, i, at, minn, maxn, bucket, n_words, present, bucket_rows, rows, n
                        )
                        add_rows(rows, n, matrix, codes, norms, centroids, kept_sums, slot)
                        kept[slot, ROWS] += n
                        n = 0
                        if at == i:
                            break
            if kept[slot, ROWS] == NOT_A_WORD:
                continue
            total += kept[slot, ROWS]
            for k in range(dim):
                sums[d, k] += kept_sums[slot, k]
            if word_ngrams > 1:
                between[0, :] = 0
                n = word_ngram_rows(h, before, runs, bucket, n_words, present, bucket_rows, rows)
                add_rows(rows, n, matrix, codes, norms, centroids, between, 0)
                total += n
                for k in range(dim):
                    sums[d, k] += between[0, k]
                before += 1
        n = word_ngram_rows(EOS_HASH, before, runs, bucket, n_words, present, bucket_rows, rows)
        if end != FREE:
            rows[n] = end
            n += 1
        between[0, :] = 0
        add_rows(rows, n, matrix, codes, norms, centroids, between, 0)
        for k in range(dim):
            sums[d, k] += between[0, k]
        counts[d] = total + n


def document_sums(offsets: Int64s, data: Bytes, words: Words) -> tuple[Doubles, Int64s]:
    """For each document the sum of its vectors and how many they are."""
    n, dim = len(offsets) - 1, words.matrix.shape[1]
    # A batch of a few short texts need not pay for 2^16 slots.
    size = min(KEPT_WORDS, KEPT_NUMBERS // dim, max(16, int(offsets[-1] - offsets[0]) // 4))
    slots = 1 << max(size.bit_length() - 1, 0)
    kept = np.zeros((slots, 4), np.int64)
    sums, counts = np.empty((n, dim)), np.empty(n, np.int64)
    sum_documents(offsets, data, *words, kept, np.empty((slots, dim), np.float32), sums, counts)
    return sums, counts
