"""KenLM's hash tables of n-grams (lm/search_hashed.cc, util/probing_hash_table.hh of kpu/kenlm), as arrays of uint32.

An entry is a key (two numbers, low half first), the bits of the probability, and for all but the longest n-grams those of
the back-off; a key of 0 is a free slot, and a full one sends to the next. Signs say what may follow: a probability loses
its sign where a longer n-gram ends so, and a back-off of -0 becomes +0 where a longer one begins so.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.ngram_counts import word_at
from datapipe.kernels.wide_keys import Rows

Entries = npt.NDArray[np.uint32]

SIGN = np.uint32(1 << 31)
_PAST = np.uint64(8978948897894561157)
_NEXT = np.uint64(17894857484156487943)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@inlined
def _longer(key: np.uint64, word: np.uint32) -> np.uint64:
    """The key of an n-gram with a word more in front; that of a word is its number."""
    return (key * _PAST) ^ ((np.uint64(word) + np.uint64(1)) * _NEXT)


@inlined
def _slot(entries: Entries, key: np.uint64, free: bool) -> np.int64:
    """Where the key is, or (`free`) where it goes."""
    low, high = np.uint32(key & _LOW), np.uint32(key >> _HALF)
    at = np.int64(key % np.uint64(len(entries)))
    while True:
        if free:
            if entries[at, 0] == 0 and entries[at, 1] == 0:
                return at
        elif entries[at, 0] == low and entries[at, 1] == high:
            return at
        at += np.int64(1)
        if at == len(entries):
            at = np.int64(0)


@kernel
def insert_words(hashes: npt.NDArray[np.uint64], entries: Entries) -> None:
    """Put words into the vocabulary: entry i is of word i, the first of which (<unk>) is left out."""
    for i in range(1, len(hashes)):
        at = _slot(entries, hashes[i], True)
        entries[at, 0] = np.uint32(hashes[i] & _LOW)
        entries[at, 1] = np.uint32(hashes[i] >> _HALF)
        entries[at, 2] = i


@kernel
def insert_ngrams(
    rows: Rows, start: int, stop: int, weights: Entries, order: int, bits: int, words: Entries, entries: Entries,
    shorter: Entries,
) -> None:  # fmt: skip
    """Put n-grams of an order into its table, and mark in that of shorter ones what they end and begin with.

    weights  bits of probability and back-off of rows[start:stop]; as many as an entry holds
    words    KenLM's number of each word, one a row
    shorter  the table of the order below; for bigrams probability and back-off of each word, by its number
    """
    for i in range(start, stop):
        key = np.uint64(0)
        ends = np.uint64(0)  # key of its last words, without the first
        for place in range(order - 1, -1, -1):
            word = words[word_at(rows[i, 0], rows[i, 1], order, bits, place), 0]
            ends = key
            key = np.uint64(word) if place == order - 1 else _longer(key, word)
        begins = np.uint64(0)  # key of its first words, without the last
        for place in range(order - 2, -1, -1):
            word = words[word_at(rows[i, 0], rows[i, 1], order, bits, place), 0]
            begins = np.uint64(word) if place == order - 2 else _longer(begins, word)
        at = _slot(entries, key, True)
        entries[at, 0] = np.uint32(key & _LOW)
        entries[at, 1] = np.uint32(key >> _HALF)
        for k in range(entries.shape[1] - 2):
            entries[at, 2 + k] = weights[i - start, k]
        if order == 2:
            shorter[np.int64(ends), 0] &= ~SIGN
            if shorter[np.int64(begins), 1] == SIGN:
                shorter[np.int64(begins), 1] = 0
        else:
            at = _slot(shorter, ends, False)
            shorter[at, 2] &= ~SIGN
            at = _slot(shorter, begins, False)
            if shorter[at, 3] == SIGN:
                shorter[at, 3] = 0
