"""Text to sums of rows, of words and of n-grams of characters and words: chunks of text go through four passes.

Bytes to words, words to entries, word n-grams to buckets, rows to sums. A pass's loads do not wait for each other, and no
wrongly guessed end of a word throws them away, so that the processor has many of them under way: of a model of word pairs
and one column this scores 250 MB/s where word by word took 117.

Of models with character n-grams the sum of a word's rows is kept, the newest word of a slot wins; it is the same whether
kept or made anew, so no answer depends on what was scored before. Sums are of 64 bits, the library's of 32.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_keys import ENTRY, EOS_KEY, KEY, KEY_PRIME, KEY_START, STEP, entry_of
from datapipe.kernels.fasttext_words import FREE, LABEL, WORD_NGRAM, Words, add_ngrams, same
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]
Scratch = tuple[npt.NDArray[Any], ...]

CHUNK = 2048  # bytes: what they turn to fits a core's first cache
ELSEWHERE = -2  # not in the first slot looked at
FEW = 4  # columns: such rows are brought by adding the first
SMALL = 1 << 13  # buckets: a quotient of 64 bits by more is exact to 1 in floating point
KEPT_WORDS, KEPT_NUMBERS = 1 << 16, 1 << 20
NOT_A_WORD = -1  # rows of a label's name, which fastText passes over


def scratch_for(words: Words) -> Scratch:
    """Room for one thread, from `kept_keys` to `touched` of `sum_texts`; no word is kept yet."""
    columns = words.matrix.shape[1]
    slots = 1 << (min(KEPT_WORDS, KEPT_NUMBERS // max(columns, 1)).bit_length() - 1) if words.maxn > 0 else 1
    n = CHUNK // 2 + 2  # a word for every other byte, and `</s>`; the words of an n-gram may begin before the chunk
    kept = np.zeros((2, slots), np.int64)
    line = np.zeros((2, n + words.word_ngrams), np.uint64)
    passes = np.zeros((4, n), np.int64)
    return *kept, np.zeros((slots, columns)), *passes[:3], *line, passes[3], np.zeros(1, np.int32)


@inlined
def cut(data: Bytes, at: int, stop: int, starts: Int64s, keys: Int64s) -> tuple[int, int]:
    """Words of a chunk from `at` on, to the end of its last word; how many they are, and where the next chunk begins."""
    n = 0
    key = KEY_START
    begun = at
    blank = True
    i = at
    edge = min(at + CHUNK, stop)
    while i < edge:
        change = STEP[data[i]]
        space = change == 0
        starts[n] = begun  # of a word that is not over yet, too: a test would cost more
        keys[n] = key
        n += space and not blank
        i += 1
        step = (key ^ change) * KEY_PRIME
        key = KEY_START if space else step
        begun = i if space else begun
        blank = space
    if not blank:
        while i < stop and STEP[data[i]] != 0:
            key = (key ^ STEP[data[i]]) * KEY_PRIME
            i += 1
        starts[n] = begun
        keys[n] = key
        n += 1
    return n, i


@inlined
def stop_of(data: Bytes, start: int, stop: int) -> int:
    """Where the word ends."""
    while start < stop and STEP[data[start]] != 0:
        start += 1
    return start


@inlined
def begins_label(data: Bytes, start: int, stop: int) -> bool:
    """Does the word begin as a label's name does?"""
    return data[start] == LABEL[0] and stop - start >= len(LABEL) and same(data, start, LABEL, 0, len(LABEL))


@inlined
def bucket_of(h: Any, bucket: int, inverse: float) -> Any:
    """`h` modulo `bucket`; a product with 1 / bucket takes a third of a division's time."""
    if bucket < SMALL:
        return np.int64(h % np.uint64(bucket))
    rest = np.int64(h - np.uint64(np.int64(np.float64(h) * inverse)) * np.uint64(bucket))
    if rest < 0:
        rest += bucket
    if rest >= bucket:
        rest -= bucket
    return rest


@inlined
def keep_present(rows: Int64s, n: int, present: Bytes, bucket_rows: Int32s) -> int:
    """Of a pruned model: turn buckets to their rows, those that were kept; how many they are."""
    found = 0
    for i in range(n):
        bucket = rows[i]
        if present[bucket >> 3] >> (bucket & 7) & 1:
            rows[found] = bucket_rows[bucket]
            found += 1
    return found


@inlined
def touch(rows: Int64s, n: int, bits: Int32s, touched: Int32s) -> None:
    """Look at both ends of every row, which brings it to the cache: of a table of 70 MB a third of the time."""
    first = 0
    last = 0
    for i in range(n):
        first ^= bits[rows[i], 0]
        last ^= bits[rows[i], bits.shape[1] - 1]
    touched[0] = first ^ last


@inlined
def add_rows(rows: Int64s, n: int, table: Floats, sums: Doubles, d: int) -> None:
    """Add rows[:n] of the table to sums[d], eight columns at a time, which stay in registers."""
    columns = table.shape[1]
    wide = columns - columns % 8
    for c in range(wide, columns):
        total = sums[d, c]
        for i in range(n):
            total += table[rows[i], c]
        sums[d, c] = total
    for k in range(0, wide, 8):
        s, t, u, v = sums[d, k], sums[d, k + 1], sums[d, k + 2], sums[d, k + 3]
        w, x, y, z = sums[d, k + 4], sums[d, k + 5], sums[d, k + 6], sums[d, k + 7]
        for i in range(n):
            row = rows[i]
            s += table[row, k]
            t += table[row, k + 1]
            u += table[row, k + 2]
            v += table[row, k + 3]
            w += table[row, k + 4]
            x += table[row, k + 5]
            y += table[row, k + 6]
            z += table[row, k + 7]
        sums[d, k], sums[d, k + 1], sums[d, k + 2], sums[d, k + 3] = s, t, u, v
        sums[d, k + 4], sums[d, k + 5], sums[d, k + 6], sums[d, k + 7] = w, x, y, z


@kernel
def sum_texts(
    offsets: Int64s, data: Bytes, slots: Int64s, n_words: int, minn: int, maxn: int, bucket: int,
    present: Bytes, bucket_rows: Int32s, table: Floats, bits: Int32s, word_ngrams: int, end: int, kept_keys: Int64s,
    kept_rows: Int64s, kept_sums: Doubles, starts: Int64s, keys: Int64s, entries: Int64s, line: Hashes,
    runs: Hashes, rows: Int64s, touched: Int32s, sums: Doubles, counts: Int64s,
) -> None:  # fmt: skip
    """Add to sums[text] its rows and to counts[text] their number."""
    inverse = 1 / max(bucket, 1)
    columns = table.shape[1]
    mask = len(slots) - 1
    for d in range(len(offsets) - 1):
        i = offsets[d]
        stop = offsets[d + 1]
        before = 0  # words on the line that were seen already
        more = True
        while more:
            n, i = cut(data, i, stop, starts, keys)
            more = i < stop
            words = before
            found = 0
            if maxn == 0:
                for j in range(n):
                    slot = keys[j] & mask
                    entry = slots[slot, ENTRY]
                    entries[j] = entry if entry == FREE or slots[slot, KEY] == keys[j] else ELSEWHERE
            for j in range(n):
                key = keys[j]
                if key == EOS_KEY:
                    more = False  # fastText reads no further
                    break
                if maxn == 0:
                    entry = entries[j]
                    if entry == ELSEWHERE:
                        entry = entry_of(key, slots)
                    a_label = entry >= n_words or (begins_label(data, starts[j], stop) and entry == FREE)
                    rows[found] = entry
                    found += FREE < entry < n_words
                else:
                    kept = (key ^ key >> 16) & (len(kept_keys) - 1)
                    if kept_keys[kept] != key:
                        entry = entry_of(key, slots)
                        known = FREE < entry < n_words
                        kept_keys[kept] = key
                        kept_rows[kept] = known
                        for c in range(columns):
                            kept_sums[kept, c] = table[entry, c] if known else np.float32(0)
                        if entry >= n_words or (begins_label(data, starts[j], stop) and entry == FREE):
                            kept_rows[kept] = NOT_A_WORD
                        else:
                            kept_rows[kept] += add_ngrams(
                                data, starts[j], stop_of(data, starts[j], stop), minn, maxn, bucket, n_words, present,
                                bucket_rows, table, kept_sums, kept,
                            )  # fmt: skip
                    a_label = kept_rows[kept] == NOT_A_WORD
                    if not a_label:
                        counts[d] += kept_rows[kept]
                        for c in range(columns):
                            sums[d, c] += kept_sums[kept, c]
                line[words] = np.uint64(np.int64(np.int32(key)))
                words += not a_label
            if not more:
                line[words] = np.uint64(np.int64(np.int32(EOS_KEY)))
                words += 1
                rows[found] = end
                found += end != FREE
            for k in range(word_ngrams):
                if k > 0:
                    # From the end on: runs[e] becomes the hash of the k + 1 words up to e.
                    for e in range(words - 1, k - 1, -1):
                        runs[e] = (runs[e - 1] if k > 1 else line[e - 1]) * WORD_NGRAM + line[e]
                    first = max(k, before)
                    for e in range(first, words):
                        rows[e - first] = bucket_of(runs[e], bucket, inverse)
                    found = max(words - first, 0)
                    if len(present) == 0:
                        for e in range(found):
                            rows[e] += n_words
                    else:
                        found = keep_present(rows, found, present, bucket_rows)
                    if columns > FEW:
                        touch(rows, found, bits, touched)
                add_rows(rows, found, table, sums, d)
                counts[d] += found
            before = min(words, word_ngrams - 1)
            for e in range(before):
                line[e] = line[words - before + e]


def text_sums(offsets: Int64s, data: Bytes, words: Words, slots: Int64s, scratch: Scratch) -> tuple[Doubles, Int64s]:
    """For each text the sum of its rows and how many they are; `scratch` is this model's, and no other thread's."""
    n = len(offsets) - 1
    sums, counts = np.zeros((n, words.matrix.shape[1])), np.zeros(n, np.int64)
    arguments: tuple[Any, ...] = (slots, *words[2:9], words.matrix.view(np.int32), *words[9:], *scratch, sums, counts)
    sum_texts(offsets, data, *arguments)
    return sums, counts
