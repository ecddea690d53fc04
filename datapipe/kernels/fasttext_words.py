"""Text to vectors as fastText does it: the sum of the rows of all words, character n-grams and word n-grams.

A word's own rows are summed once and kept: 2^16 slots by the word's hash, the newest word wins. On the bulk corpus
95 of 100 words are found there, and adding 16 numbers is left of hashing some 20 n-grams. A word's sum is the same
whether it was kept or made anew, so no answer depends on what else is in the batch.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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


def fnv(h: Any, byte: Any) -> Any:
    """One step of FNV-1a in 32 bits; fastText widens the byte with its sign, and its models depend on that."""
    return ((h ^ (byte | -(byte & 128))) & LOW) * FNV_PRIME & LOW


hashed = inlined(fnv)


@inlined
def same(a: Bytes, start: int, b: Bytes, other: int, size: int) -> bool:
    """Are these bytes equal?"""
    k = 0
    while k < size and a[start + k] == b[other + k]:
        k += 1
    return k == size


@inlined
def entry_of(data: Bytes, start: int, stop: int, h: int, slots: Int32s, starts: Int64s, letters: Bytes) -> int:
    """The dictionary entry spelled so, or FREE."""
    mask = len(slots) - 1
    slot = h & mask
    while slots[slot] != FREE:
        at = starts[slots[slot]]
        if starts[slots[slot] + 1] - at == stop - start and same(data, start, letters, at, stop - start):
            break
        slot = (slot + 1) & mask
    return int(slots[slot])


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
    bucket_rows: Int32s, matrix: Floats, sums: Floats | Doubles, slot: int,
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


@inlined
def add_word_ngrams(
    h: int, before: int, runs: Hashes, bucket: int, first: int, present: Bytes, bucket_rows: Int32s, matrix: Floats,
    sums: Doubles, d: int,
) -> int:  # fmt: skip
    """Add the rows of the n-grams that end in this word; `runs[k]` becomes the hash of the last k + 1 words."""
    signed = np.uint64(np.int64(h | -(h & 0x80000000)))  # fastText keeps hashes of words as signed 32 bits
    rows = 0
    for k in range(min(before, len(runs) - 1), 0, -1):
        runs[k] = runs[k - 1] * WORD_NGRAM + signed
        row = row_of(int(runs[k] % np.uint64(bucket)), bucket, 0.0, first, present, bucket_rows)
        if row != FREE:
            rows += 1
            for c in range(matrix.shape[1]):
                sums[d, c] += matrix[row, c]
    runs[0] = signed
    return rows


@kernel
def sum_documents(
    offsets: Int64s, data: Bytes, slots: Int32s, starts: Int64s, letters: Bytes, n_words: int, minn: int, maxn: int,
    bucket: int, present: Bytes, bucket_rows: Int32s, matrix: Floats, runs: Hashes | None, kept: Int64s, kept_sums: Floats,
    sums: Doubles, counts: Int64s,
) -> None:  # fmt: skip
    """Add to sums[document] its vectors and to counts[document] their number; the last kept word is </s>."""
    line_end = len(kept) - 1
    for d in range(len(offsets) - 1):
        before = 0  # words
        i = offsets[d]
        stop = offsets[d + 1]
        slot = 0
        while slot != line_end:
            while i < stop and data[i] <= 32 and SPACES >> np.int64(data[i]) & 1:
                i += 1
            start = i
            h = FNV_START
            while i < stop:
                byte = np.int64(data[i])
                if byte <= 32 and SPACES >> byte & 1:
                    break
                h = hashed(h, byte)
                i += 1
            size = i - start
            slot = (h ^ h >> 16) & (line_end - 1)
            if size == 0 or (h == EOS_HASH and size == len(EOS) and same(data, start, EOS, 0, size)):
                h = EOS_HASH
                slot = line_end  # fastText reads no further than the mark that ends a line
            elif (
                kept[slot, HASH] != h
                or kept[slot, STOP] - kept[slot, START] != size
                or not same(data, kept[slot, START], data, start, size)
            ):
                kept[slot, START] = start
                kept[slot, STOP] = i
                kept[slot, HASH] = h
                entry = entry_of(data, start, i, h, slots, starts, letters)
                known = FREE < entry < n_words
                for k in range(matrix.shape[1]):
                    kept_sums[slot, k] = matrix[entry, k] if known else np.float32(0)
                kept[slot, ROWS] = known
                if entry >= n_words or (not known and size >= len(LABEL) and same(data, start, LABEL, 0, len(LABEL))):
                    kept[slot, ROWS] = NOT_A_WORD
                elif maxn > 0:
                    kept[slot, ROWS] += add_ngrams(
                        data, start, i, minn, maxn, bucket, n_words, present, bucket_rows, matrix, kept_sums, slot
                    )
            if kept[slot, ROWS] != NOT_A_WORD:
                counts[d] += kept[slot, ROWS]
                for k in range(matrix.shape[1]):
                    sums[d, k] += kept_sums[slot, k]
                if runs is not None:  # else nothing of this is compiled
                    counts[d] += add_word_ngrams(
                        h, before, runs, bucket, n_words, present, bucket_rows, matrix, sums, d
                    )
                    before += 1


def document_sums(offsets: Int64s, data: Bytes, words: Words) -> tuple[Doubles, Int64s]:
    """For each document the sum of its vectors and how many they are."""
    n, dim = len(offsets) - 1, words.matrix.shape[1]
    # A batch of a few short texts need not pay for 2^16 slots.
    size = min(KEPT_WORDS, KEPT_NUMBERS // dim, max(16, int(offsets[-1] - offsets[0]) // 4))
    slots = 1 << max(size.bit_length() - 1, 0)
    kept, kept_sums = np.zeros((slots + 1, 4), np.int64), np.empty((slots + 1, dim), np.float32)
    kept[slots, ROWS] = words.end != FREE
    kept_sums[slots] = 0 if words.end == FREE else words.matrix[words.end]
    runs = np.zeros(words.word_ngrams, np.uint64) if words.word_ngrams > 1 else None
    sums, counts = np.zeros((n, dim)), np.zeros(n, np.int64)
    sum_documents(offsets, data, *words[:-2], runs, kept, kept_sums, sums, counts)
    return sums, counts


def slots_of(starts: Int64s, letters: Bytes, spelled: list[bytes]) -> Int32s:
    """An open table of the dictionary: an entry takes the first free slot from its hash on.

    Of two equal entries the later counts, as in the library. By numpy, since a kernel would compile for 0.6 s.
    """
    slots = np.full(max(4, 1 << (2 * len(spelled)).bit_length()), FREE, np.int32)
    entries = np.array(list({word: entry for entry, word in enumerate(spelled)}.values()), np.int32)
    lengths = np.diff(starts)[entries]
    entries = entries[np.argsort(-lengths, kind="stable")]  # the longest first: those that go on stand together
    places = np.full(len(entries), FNV_START, np.int64)
    longer = np.cumsum(np.bincount(lengths)[::-1])[::-1]  # longer[k]: how many have k bytes or more
    for k, n in enumerate(longer[1:]):
        places[:n] = fnv(places[:n], letters[starts[entries[:n]] + k].astype(np.int64))
    while len(entries):
        places &= len(slots) - 1
        free = slots[places] == FREE
        slots[places[free]] = entries[free]  # of several for one slot the last is written
        left = slots[places] != entries
        entries, places = entries[left], places[left] + 1
    return slots
