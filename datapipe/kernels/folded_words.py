"""Words folded to what must be equal: letters, digits and marks, in lower case, hashed as they are found.

Signs part words or are left out; a written syllable of a script without spaces is a word (kernels/syllables.py).
"""

from functools import cache
from typing import Any
from unicodedata import category, normalize

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, HEAD, NO_SPACES, NUMBER, SPACE, Classes, class_table
from datapipe.kernels.decode import class_at, entry_at
from datapipe.kernels.eight import ALL, NONE, TOPS, below, digits, eight_at, length, letters
from datapipe.kernels.fold import LOWER_END, lower_table
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.ngrams import DIGIT, POWERS, digits_sum
from datapipe.kernels.syllables import syllable
from datapipe.kernels.words import NO_BREAKS

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

# What the table of letters says of a code point that is none.
PARTS, LEFT_OUT, NUMERAL = 0, -1, -2
_TWO = np.uint64(2)


@cache
def letter_table(joined: bool, plain: bool) -> Int32s:
    """What each code point is folded to, or PARTS, LEFT_OUT; 90 ms, once a process.

    joined  signs are left out rather than part words (Brown et al. 2020: `don't` is `dont`)
    plain   marks are left out, é is e, and any number is one NUMERAL (datatrove's simplify_text)
    """
    classes = class_table()
    points = np.arange(0x110000)
    kind = classes[HEAD + (classes[points >> 8].astype(np.int64) << 8) + (points & 255)]
    table = np.full(0x110000, LEFT_OUT if joined else PARTS, np.int32)
    low = [category(chr(point)) for point in range(0x20000)]  # above: Han, and marks that are left out
    letter = kind & (ALPHA | NUMBER) != 0
    letter[:0x20000] |= np.array([c[0] == "M" for c in low])
    table[letter] = points[letter]
    table[:LOWER_END] = np.where(letter[:LOWER_END], lower_table(), table[:LOWER_END])
    table[:0x20000][np.array([c in ("Cf", "Cc") for c in low])] = LEFT_OUT
    table[[0x34F, *range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)]] = LEFT_OUT
    table[kind & SPACE != 0] = PARTS
    if plain:
        for point in range(0xC0, 0x2000):
            base = normalize("NFD", chr(point))[0]
            if table[point] > 0 and base != chr(point):
                table[point] = table[ord(base)]
        table[:0x20000][np.array([c == "Mn" for c in low])] = LEFT_OUT
        table[:0x20000][np.array([c == "Nd" for c in low])] = NUMERAL
    return table


@inlined
def decimal_at(data: Bytes, i: int, stop: int, table: Int32s) -> bool:
    """Does a number go on behind a point or comma here?"""
    if (data[i] != 46 and data[i] != 44) or i + 1 >= stop:
        return False
    after, _ = entry_at(data, i + 1, table)
    return after == NUMERAL


@inlined
def letter_digit(letter: int) -> np.uint64:
    """What a letter adds to the hash of its word: a byte as `digits_sum` takes it, any other letter spread over 64 bits."""
    return np.uint64(letter) * BASE if letter >= 128 else np.uint64(letter + 1)


@inlined
def next_word(data: Bytes, i: int, stop: int, classes: Classes, table: Int32s) -> tuple[int, int, np.uint64]:
    """The first word at or behind i: its start (-1: none is left), its stop, its hash. Signs left out are of their word."""
    numbers = table[48] == NUMERAL
    runs = NONE if numbers else TOPS
    h = NONE
    power = ONE
    start = -1
    letter: Any
    last: Any = 0  # letter; 0: none yet
    while i < stop:
        if data[i] < 128:
            if i + 8 <= len(data):  # a run of ASCII letters, eight at a time
                eight = eight_at(data, i)
                found = letters(eight)
                run = below((found | digits(eight) & runs) ^ TOPS)
                size = min(length(run), stop - i)
                if size:
                    run &= ALL >> np.uint64(64 - 8 * size)
                    h += digits_sum((eight | found >> _TWO) & run, size) * power
                    power *= POWERS[size]
                    start = i if start < 0 else start
                    last = 1
                    i += size
                    continue
            size = 1
            letter = np.int64(table[data[i]])
        else:
            kind, size = class_at(data, i, classes)
            if kind & NO_SPACES:
                if last:
                    break
                end, _, _, _ = syllable(data, i, stop, classes, NO_BREAKS)
                start = i if start < 0 else start
                while i < end:
                    letter, size = entry_at(data, i, table)
                    if letter > 0 or (letter == NUMERAL and last != NUMERAL):
                        h += letter_digit(max(letter, 0)) * power
                        power *= DIGIT
                    if letter != LEFT_OUT and letter != PARTS:
                        last = letter
                    i += size
                if last:
                    break
                start = -1
                continue
            letter, _ = entry_at(data, i, table)
        if letter == PARTS:
            if last == 0:
                start = -1
            elif not (numbers and last == NUMERAL and decimal_at(data, i, stop, table)):
                break
        else:
            start = i if start < 0 else start
            if letter > 0 or (letter == NUMERAL and last != NUMERAL):
                h += letter_digit(max(letter, 0)) * power
                power *= DIGIT
            if letter != LEFT_OUT:
                last = letter
        i += size
    if last == 0:
        return -1, i, h
    return start, i, mixed(h)


@inlined
def next_letter(data: Bytes, i: int, stop: int, table: Int32s, last: int) -> tuple[int, int]:
    """The next folded letter of a word, a number as one (0 where the word ends), and where to go on."""
    while i < stop:
        letter, size = entry_at(data, i, table)
        i += size
        if letter > 0 or (letter == NUMERAL and last != NUMERAL):
            return letter, i
    return 0, i


@inlined
def same_word(data: Bytes, i: int, stop: int, other: Bytes, j: int, end: int, table: Int32s) -> bool:
    """Are two words equal, folded?"""
    one = two = 0
    while True:
        one, i = next_letter(data, i, stop, table, one)
        two, j = next_letter(other, j, end, table, two)
        if one != two:
            return False
        if one == 0:
            return True


@kernel
def cut_words(offsets: Int64s, data: Bytes, classes: Classes, table: Int32s) -> tuple[Int64s, Int64s, Int64s, Hashes]:
    """All words of all texts: how many there are before each text, and of each its start, stop and hash."""
    before = np.zeros(len(offsets), np.int64)
    most = offsets[-1] - offsets[0]
    starts = np.empty(most, np.int64)
    stops = np.empty(most, np.int64)
    hashes = np.empty(most, np.uint64)
    n = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        while True:
            start, i, h = next_word(data, i, offsets[d + 1], classes, table)
            if start < 0:
                break
            starts[n] = start
            stops[n] = i
            hashes[n] = h
            n += 1
        before[d + 1] = n
    return before, starts[:n].copy(), stops[:n].copy(), hashes[:n].copy()
