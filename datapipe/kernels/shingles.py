"""Shingles: the hashes of a document's n-grams, of words or of characters, by which near-duplicates are told.

An element is a word (a run of letters, marks and digits; a written syllable in scripts without spaces) or a character,
folded. Its hash is the sum of digit(code point) * 251^position mod 2^64, mixed, where digit is one more than an ASCII
code point, and a hash of any other. A shingle is the sum of its elements' hashes * BASE^(n - 1 - position), mixed, of
which the top 32 bits stay: as many as the MinHash scheme permutes.
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, NO_SPACES, NUMBER, PLAIN, SPACE, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.eight import NONE, ONE, TOPS, below, digits, length, letters, upto_eight_at
from datapipe.kernels.fold import LOWER_END, lower_table
from datapipe.kernels.hashing import BASE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import HALF
from datapipe.kernels.ngrams import DIGIT, POWERS, digits_sum
from datapipe.kernels.scripts import ROLE, ROLE_SHIFT, SEPARATOR
from datapipe.kernels.syllables import syllable

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Shingles = npt.NDArray[np.uint32]

NOTHING = -1  # what an accent folds to where accents make no difference
_LOW_HALF = np.uint64(0x0F)
_SEVEN, _TWO = np.uint64(7), np.uint64(2)
_BLANK = np.uint64(33)  # as any ASCII character: one more than its code


@cache
def fold_table(case: bool, digits: bool, accents: bool) -> Int32s:
    """What each code point below LOWER_END counts as: its lower case, the digit zero, its letter without marks (NFD)."""
    table = lower_table().copy() if case else np.arange(LOWER_END, dtype=np.int32)
    for point in range(LOWER_END if digits or accents else 0):
        char = chr(table[point])
        if digits and char.isdecimal():
            table[point] = ord("0")
        elif accents and point >= 128:
            bare = [c for c in unicodedata.normalize("NFD", char) if unicodedata.category(c) != "Mn"]
            if len(bare) < 2:
                table[point] = ord(bare[0]) if bare else NOTHING
    return table


@inlined
def point_at(data: Bytes, i: int) -> int:
    """The code point that starts at i."""
    b: Any = np.int64(data[i])
    point: Any
    if b < 128:
        point = b
    elif b < 224:
        point = (b & 31) << 6 | (np.int64(data[i + 1]) & 63)
    elif b < 240:
        point = (b & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63)
    else:
        point = (b & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12
        point |= (np.int64(data[i + 2]) & 63) << 6 | (np.int64(data[i + 3]) & 63)
    return point  # type: ignore[no-any-return]  # an int


@inlined
def digit_of(point: int, folds: Int32s) -> np.uint64:
    """What a code point adds to the hash of its word; 0 if it counts for nothing."""
    folded = np.int64(folds[point]) if point < len(folds) else point
    if folded < 128:
        return np.uint64(folded + 1)
    return mixed(np.uint64(folded))


@inlined
def hash_points(data: Bytes, i: int, stop: int, folds: Int32s) -> np.uint64:
    """The hash of a word, one code point at a time; 0 if nothing of it counts."""
    total = NONE
    power = ONE
    while i < stop:
        digit = digit_of(point_at(data, i), folds)
        if digit != NONE:
            total += digit * power
            power *= DIGIT
        i += 1
        while i < stop and data[i] & 0xC0 == 0x80:
            i += 1
    return mixed(total) if total != NONE else NONE


@inlined
def hash_words(
    data: Bytes, start: int, stop: int, classes: Classes, folds: Int32s, signs: bool, breaks: Bytes, hashes: Hashes
) -> int:
    """Write the hash of each word, and with `signs` of each other sign but white space; return how many (one a byte)."""
    case = np.uint64(folds[65] != 65)
    zero = np.uint64(folds[49] != 49) * _LOW_HALF
    n = 0
    total = NONE
    power = ONE
    i = start
    while i < stop:
        # Letters and digits of ASCII, folded and hashed eight at a time.
        eight = upto_eight_at(data, i, stop)
        alpha = letters(eight)
        number = digits(eight)
        run = below((alpha | number) ^ TOPS)
        size = length(run)
        if size:
            eight = (eight | (alpha >> _TWO) * case) & ~((number >> _SEVEN) * zero)
            total += digits_sum(eight & run, size) * power
            power *= POWERS[size]
            i += size
            if size == 8 or i >= stop:
                continue
        kind, size = class_at(data, i, classes)
        if kind & (PLAIN | NO_SPACES) == PLAIN:
            digit = digit_of(point_at(data, i), folds)
            if digit != NONE:
                total += digit * power
                power *= DIGIT
            i += size
            continue
        if total != NONE:
            hashes[n] = mixed(total)
            n += 1
            total = NONE
            power = ONE
        end = i + size
        if kind & NO_SPACES and kind >> ROLE_SHIFT & ROLE != SEPARATOR:
            end, _, some, _ = syllable(data, i, stop, classes, breaks)
            if signs or some & (ALPHA | NUMBER):
                hashes[n] = hash_points(data, i, end, folds)
                n += 1
        elif signs and not kind & SPACE:
            hashes[n] = hash_points(data, i, end, folds)
            n += 1
        i = end
    if total != NONE:
        hashes[n] = mixed(total)
        n += 1
    return n


@inlined
def hash_characters(
    data: Bytes, start: int, stop: int, classes: Classes, folds: Int32s, signs: bool, hashes: Hashes
) -> int:
    """Write the hash of each character, of a run of white space between others as of one space; return how many."""
    n = 0
    pending = False
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        if kind & SPACE:
            pending = n > 0
        elif signs or kind & (PLAIN | NO_SPACES):
            digit = digit_of(point_at(data, i), folds)
            if digit != NONE:
                if pending:
                    hashes[n] = _BLANK
                    n += 1
                    pending = False
                hashes[n] = digit
                n += 1
        i += size
    return n


@inlined
def put_shingles(hashes: Hashes, count: int, ngram: int, shingles: Shingles, n: int) -> tuple[int, np.uint64]:
    """Write the shingles of `count` elements from n on; return where they end, and the hash of all if one shingle has all.

    No shingle is written then: 32 bits would tell a million short documents apart but for a hundred pairs.
    """
    h = NONE
    for t in range(min(count, ngram)):
        h = h * BASE + hashes[t]
    if count <= ngram:
        return n, mixed(h * BASE + np.uint64(count)) if count else NONE
    gone = ONE  # what an element that leaves the n-gram was multiplied by
    for _ in range(ngram):
        gone *= BASE
    shingles[n] = mixed(h) >> HALF
    for t in range(ngram, count):
        h = h * BASE + hashes[t] - hashes[t - ngram] * gone
        shingles[n + t - ngram + 1] = mixed(h) >> HALF
    return n + count - ngram + 1, NONE


@kernel
def shingle_text(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    folds: Int32s,
    signs: bool,
    breaks: Bytes,
    ngram: int,
    words: bool,
) -> tuple[Int64s, Shingles, Hashes]:
    """Shingles of each document as `(offsets, shingles)`, and the hash of what has not two (0: it is empty)."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    hashes = np.empty(most + 1, np.uint64)  # one a byte at most; pages that are never touched cost nothing
    shingles = np.empty(offsets[-1] - offsets[0] + 1, np.uint32)
    ends = np.zeros(len(offsets), np.int64)
    short = np.zeros(len(offsets) - 1, np.uint64)
    n = 0
    for d in range(len(offsets) - 1):
        if words:
            count = hash_words(data, offsets[d], offsets[d + 1], classes, folds, signs, breaks, hashes)
        else:
            count = hash_characters(data, offsets[d], offsets[d + 1], classes, folds, signs, hashes)
        n, short[d] = put_shingles(hashes, count, ngram, shingles, n)
        ends[d + 1] = n
    return ends, shingles[:n], short


@kernel
def shingle_tokens(offsets: Int64s, tokens: Int64s, ngram: int) -> tuple[Int64s, Shingles, Hashes]:
    """As `shingle_text`, of token numbers that are there already."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    hashes = np.empty(most + 1, np.uint64)
    shingles = np.empty(offsets[-1] - offsets[0] + 1, np.uint32)
    ends = np.zeros(len(offsets), np.int64)
    short = np.zeros(len(offsets) - 1, np.uint64)
    n = 0
    for d in range(len(offsets) - 1):
        count = offsets[d + 1] - offsets[d]
        for t in range(count):
            hashes[t] = mixed(np.uint64(tokens[offsets[d] + t]) + ONE)
        n, short[d] = put_shingles(hashes, count, ngram, shingles, n)
        ends[d + 1] = n
    return ends, shingles[:n], short
