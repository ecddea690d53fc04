"""fastText's training of a classifier on one thread: text after text, in 32-bit floats (Joulin et al. 2017).

A text's rows (its words, their character n-grams, n-grams of words) are averaged; the loss of its label moves the
output vectors, and each of its rows by the gradient over their number. The random numbers are those of C++'s
`minstd_rand` and of the common standard library's distributions, so weights equal the library's up to rounding.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from datapipe.kernels.fasttext_dictionary import LAST, WORD, kind_of, next_word, slot_of
from datapipe.kernels.fasttext_labels import CELLS, REACH
from datapipe.kernels.fasttext_model import ONE_VS_ALL, SOFTMAX, TREE
from datapipe.kernels.fasttext_words import BEGIN, END, EOS_HASH, FNV_START, FREE, WORD_NGRAM, hashed
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Hashes = npt.NDArray[np.uint64]

FACTOR, PRIME = 48271, (1 << 31) - 1  # of minstd_rand: numbers from 1 to PRIME - 1
CHOICES = PRIME - 1
DONE, WAITING, RANDOM, EXAMPLES = 0, 1, 2, 3  # tokens that have moved the rate, and those that have not yet
LOSSES = {"hs": TREE, "softmax": SOFTMAX, "ova": ONE_VS_ALL}
LOGARITHMS = np.log(((np.arange(CELLS + 1) + 1e-5) / CELLS).astype(np.float32)).astype(np.float32)


@inlined
def after(state: int) -> int:
    """The next number of minstd_rand, modulo 2^31 - 1 without a division."""
    product = state * FACTOR
    rest = (product & PRIME) + (product >> 31)
    return rest - PRIME if rest >= PRIME else rest


@kernel
def fill_uniform(matrix: Floats, seed: int) -> None:
    """Numbers from -1/columns to 1/columns, each of two random numbers.

    A tenth of the matrix has a seed, the next tenth the next seed, and so what is left in the end: as in the library with
    ten threads or more, and with any number in fasttext-community 0.11.9. Eleven at once take half the time.
    """
    numbers = matrix.reshape(-1)
    most = float(CHOICES)
    reach = np.float64(np.float32(1 / matrix.shape[1]))
    tenth = max(len(numbers) // 10, 1)
    states = np.empty(11, np.int64)
    for part in range(11):
        states[part] = max((seed + part) % PRIME, 1)
    for k in range(tenth):
        for part in range(11):
            first = after(states[part])
            second = after(first)
            states[part] = second
            share = (float(first - 1) + float(second - 1) * most) / (most * most)
            if part * tenth + k < len(numbers):
                numbers[part * tenth + k] = np.float32(share * (2 * reach) - reach)


@inlined
def choose(n: int, state: Int64s) -> int:
    """One of n, as C++ chooses: the numbers at the top that would make some likelier are drawn anew."""
    width = (CHOICES - 1) // n
    while True:
        state[RANDOM] = state[RANDOM] * FACTOR % PRIME
        found = (state[RANDOM] - 1) // width
        if found < n:
            return int(found)


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
        if kind == LAST or kind == WORD:
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
def dot(hidden: Floats, output: Floats, row: int) -> np.float32:
    """The text's vector times an output vector."""
    total = np.float32(0)
    for k in range(len(hidden)):
        total += hidden[k] * output[row, k]
    return total


@inlined
def learn(alpha: np.float32, hidden: Floats, output: Floats, row: int, grad: Floats) -> None:
    """Move an output vector, and add its old value to the gradient of the text's vector."""
    for k in range(len(hidden)):
        grad[k] += alpha * output[row, k]
        output[row, k] += alpha * hidden[k]


@inlined
def minus_log(x: np.float32, logarithms: Floats) -> float:
    """From a table, as the library reports losses."""
    return 0.0 if x > 1 else -float(logarithms[int(x * np.float32(CELLS))])


@inlined
def decide(
    row: int, yes: bool, rate: np.float32, hidden: Floats, output: Floats, grad: Floats, logistic: Floats,
    logarithms: Floats,
) -> float:  # fmt: skip
    """Learn one yes or no; its loss."""
    x = dot(hidden, output, row)
    chance = x
    if x < -REACH:
        chance = np.float32(0)
    elif x > REACH:
        chance = np.float32(1)
    elif x == x:  # else it is not a number, and stays so
        chance = logistic[int((x + np.float32(REACH)) * np.float32(CELLS / REACH / 2))]
    else:
        return math.nan
    learn(rate * (np.float32(yes) - chance), hidden, output, row, grad)
    return minus_log(chance if yes else np.float32(1 - np.float64(chance)), logarithms)


@inlined
def learn_softmax(
    target: int, rate: np.float32, hidden: Floats, output: Floats, grad: Floats, chances: Floats, logarithms: Floats
) -> float:
    """Learn one label out of all; its loss."""
    most = np.float32(-np.inf)
    for label in range(len(output)):
        chances[label] = dot(hidden, output, label)
        most = max(most, chances[label])
    total = np.float32(0)
    for label in range(len(output)):
        chances[label] = np.float32(math.exp(np.float64(chances[label] - most)))
        total += chances[label]
    if not total < np.inf:
        return math.nan
    for label in range(len(output)):
        chances[label] /= total
        learn(rate * (np.float32(label == target) - chances[label]), hidden, output, label, grad)
    return minus_log(chances[target], logarithms)


@kernel
def train_texts(
    offsets: Int64s, data: Bytes, label_offsets: Int64s, labels: Int32s, slots: Int32s, starts: Int64s, letters: Bytes,
    hashes: UInt32s, end: int, n_words: int, minn: int, maxn: int, word_ngrams: int, bucket: int, loss: int,
    path_starts: Int64s, path_nodes: Int32s, path_sides: Bytes, logistic: Floats, logarithms: Floats, lr: float,
    every: int, total: int, matrix: Floats, output: Floats, hidden: Floats, grad: Floats, chances: Floats,
    rows: Int32s, runs: Hashes, state: Int64s,
) -> float:  # fmt: skip
    """Train on texts one after another until `total` tokens have been seen; the sum of their losses, NaN if it diverges.

    `state` goes from call to call. The rate falls in a line to 0, in steps of more than `every` tokens.
    """
    losses = 0.0
    for d in range(len(offsets) - 1):
        if state[DONE] >= total:
            break
        rate = np.float32(lr * (1.0 - np.float64(np.float32(state[DONE]) / np.float32(total))))
        n, tokens = read_line(
            data, offsets[d], offsets[d + 1], slots, starts, letters, hashes, end, n_words, minn, maxn, word_ngrams,
            bucket, rows, runs,
        )  # fmt: skip
        first = label_offsets[d]
        n_labels = label_offsets[d + 1] - first
        if n > 0:
            inverse = np.float32(1.0 / n)
            for k in range(len(hidden)):
                hidden[k] = 0
                grad[k] = 0
            for i in range(n):
                for k in range(len(hidden)):
                    hidden[k] += matrix[rows[i], k]
            for k in range(len(hidden)):
                hidden[k] *= inverse
            if loss == ONE_VS_ALL:
                for label in range(len(output)):
                    yes = False
                    for i in range(first, first + n_labels):
                        yes |= labels[i] == label
                    losses += decide(label, yes, rate, hidden, output, grad, logistic, logarithms)
            else:
                target = labels[first + choose(n_labels, state)]
                if loss == SOFTMAX:
                    losses += learn_softmax(target, rate, hidden, output, grad, chances, logarithms)
                else:
                    for i in range(path_starts[target], path_starts[target + 1]):
                        losses += decide(
                            path_nodes[i], path_sides[i] != 0, rate, hidden, output, grad, logistic, logarithms
                        )
            if losses != losses:
                break
            for k in range(len(hidden)):
                grad[k] *= inverse
            for i in range(n):
                for k in range(len(hidden)):
                    matrix[rows[i], k] += grad[k]
            state[EXAMPLES] += 1
        state[WAITING] += tokens + n_labels
        if state[WAITING] > every:
            state[DONE] += state[WAITING]
            state[WAITING] = 0
    return losses
