"""The measures of Gopher's repetition rules: repeated lines, paragraphs and word n-grams, by their characters."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.decode import code_points
from datapipe.kernels.hashing import BASE, INVERSE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import pieces, repeated, stripped
from datapipe.kernels.words import segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

TOP = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)


@inlined
def running_sums(
    data: Bytes, starts: Int64s, stops: Int64s, n: int, sums: Hashes, inverses: Hashes, chars: Int64s
) -> None:
    """The hash sum, the inverse power and the code points of all words before each; words written without spaces."""
    h = np.uint64(0)
    power = ONE
    inverse = ONE
    length = 0
    for t in range(n):
        sums[t] = h
        inverses[t] = inverse
        chars[t] = length
        for i in range(starts[t], stops[t]):
            h += np.uint64(np.int64(data[i]) + 1) * power
            power *= BASE
            inverse *= INVERSE
            length += data[i] & 0xC0 != 0x80
    sums[n] = h
    inverses[n] = inverse
    chars[n] = length


@inlined
def sums_of_words(sums: Hashes, inverses: Hashes, n: int, word_sums: Hashes, word_inverses: Hashes) -> None:
    """The same over words as the letters, so that `ab c` and `a bc` differ."""
    h = np.uint64(0)
    power = ONE
    inverse = ONE
    for t in range(n):
        word_sums[t] = h
        word_inverses[t] = inverse
        h += mixed((sums[t + 1] - sums[t]) * inverses[t]) * power
        power *= BASE
        inverse *= INVERSE
    word_sums[n] = h


@inlined
def top_ngram(
    sums: Hashes, inverses: Hashes, chars: Int64s, words: int, n: int, keys: Hashes, counts: Int64s, firsts: Int64s
) -> int:
    """Code points of all occurrences (overlaps counted) of the most frequent n-gram, the earliest of equals."""
    last = words - n + 1
    if last <= 0:
        return 0
    size = table_size(last)
    keys[:size] = 0
    most = 0
    first = 0
    for t in range(last):
        key = mixed((sums[t + n] - sums[t]) * inverses[t])
        slot = slot_of(keys, size, key)
        if keys[slot] == key:
            counts[slot] += 1
        else:
            keys[slot] = key
            counts[slot] = 1
            firsts[slot] = t
        if counts[slot] > most or (counts[slot] == most and firsts[slot] < first):
            most = counts[slot]
            first = firsts[slot]
    top: int = (chars[first + n] - chars[first] + n - 1) * most
    return top


@inlined
def repeated_ngrams(sums: Hashes, inverses: Hashes, chars: Int64s, words: int, n: int, keys: Hashes) -> int:
    """Code points of the n-grams that occurred before, none overlapping the last one counted."""
    last = words - n + 1
    if last <= 0:
        return 0
    size = table_size(last)
    keys[:size] = 0
    total = 0
    t = 0
    while t < last:
        key = mixed((sums[t + n] - sums[t]) * inverses[t])
        slot = slot_of(keys, size, key)
        if keys[slot] == key:
            total += chars[t + n] - chars[t]
            t += n
        else:
            keys[slot] = key
            t += 1
    return total


@kernel
def gopher_repetition(offsets: Int64s, data: Bytes, classes: Classes, abbreviated: Hashes, out: Numbers) -> None:
    """Fill out[measure, document]: paragraphs, their characters, lines, theirs, top and repeated n-grams."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    # Sized for the worst document (a word a byte); pages that are never touched cost nothing.
    starts = np.empty(most + 1, np.int64)
    stops = np.empty(most + 1, np.int64)
    sums = np.empty(most + 1, np.uint64)
    inverses = np.empty(most + 1, np.uint64)
    word_sums = np.empty(most + 1, np.uint64)
    word_inverses = np.empty(most + 1, np.uint64)
    chars = np.empty(most + 1, np.int64)
    slots = table_size(most + 1)
    keys = np.empty(slots, np.uint64)
    counts = np.empty(slots, np.int64)
    firsts = np.empty(slots, np.int64)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        out[:, d] = 0.0
        if start == stop:
            continue
        whole = np.float64(code_points(data, start, stop))
        left, right = stripped(data, start, stop, classes)
        n = pieces(data, left, right, 2, sums, chars)
        count, total = repeated(sums, chars, n, keys)
        out[0, d] = count / n
        out[1, d] = total / whole
        n = pieces(data, start, stop, 1, sums, chars)
        count, total = repeated(sums, chars, n, keys)
        out[2, d] = count / n
        out[3, d] = total / whole
        words = segment(data, start, stop, classes, abbreviated, starts, stops)
        running_sums(data, starts, stops, words, sums, inverses, chars)
        sums_of_words(sums, inverses, words, word_sums, word_inverses)
        for n in range(2, 5):
            out[n + 2, d] = top_ngram(word_sums, word_inverses, chars, words, n, keys, counts, firsts) / whole
        for n in range(5, 11):
            out[n + 2, d] = repeated_ngrams(sums, inverses, chars, words, n, keys) / whole
