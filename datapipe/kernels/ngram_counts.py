"""n-grams of a stream of word numbers, and what Kneser-Ney smoothing counts of them.

An n-gram is a key of 128 bits with `bits` bits a word, its last word on top: sorted by key, n-grams stand in suffix
order (by their last word, then the one before …), and without its lowest word a key is that of the n-gram's suffix.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.wide_keys import Rows, bits_at, shifted_left, shifted_right

UNKNOWN, BEGIN, END, FIRST_WORD = 0, 1, 2, 3  # word numbers of <unk>, <s>, </s>, and the first of the others
PRUNED = np.uint64(1 << 63)  # added to the count of an n-gram that the model leaves out
STEPS = 6  # counts are told apart up to 4; the fifth is of all above


@inlined
def word_at(high: np.uint64, low: np.uint64, order: int, bits: int, place: int) -> np.int64:
    """A word of an n-gram, 0 being the first."""
    return bits_at(high, low, place * bits, bits)


@kernel
def ngrams_of(words: npt.NDArray[np.uint32], order: int, bits: int, state: Rows, out: Rows) -> int:
    """A row (key, 1) for each word: the n-gram that ends with it, <s> standing for all words before a sentence.

    state  the key so far (2 numbers), carried from block to block; </s> ends a sentence
    """
    begin_high, begin_low = np.uint64(0), np.uint64(0)
    for _ in range(order):
        begin_high, begin_low = shifted_left(begin_high, begin_low, bits)
        begin_low |= np.uint64(BEGIN)
    high, low = state[0, 0], state[0, 1]
    if high == 0 and low == 0:
        high, low = begin_high, begin_low
    for i in range(len(words)):
        high, low = shifted_right(high, low, bits)
        top_high, top_low = shifted_left(np.uint64(0), np.uint64(words[i]), bits * (order - 1))
        high |= top_high
        low |= top_low
        out[i, 0] = high
        out[i, 1] = low
        out[i, 2] = 1
        if words[i] == END:
            high, low = begin_high, begin_low
    state[0, 0] = high
    state[0, 1] = low
    return len(words)


@inlined
def at_most(count: np.uint64, most: int) -> np.int64:
    """The count, as a place in a table whose last entry is of all from there on."""
    known = np.int64(count)
    return known if known < most else np.int64(most)


@inlined
def _emit(out: Rows, filled: npt.NDArray[np.int64], statistics: npt.NDArray[np.int64], n: int, high: np.uint64,
          low: np.uint64, count: np.uint64, pruned: bool) -> None:  # fmt: skip
    at = filled[n - 1]
    out[n - 1, at, 0] = high
    out[n - 1, at, 1] = low
    out[n - 1, at, 2] = count | PRUNED if pruned else count
    filled[n - 1] = at + 1
    statistics[n - 1, at_most(count, STEPS - 1)] += 1
    if not pruned:
        statistics[n - 1, 0] += 1  # no n-gram is counted 0 times: the place is free for all that stay


@kernel
def adjusted_counts(
    rows: Rows, order: int, bits: int, prune: npt.NDArray[np.int64], state: Rows, last: bool, out: Rows,
    filled: npt.NDArray[np.int64], statistics: npt.NDArray[np.int64],
) -> None:  # fmt: skip
    """From n-grams of the highest order, sorted, those of all orders with their adjusted counts, sorted.

    The adjusted count of an n-gram of the highest order, or one that begins with <s>, is how often it occurs; of
    another one, how many different words it follows (Kneser and Ney 1995). n-grams with <s> elsewhere are none.

    prune       n-grams of order n that occur no more often than prune[n - 1] are marked (never words)
    state       1 + order rows, zero at first: the row before and whether there was one; for each order the n-gram that
                is being counted, as its adjusted count, its occurrences and whether it is open
    last        whether no more rows come
    out         for each order room for as many rows as there are here, and one more; `filled` says how many are in use
    statistics  for each order: n-grams that stay, then those of count 1, 2, 3, 4 and more
    """
    begin = np.int64(BEGIN)
    for i in range(len(rows) + (1 if last else 0)):
        over = i == len(rows)
        high, low, count = np.uint64(0), np.uint64(0), np.uint64(0)
        if not over:
            high, low, count = rows[i, 0], rows[i, 1], rows[i, 2]
        before_high, before_low = state[0, 0], state[0, 1]
        same = 0
        if state[0, 2] != 0 and not over:
            for place in range(order - 1, 0, -1):
                if bits_at(high, low, place * bits, bits) != bits_at(before_high, before_low, place * bits, bits):
                    break
                same += 1
        for n in range(order - 1, same, -1):
            if state[n, 2] != 0:
                key_high, key_low = shifted_right(before_high, before_low, bits * (order - n))
                first = bits_at(key_high, key_low, 0, bits)
                adjusted = state[n, 1] if first == begin else state[n, 0]
                _emit(out, filled, statistics, n, key_high, key_low, adjusted,
                      n > 1 and np.int64(state[n, 1]) <= prune[n - 1])  # fmt: skip
                state[n, 2] = 0
        if over:
            continue
        for n in range(1, same + 1):
            state[n, 1] += count
        if same > 0:
            state[same, 0] += np.uint64(1)
        for n in range(same + 1, order):
            state[n, 0] = 1
            state[n, 1] = count
            # its second word: at that place of the key from below, the words that it leaves out included
            inside = n > 1 and bits_at(high, low, bits * (order - n + 1), bits) == begin
            state[n, 2] = 0 if inside else 1
        if bits_at(high, low, bits, bits) != begin:
            _emit(out, filled, statistics, order, high, low, count, np.int64(count) <= prune[order - 1])
        state[0, 0] = high
        state[0, 1] = low
        state[0, 2] = 1
