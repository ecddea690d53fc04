"""Words and phrases of long lists, found in one pass over text.

A text is a row of tokens: a run of letters and digits, one letter of a script without spaces, one emoji. A token is hashed
as it is read, an entry is the hashes of its tokens and of what joins them, and one table of open addressing holds every
beginning of every entry. Most tokens begin no entry and cost one look-up in 256 kB (10,000 words), whatever is listed.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.decode import before
from datapipe.kernels.eight import ALL, NONE, TOPS, below, digits, eight_at, length, letters
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.keywords import point_at
from datapipe.kernels.listed_signs import (
    ALONE,
    BITS,
    HIRAGANA,
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
    sign_table,
)
from datapipe.kernels.ngrams import POWERS, digits_sum

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

LONGEST_JOINT = 12  # bytes of signs between two words of an entry
_DIGIT = np.uint64(RADIX)
_INVERSE = np.uint64(pow(RADIX, -1, 1 << 64))
_TWO = np.uint64(2)
_TOUCH, _BLANK = np.uint64(1), np.uint64(2)  # joints: nothing, white space
_HYPHEN = np.uint64(45 * int(BASE) % (1 << 64))
_JOINED = 0x110000


class Entries(NamedTuple):
    """What the scan reads; `numbers[i]` is the number under which the i-th entry given is found, -1 where it has no letter.

    whats  of each slot: (entry + 1) << 1 | whether a longer entry goes on
    bare   entries that count only where no letter stands beside them
    """

    signs: Int32s
    sums: Hashes
    powers: Hashes
    keys: Hashes
    whats: Int32s
    bare: Bytes
    numbers: Int64s


class Places(NamedTuple):
    """Where entries stand, in order of row and start; bytes from the start of the buffer."""

    rows: Int64s
    starts: Int64s
    stops: Int64s
    entries: Int64s


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
    size: Any
    if start > begin:
        at = before(data, start)
        point, size = point_at(data, at)
        left = np.int64(signs[point])
        point, size = point_at(data, start)
        if is_cut(left, np.int64(signs[point])) or (bare and left & (LETTER | ALONE) and not left & SIGN):
            return False
    if stop < end:
        point, size = point_at(data, stop)
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


@kernel
def build(
    offsets: Int64s, data: Bytes, signs: Int32s, sums: Hashes, powers: Hashes, keys: Hashes, whats: Int32s, bare: Bytes,
    numbers: Int64s,
) -> int:  # fmt: skip
    """Put every beginning of every entry, one a row, into the table; returns the number of distinct entries."""
    found = 0
    for d in range(len(offsets) - 1):
        stop = offsets[d + 1]
        start, i, h, sign = next_token(data, offsets[d], stop, signs, sums, powers)
        numbers[d] = -1
        if start < 0:
            continue
        state = h
        tokens = 1
        kinds = every = sign
        while True:
            slot = slot_of(keys, len(keys), state)
            keys[slot] = state
            start, after, h, sign = next_token(data, i, stop, signs, sums, powers)
            if start < 0:
                break
            whats[slot] |= 1
            state = mixed(state * BASE ^ h ^ joint(data, i, start, signs))
            i = after
            tokens += 1
            kinds |= sign
            every &= sign
        if whats[slot] < 2:
            found += 1
            whats[slot] |= found << 1
            # One letter, or two of hiragana, are parts of other words mostly.
            bare[found - 1] = every & ALONE and not kinds & SIGN and tokens <= (2 if every & HIRAGANA else 1)
        numbers[d] = (whats[slot] >> 1) - 1
    return found


@kernel
def fill(keys: Hashes, whats: Int32s, into: Hashes, moved: Int32s) -> None:
    """Put the slots of a table into another one."""
    for k in range(len(keys)):
        slot = slot_of(into, len(into), keys[k])
        into[slot] = keys[k]
        moved[slot] = whats[k]


@kernel
def scan_entries(
    offsets: Int64s, data: Bytes, signs: Int32s, sums: Hashes, powers: Hashes, keys: Hashes, whats: Int32s, bare: Bytes,
    words: Int64s, out: Int64s,
) -> int:  # fmt: skip
    """Fill words[row] and out[:, k] with row, start, stop and entry of each place; returns how many, also beyond its length.

    An entry inside a longer one is found, too.
    """
    count = 0
    for d in range(len(offsets) - 1):
        begin = offsets[d]
        end = offsets[d + 1]
        i = begin
        last = 0
        stopped = -1
        seen = 0
        while True:
            start, i, h, sign = next_token(data, i, end, signs, sums, powers)
            if start < 0:
                break
            seen += not (sign & SIGN or (start == stopped and is_cut(np.int64(last), np.int64(sign))))
            last = sign
            stopped = i
            slot = slot_of(keys, len(keys), h)
            stop = i
            state = h
            while keys[slot] != NONE:
                what = np.int64(whats[slot])
                if what > 1 and is_free(data, begin, start, stop, end, signs, bare[(what >> 1) - 1] != 0):
                    if count < out.shape[1]:
                        out[0, count] = d
                        out[1, count] = start
                        out[2, count] = stop
                        out[3, count] = (what >> 1) - 1
                    count += 1
                if not what & 1:
                    break
                after, upto, h, sign = next_token(data, stop, end, signs, sums, powers)
                if after < 0:
                    break
                between = joint(data, stop, after, signs)
                if between == NONE:
                    break
                state = mixed(state * BASE ^ h ^ between)
                stop = upto
                slot = slot_of(keys, len(keys), state)
        words[d] = seen
    return count


def entries(listed: Sequence[str]) -> Entries:
    """Made ready to find these words and phrases; those that are folded to the same have one number."""
    table = sign_table()
    encoded = [entry.encode() for entry in listed]
    offsets = np.zeros(len(listed) + 1, np.int64)
    np.cumsum([len(entry) for entry in encoded], out=offsets[1:])
    data = np.frombuffer(b"".join(encoded) + bytes(8), np.uint8)
    offsets.flags.writeable = False
    keys = np.zeros(table_size(len(data) // 2 + 4), np.uint64)
    whats = np.zeros(len(keys), np.int32)
    bare = np.zeros(len(listed), np.uint8)
    numbers = np.zeros(len(listed), np.int64)
    build(offsets, data, *table, keys, whats, bare, numbers)
    return Entries(*table, *_fitted(keys, whats), bare, numbers)


def _fitted(keys: Hashes, whats: Int32s) -> tuple[Hashes, Int32s]:
    """The same table, no larger than it need be."""
    used = np.flatnonzero(keys)
    small = np.zeros(table_size(len(used) + 1), np.uint64)
    moved = np.zeros(len(small), np.int32)
    fill(keys[used], whats[used], small, moved)
    return small, moved


def find_entries(offsets: Int64s, data: Bytes, of: Entries) -> tuple[Int64s, Places]:
    """The number of words of each row, and every place of every entry."""
    words = np.empty(len(offsets) - 1, np.int64)
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 100
    while True:
        out = np.empty((4, room), np.int64)
        found = scan_entries(offsets, data, *of[:-1], words, out)
        if found <= room:
            return words, Places(*out[:, :found])
        room = found
