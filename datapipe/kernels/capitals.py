"""Places of words of a list that begin with a capital, by their hashes: for lists that are too long for `literals`.

5,000 names are 32,768 slots, 256 kB, where a dense automaton of them would take 8 MB. Only words with a capital at their
beginning are hashed; the bytes of all others are read once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

# Kinds of bytes; from TAIL on they are parts of words: continuation bytes, letters and digits, capitals, and the first
# bytes of letters that may be capitals (Latin, Greek, Cyrillic, Armenian). WIDE begins signs and letters of scripts without
# capitals: there a listed word may stand without a space beside it.
SIGN, WIDE, TAIL, IN_WORD, CAPITAL, LEAD = range(6)
LONGEST = 40  # bytes of a word
SPACE, HYPHEN = 32, 45


def _bytes() -> Bytes:
    table = np.zeros(256, np.uint8)
    table[[b for b in range(128) if chr(b).isalnum() or b == ord("_")]] = IN_WORD
    table[128:192] = TAIL
    table[192:] = IN_WORD
    table[65:91] = CAPITAL
    table[[0xC3, 0xC4, 0xC5, 0xC6, 0xC8, 0xCE, 0xD0, 0xD4, 0xD5, 0xE1]] = LEAD
    table[[0xC2, 0xE0, *range(0xE2, 256)]] = WIDE
    return table


BYTES = _bytes()


@inlined
def _is_capital(data: Bytes, table: Bytes, i: int, stop: int) -> bool:
    """Whether a capital may begin at i; of letters beyond ASCII this says nearly, and the list decides."""
    if i >= stop:
        return False
    kind = table[data[i]]
    if kind != LEAD or i + 1 >= stop:
        return bool(kind == CAPITAL)
    lead, after = data[i], data[i + 1]
    if lead == 0xC3:
        return bool(after < 0x9F)
    if lead == 0xCE:
        return bool(after < 0xAC)
    if lead == 0xD0:
        return bool(after < 0xB0)
    return bool(lead != 0xE1 or after >= 0xB8)


@inlined
def _ends_wide(data: Bytes, table: Bytes, i: int, begin: int) -> bool:
    """Whether the character beyond ASCII that ends before i is a sign, or of a script without capitals."""
    first = i - 1
    while first > begin and i - first < 4 and table[data[first]] == TAIL:
        first -= 1
    return bool(table[data[first]] == WIDE)


@inlined
def _goes_on(data: Bytes, table: Bytes, i: int, stop: int) -> bool:
    """Whether a space or a hyphen and a capital follow at i, or a short word as `de`, `van`, `bin`, `el`."""
    if i + 3 >= stop or (data[i] != SPACE and data[i] != HYPHEN):
        return False
    if _is_capital(data, table, i + 1, stop):
        return True
    first, second = data[i + 1], data[i + 2]
    if first == 97 or first == 101:  # a, e: al, el
        return bool(second == 108 and data[i + 3] == SPACE)
    if first != 98 and first != 100 and first != 118:  # b, d, v
        return False
    return bool(data[i + 3] == SPACE or (i + 4 < stop and data[i + 4] == SPACE))


@kernel
def scan_capitals(offsets: Int64s, data: Bytes, table: Bytes, keys: Hashes, out: Int64s) -> int:
    """Fill out[:, k] with row, start, end and neighbours of each place; returns how many there are, also beyond its length.

    neighbours  1: a name may go on after it (`_goes_on`); 2: a word with a capital and one space stand before
    """
    count = 0
    for row in range(len(offsets) - 1):
        begin, stop = offsets[row], offsets[row + 1]
        capital_end = np.int64(-1)  # of the last word with a capital
        before = np.uint8(SIGN)
        i = begin
        while i < stop:
            kind = table[data[i]]
            if (
                kind < CAPITAL
                or before > TAIL
                or (before == TAIL and not _ends_wide(data, table, i, begin))
                or (i > begin and data[i - 1] == HYPHEN)  # the rest of a name
                or not _is_capital(data, table, i, stop)
            ):
                before = kind
                i += 1
                continue
            start = i
            h = np.uint64(0)
            power = ONE
            while i < stop and table[data[i]] >= TAIL:
                h += np.uint64(data[i] + 1) * power
                power *= BASE
                i += 1
            if i - start <= LONGEST:
                key = mixed(h)
                if keys[slot_of(keys, len(keys), key)] == key:
                    near = 1 if _goes_on(data, table, i, stop) else 0
                    if capital_end >= 0 and capital_end + 1 == start and data[capital_end] == SPACE:
                        near += 2
                    if count < out.shape[1]:
                        out[0, count] = row
                        out[1, count] = start
                        out[2, count] = i
                        out[3, count] = near
                    count += 1
            capital_end = i
            before = np.uint8(IN_WORD)
    return count


class Listed(NamedTuple):
    """Where listed words stand; bytes from the start of the buffer; for `near` see `scan_capitals`."""

    rows: Int64s
    starts: Int64s
    ends: Int64s
    near: Int64s


def find_capitals(offsets: Int64s, data: Bytes, keys: Hashes) -> Listed:
    """Every place of a word of this table (`hashing.word_table`) that begins with a capital and is no part of a word."""
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 512 if len(offsets) else 0
    while True:
        out = np.empty((4, room), np.int64)
        count = int(scan_capitals(offsets, data, BYTES, keys, out))
        if count <= room:
            return Listed(*(column[:count] for column in out))
        room = count
