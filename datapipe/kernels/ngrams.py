"""The measures of Gopher's repetition rules: repeated lines, paragraphs and word n-grams, by their characters."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.eight import ALL, NONE, ONES, eight_at, put_eight, upto_eight_at
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import HALF, digest, pieces, repeated, stripped
from datapipe.kernels.words import CHARS, START, STOP, WIDTH, segment_by

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

TOP = (2, 3, 4)
REPEATED = (5, 6, 7, 8, 9, 10)

# An n-gram of 5 to 10 words is its letters without the spaces, so it is hashed as a slice of the document's letters:
# the sum of (byte + 1) * DIGIT^position mod 2^64, moved to position 0 by the inverse power. No byte of UTF-8 is above
# 244, so no digit reaches DIGIT; and two digits of base 251 fit in 16 bits, four in 32, which gives eight at once.
DIGIT = np.uint64(251)
DIGIT_2, DIGIT_4 = np.uint64(251**2), np.uint64(251**4)
POWERS = np.array([pow(251, k, 1 << 64) for k in range(9)], np.uint64)
INVERSES = np.array([pow(251, -k, 1 << 64) for k in range(9)], np.uint64)
_PAIRS, _FOURS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_LOW = np.uint64(0xFFFFFFFF)

HEAD = 15  # letters by which n-grams are told apart first: five Han signs, three words of English
_REST = ALL >> np.uint64(8)


@inlined
def digits_sum(eight: np.uint64, size: int) -> np.uint64:
    """The sum over the `size` lowest of eight bytes; those above are zero."""
    eight += ONES & (ALL >> np.uint64(64 - 8 * size))
    pairs = (eight & _PAIRS) + (eight >> np.uint64(8) & _PAIRS) * DIGIT
    fours = (pairs & _FOURS) + (pairs >> np.uint64(16) & _FOURS) * DIGIT_2
    return (fours & _LOW) + (fours >> HALF) * DIGIT_4


@inlined
def hash_words(
    data: Bytes,
    words: Int64s,
    n: int,
    letters: Bytes,
    hashes: Hashes,
    sums: Hashes,
    inverses: Hashes,
) -> None:
    """Hash each of n words; write all their letters in a row, the sum of those before each and its inverse power.

    Where a word starts is then its place in that row, and its code points are those of all words before.
    """
    total = NONE
    power = inverse = ONE
    at = chars = 0
    for t in range(n):
        sums[t] = total
        inverses[t] = inverse
        h = NONE
        start = words[t, START]
        stop = words[t, STOP]
        words[t, START] = at
        i = start
        while i < stop:
            size = min(stop - i, 8)
            eight = upto_eight_at(data, i, stop)
            put_eight(letters, at, eight)  # what is too much is written over
            h = (h ^ eight) * BASE
            h ^= h >> HALF
            total += digits_sum(eight, size) * power
            power *= POWERS[size]
            inverse *= INVERSES[size]
            at += size
            i += size
        hashes[t] = h + np.uint64(stop - start)
        before = chars
        chars += words[t, CHARS]
        words[t, CHARS] = before
    put_eight(letters, at, NONE)
    put_eight(letters, at + 8, NONE)
    words[n, START] = at
    sums[n] = total
    words[n, CHARS] = chars


@inlined
def marked(again: Flags, n: int, rows: Int64s) -> int:
    """Write which of n flags are set; return how many. No branch: half of them would be guessed wrong."""
    count = 0
    for t in range(n):
        rows[count] = t
        count += again[t]
    return count


@inlined
def hash_run(hashes: Hashes, t: int, n: int) -> np.uint64:
    """The hash of 2, 3 or 4 words; written out, for a loop of n took a third longer."""
    h = hashes[t] * BASE + hashes[t + 1]
    if n > 2:
        h = h * BASE + hashes[t + 2]
    if n > 3:
        h = h * BASE + hashes[t + 3]
    return mixed(h)


@inlined
def top_ngram(
    hashes: Hashes,
    words: Int64s,
    count: int,
    n: int,
    again: Flags,
    rows: Int64s,
    grams: Hashes,
    keys: Hashes,
    firsts: Int64s,
    counts: Int64s,
) -> int:
    """Code points of all occurrences (overlaps counted) of the most frequent n-gram, the earliest of equals.

    `again` tells which (n - 1)-grams occur more than once, and then which n-grams do: no other can be more frequent.
    """
    last = count - n + 1
    if last <= 0:
        return 0
    for t in range(last):
        again[t] &= again[t + 1]
    candidates = marked(again, last, rows)
    again[:count] = False
    size = table_size(candidates)
    keys[:size] = 0
    most = 1
    first = 0
    for c in range(candidates):  # apart, so that a wrong guess below does not wait for multiplications
        grams[c] = hash_run(hashes, rows[c], n)
    for c in range(candidates):
        t = rows[c]
        key = grams[c]
        slot = slot_of(keys, size, key)
        if keys[slot] != key:
            keys[slot] = key
            firsts[slot] = t
            counts[t] = 1
            continue
        earliest = firsts[slot]
        counts[earliest] += 1
        again[t] = again[earliest] = True
        if counts[earliest] > most or (counts[earliest] == most and earliest < first):
            most = counts[earliest]
            first = earliest
    top: int = (words[first + n, CHARS] - words[first, CHARS] + n - 1) * most
    return top


@inlined
def mark_heads(
    letters: Bytes, words: Int64s, last: int, again: Flags, grams: Hashes, keys: Hashes, firsts: Int64s
) -> None:
    """Mark which n-grams of the shortest kind and of longer ones may occur twice, by their first letters."""
    size = table_size(last)
    keys[:size] = 0
    for t in range(last):
        at = words[t, START]
        again[t] = words[t + REPEATED[0], START] - at < HEAD  # which such letters tell nothing of
        grams[t] = mixed(eight_at(letters, at) * BASE ^ (eight_at(letters, at + 8) & _REST))
    for t in range(last):
        key = grams[t]
        slot = slot_of(keys, size, key)
        if keys[slot] != key:
            keys[slot] = key
            firsts[slot] = t
        else:
            again[t] = again[firsts[slot]] = True


@inlined
def repeated_ngrams(
    sums: Hashes,
    inverses: Hashes,
    words: Int64s,
    count: int,
    n: int,
    rows: Int64s,
    candidates: int,
    grams: Hashes,
    keys: Hashes,
) -> int:
    """Code points of the n-grams that occurred before, none overlapping the last one counted."""
    size = table_size(candidates)
    keys[:size] = 0
    total = 0
    free = 0  # where the last one counted ends
    while candidates and rows[candidates - 1] + n > count:
        candidates -= 1
    for c in range(candidates):
        t = rows[c]
        grams[c] = mixed((sums[t + n] - sums[t]) * inverses[t])
    for c in range(candidates):
        t = rows[c]
        if t < free:
            continue
        key = grams[c]
        slot = slot_of(keys, size, key)
        if keys[slot] == key:
            total += words[t + n, CHARS] - words[t, CHARS]
            free = t + n
        else:
            keys[slot] = key
    return total


@kernel
def gopher_repetition(
    offsets: Int64s, data: Bytes, classes: Classes, abbreviated: Hashes, breaks: Bytes, out: Numbers
) -> None:
    """Fill out[measure, document]: paragraphs, their characters, lines, theirs, top and repeated n-grams."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    # Sized for the worst document (a word a byte); pages that are never touched cost nothing.
    words = np.empty((most + 1, WIDTH), np.int64)
    letters = np.empty(most + 24, np.uint8)
    hashes = np.empty(most + 1, np.uint64)
    sums = np.empty(most + 1, np.uint64)
    inverses = np.empty(most + 1, np.uint64)
    again = np.empty(most + 1, np.bool_)
    rows = np.empty(most + 1, np.int64)
    grams = np.empty(most + 1, np.uint64)
    slots = table_size(most + 1)
    keys = np.empty(slots, np.uint64)
    firsts = np.empty(slots, np.int64)
    counts = np.empty(most + 1, np.int64)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        out[:, d] = 0.0
        if start == stop:
            continue
        _, length = digest(data, start, stop)
        whole = np.float64(length)
        left, right = stripped(data, start, stop, classes)
        n = pieces(data, left, right, 2, hashes, counts)
        count, total = repeated(hashes, counts, n, keys)
        out[0, d] = count / n
        out[1, d] = total / whole
        n = pieces(data, start, stop, 1, hashes, counts)
        count, total = repeated(hashes, counts, n, keys)
        out[2, d] = count / n
        out[3, d] = total / whole

        count = segment_by(data, start, stop, classes, abbreviated, words, breaks)
        hash_words(data, words, count, letters, hashes, sums, inverses)
        again[: count + 1] = True
        for n in range(2, 5):
            out[n + 2, d] = top_ngram(hashes, words, count, n, again, rows, grams, keys, firsts, counts) / whole
        last = count - REPEATED[0] + 1
        if last > 0:
            mark_heads(letters, words, last, again, grams, keys, firsts)
            candidates = marked(again, last, rows)
            for n in range(5, 11):
                out[n + 2, d] = repeated_ngrams(sums, inverses, words, count, n, rows, candidates, grams, keys) / whole
