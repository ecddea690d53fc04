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
Words = npt.NDArray[np.uint32]

SIGN = np.uint32(1 << 31)
_PAST = np.uint64(8978948897894561157)
_NEXT = np.uint64(17894857484156487943)
_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)


@inlined
def longer(key: np.uint64, word: np.uint32) -> np.uint64:
    """The key of an n-gram with a word more in front; that of a word is its number."""
    return (key * _PAST) ^ ((np.uint64(word) + np.uint64(1)) * _NEXT)


@inlined
def probe(memory: Entries, table: int, slots: int, width: int, key: np.uint64, slot: np.int64) -> np.int64:
    """Where the values of a key stand in `memory`, -1 if it is not there, by the number that its slot begins with.

    table  the first number of a table of `slots` entries of `width` numbers, which has a free one
    """
    low, high = np.uint32(key & _LOW), np.uint32(key >> _HALF)
    at, stop = slot, np.int64(table + slots * width)
    while True:
        if memory[at] == low and memory[at + 1] == high:
            return at + np.int64(2)
        if memory[at] == 0 and memory[at + 1] == 0:
            return np.int64(-1)
        at += np.int64(width)
        if at == stop:
            at = np.int64(table)


@inlined
def find(memory: Entries, table: int, slots: int, width: int, key: np.uint64) -> np.int64:
    """Where the values of a key stand, -1 if it is not there; tables as with `probe`."""
    return probe(memory, table, slots, width, key, np.int64(table + width * np.int64(key % np.uint64(slots))))


@inlined
def remainder(value: np.uint64, divisor: np.uint64, inverse: np.uint64) -> np.uint64:
    """value % divisor, where inverse = (2^64 - 1) // divisor; with the division, scoring took a fifth longer."""
    low = (value & _LOW) * (inverse & _LOW)
    one = (value >> _HALF) * (inverse & _LOW) + (low >> _HALF)
    two = (value & _LOW) * (inverse >> _HALF) + (one & _LOW)
    quotient = (value >> _HALF) * (inverse >> _HALF) + (one >> _HALF) + (two >> _HALF)
    rest = value - quotient * divisor  # the quotient is 1 too small at most
    return rest - divisor if rest >= divisor else rest


@inlined
def _new(entries: Entries, key: np.uint64) -> np.int64:
    """The entry of a key that was not there."""
    at = np.int64(key % np.uint64(len(entries)))
    while entries[at, 0] != 0 or entries[at, 1] != 0:
        at += np.int64(1)
        if at == len(entries):
            at = np.int64(0)
    entries[at, 0] = np.uint32(key & _LOW)
    entries[at, 1] = np.uint32(key >> _HALF)
    return at


@kernel
def insert_words(hashes: npt.NDArray[np.uint64], entries: Entries) -> None:
    """Put words into the vocabulary: entry i is of word i, the first of which (<unk>) is left out."""
    for i in range(1, len(hashes)):
        entries[_new(entries, hashes[i]), 2] = i


@kernel
def find_words(hashes: npt.NDArray[np.uint64], memory: Entries, table: int, slots: int) -> Words:
    """The number of each word, 0 (<unk>) if it has none."""
    numbers = np.zeros(len(hashes), np.uint32)
    for i in range(len(hashes)):
        at = find(memory, table, slots, 3, hashes[i])
        if at >= 0:
            numbers[i] = memory[at]
    return numbers


@kernel
def words_of(rows: Rows, start: int, stop: int, order: int, bits: int, numbers: Words) -> Words:
    """KenLM's numbers of the words of rows[start:stop], a row an n-gram; `numbers` has them by our own."""
    found = np.empty((stop - start, order), np.uint32)
    for i in range(start, stop):
        for place in range(order):
            found[i - start, place] = numbers[word_at(rows[i, 0], rows[i, 1], order, bits, place)]
    return found


@kernel
def insert_ngrams(grams: Words, weights: Entries, entries: Entries, shorter: Entries) -> int:
    """Put n-grams of an order into its table, and mark in that of shorter ones what they end and begin with.

    weights  bits of probability and back-off of each; as many as an entry holds
    shorter  the table of the order below; for bigrams probability and back-off of each word, by its number
    Returns the first whose words without the first, or without the last, are no n-gram; -1 if all are.
    """
    order = grams.shape[1]
    flat = shorter.reshape(-1)
    for i in range(len(grams)):
        ends = np.uint64(grams[i, order - 1])
        begins = np.uint64(grams[i, order - 2])
        for place in range(order - 2, 0, -1):
            ends = longer(ends, grams[i, place])
            begins = longer(begins, grams[i, place - 1])
        at = _new(entries, longer(ends, grams[i, 0]))
        for k in range(entries.shape[1] - 2):
            entries[at, 2 + k] = weights[i, k]
        if order == 2:
            end, begin = np.int64(2) * np.int64(ends), np.int64(2) * np.int64(begins)
        else:
            end = find(flat, 0, len(shorter), shorter.shape[1], ends)
            begin = find(flat, 0, len(shorter), shorter.shape[1], begins)
            if end < 0 or begin < 0:
                return i
        flat[end] &= ~SIGN
        if flat[begin + 1] == SIGN:
            flat[begin + 1] = 0
    return -1
