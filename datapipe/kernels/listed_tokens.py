"""Text as lists of words read it: a run of letters and digits, one letter of a script without spaces, one emoji is a token."""

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.decode import before
from datapipe.kernels.eight import ALL, NONE, TOPS, below, digits, eight_at, length, letters
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed
from datapipe.kernels.jit import inlined
from datapipe.kernels.keywords import point_at
from datapipe.kernels.listed_signs import (
    ALONE,
    BITS,
    HOLDS,
    KATAKANA,
    LEADS,
    LETTER,
    MARK,
    MARKED,
    RADIX,
    SIGN,
    SKIP,
    SPACE,
    digit_of,
)
from datapipe.kernels.ngrams import POWERS, digits_sum

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]

LONGEST_JOINT = 12  # bytes of signs between two words of an entry
_DIGIT = np.uint64(RADIX)
_INVERSE = np.uint64(pow(RADIX, -1, 1 << 64))
_TWO = np.uint64(2)
_TOUCH, _BLANK = np.uint64(1), np.uint64(2)  # joints: nothing, white space
_HYPHEN = np.uint64(45 * int(BASE) % (1 << 64))
_JOINED = 0x110000  # kernels/listed_signs.py: from here on letters are places in tables


@inlined
def next_token(
    data: Bytes, i: int, stop: int, signs: Int32s, sums: Hashes, powers: Hashes
) -> tuple[int, int, np.uint64, int]:
    """The first token at or behind i: its start (-1: none is left), its stop, its hash, what its first letter is."""
    sign: Any = 0
    size: Any = 1
    while i < stop:
        if data[i] < 128:
            sign = np.int64(signs[data[i]])
            size = 1
        else:
            point, size = point_at(data, i)
            sign = np.int64(signs[point])
        if sign & (LETTER | ALONE):
            break
        i += size
    if i >= stop:
        return -1, i, NONE, 0
    start = i
    first = sign
    h = NONE
    here = power = ONE
    while i < stop:
        if data[i] < 128 and not first & ALONE:
            run = NONE
            size = 0
            if i + 8 <= len(data):  # a run of ASCII letters and digits, eight at a time
                eight = eight_at(data, i)
                found = letters(eight)
                run = below((found | digits(eight)) ^ TOPS)
                size = min(length(run), stop - i)
                if size:
                    run &= ALL >> np.uint64(64 - 8 * size)
                    h += digits_sum((eight | found >> _TWO) & run, size) * power
                    here = power * POWERS[size - 1]
                    power *= POWERS[size]
                    i += size
                    if size == 8 or i >= stop:
                        continue
            if data[i] < 128:
                sign = np.int64(signs[data[i]])
                if not sign & LETTER:
                    break
                h += digit_of(sign >> BITS) * power
                here = power
                power *= _DIGIT
                i += 1
                continue
        point, size = point_at(data, i)
        sign = np.int64(signs[point])
        if sign & SKIP:
            i += size
            continue
        if not sign & MARK and i > start and (first & ALONE or not sign & LETTER):
            break
        letter = sign >> BITS
        if sign & MARK:
            h += (digit_of(letter | MARKED) if letter < _JOINED else sums[letter - _JOINED]) * here
        elif letter < _JOINED:
            h += digit_of(letter) * power
            here = power
            power *= _DIGIT
        else:
            h += sums[letter - _JOINED] * power
            power *= powers[letter - _JOINED]
            here = power * _INVERSE
        i += size
    return start, i, mixed(h), first


@inlined
def joint(data: Bytes, i: int, stop: int, signs: Int32s) -> np.uint64:
    """What stands between two tokens: the same for any white space and for a hyphen; 0 where an entry cannot go on."""
    if i == stop:
        return _TOUCH
    h: Any = NONE
    spaced = False
    size: Any
    begin = i
    while i < stop:
        point, size = point_at(data, i)
        sign = np.int64(signs[point])
        i += size
        if sign & SPACE:
            spaced = True
        elif not sign & SKIP:
            if spaced or i - begin > LONGEST_JOINT:
                return NONE
            h = (h + np.uint64(sign >> BITS)) * BASE
    if h in (NONE, _HYPHEN):
        return _BLANK
    return NONE if spaced else h


@inlined
def is_cut(left: np.int64, right: np.int64) -> bool:
    """Would a border between two letters part what belongs together?"""
    return bool(left & right & (LETTER | KATAKANA) or right & (HOLDS | MARK) or left & LEADS)


@inlined
def is_free(data: Bytes, begin: int, start: int, stop: int, end: int, signs: Int32s, bare: bool) -> bool:
    """Does a place stand for itself, in the row from `begin` to `end`?"""
    if start > begin:
        at = before(data, start)
        point, _ = point_at(data, at)
        left = np.int64(signs[point])
        point, _ = point_at(data, start)
        if is_cut(left, np.int64(signs[point])) or (bare and left & (LETTER | ALONE) and not left & SIGN):
            return False
    if stop < end:
        point, _ = point_at(data, stop)
        right = np.int64(signs[point])
        at = before(data, stop)
        while at > start and data[at] >= 128:
            point, _ = point_at(data, at)
            if not np.int64(signs[point]) & (MARK | SKIP):
                break
            at = before(data, at)
        point, _ = point_at(data, at)
        if is_cut(np.int64(signs[point]), right) or (bare and right & (LETTER | ALONE) and not right & SIGN):
            return False
    return True
