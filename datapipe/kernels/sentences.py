"""Sentences cut by punctuation alone, and what MADLAD-400 asks of each."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, DECIMAL, NUMBER, PLAIN, SPACE, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.refinedweb import is_capital

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

# A sentence is a row of numbers.
START, STOP, CHARS, TECHNICAL, WORDS, CAPITALS = 0, 1, 2, 3, 4, 5
WIDTH = 6
FREE, LETTER, DIGIT, JOIN = 0, 1, 2, 3  # what a word may go on after, and what a sign may join; JOIN: either


@inlined
def gap_end(data: Bytes, i: int, stop: int, classes: Classes) -> int:
    """Past the marks . ! ? from i on and the white space after them; i if there is no such pair."""
    at = i
    while at < stop and (data[at] == 46 or data[at] == 33 or data[at] == 63):
        at += 1
    end = at
    while end < stop and not 28 <= data[end] <= 31:  # white space to Python alone
        kind, size = class_at(data, end, classes)
        if not kind & SPACE:
            break
        end += size
    return end if at > i and end > at else i


@inlined
def joint_at(data: Bytes, i: int, stop: int) -> int:
    """Does a sign between two letters (LETTER), two digits (DIGIT) or either (JOIN) leave them one word? FREE: no."""
    b = data[i]
    if b == 46 or b == 39 or (b == 0xE2 and data[i + 1] == 0x80 and 0x98 <= data[i + 2] <= 0x99):
        return JOIN
    if b == 58 or (b == 0xC2 and data[i + 1] == 0xB7):
        return LETTER
    return DIGIT if b == 44 or b == 59 else FREE


@inlined
def measure(data: Bytes, start: int, stop: int, classes: Classes, row: Int64s) -> bool:
    """Fill the row of a sentence; False if it is white space alone.

    Words follow the boundaries of Unicode's annex 29: letters and digits, joined by signs such as those of `can't` and
    `3.14`; a sign of a script without spaces is a word.
    """
    chars = technical = words = capitals = 0
    state = joint = FREE
    counted = blank = True
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        b = data[i]
        chars += 1
        blank &= kind & SPACE != 0
        technical += 48 <= b <= 57 or b == 123 or b == 125 or b == 43 or b == 47 or b == 40 or b == 41 or b == 62
        sort = DIGIT if kind & DECIMAL else (LETTER if kind & ALPHA else FREE)
        if sort != FREE and kind & PLAIN:
            if state != FREE and (joint == FREE or (state == sort and joint & sort)):
                words += not counted
            else:
                words += 1
                capitals += is_capital(data, i, kind)
            counted = True
            state = sort
            joint = FREE
        elif kind & (ALPHA | NUMBER) or is_capital(data, i, kind):
            words += 1
            capitals += is_capital(data, i, kind)
            state = joint = FREE
        elif b == 95:
            counted = counted and state != FREE and joint == FREE
            state = JOIN
            joint = FREE
        elif not (kind & PLAIN and not kind & SPACE):  # marks and format characters change nothing
            joint = joint_at(data, i, stop) if joint == FREE and state != FREE else FREE
            state = state if joint != FREE else FREE
        i += size
    row[START] = start
    row[STOP] = stop
    row[CHARS] = chars
    row[TECHNICAL] = technical
    row[WORDS] = words
    row[CAPITALS] = capitals
    return not blank


@kernel
def measure_sentences(offsets: Int64s, data: Bytes, classes: Classes, counts: Int64s, out: Int64s) -> int:
    """Write a row for each sentence and counts[document]; return how many rows (at most bytes // 3 + documents)."""
    n = 0
    for d in range(len(offsets) - 1):
        first = n
        start = i = offsets[d]
        stop = offsets[d + 1]
        while start < stop:
            gap = i
            if i < stop:
                b = data[i]
                if b != 46 and b != 33 and b != 63:
                    i += 1
                    continue
                gap = gap_end(data, i, stop, classes)
                if gap == i:
                    while i < stop and (data[i] == 46 or data[i] == 33 or data[i] == 63):
                        i += 1
                    continue
            if i > start:
                n += measure(data, start, i, classes, out[n])
            start = i = max(gap, i)
        counts[d] = n - first
    return n
