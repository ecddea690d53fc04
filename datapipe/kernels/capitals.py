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

SIGN, IN_WORD, CAPITAL, LEAD, WIDE = 0, 1, 2, 3, 4
LONGEST = 40  # bytes of a word


def _bytes() -> Bytes:
    """SIGN, IN_WORD, an ASCII CAPITAL, the LEAD of a letter that may be a capital, or of WIDE signs and spaces."""
    table = np.zeros(256, np.uint8)
    table[[b for b in range(128) if chr(b).isalnum() or b == ord("_")]] = IN_WORD
    table[128:] = IN_WORD
    table[65:91] = CAPITAL
    table[[0xC3, 0xC4, 0xC5, 0xC6, 0xC8, 0xCE, 0xD0, 0xD4, 0xD5, 0xE1]] = LEAD  # Latin, Greek, Cyrillic, Armenian
    table[[0xC2, 0xE2, 0xE3, 0xEF]] = WIDE  # Latin-1 signs; dashes, quotes; signs of East Asia: none is in a listed name
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


@kernel
def scan_capitals(offsets: Int64s, data: Bytes, table: Bytes, keys: Hashes, out: Int64s) -> int:
    """Fill out[:, k] with row, start, end and neighbours of each place; returns how many there are, also beyond its length.

    neighbours  1: one space and a capital follow; 2: a word with a capital and one space stand before
    """
    count = 0
    for row in range(len(offsets) - 1):
        i, stop = offsets[row], offsets[row + 1]
        capital_end = np.int64(-1)  # of the last word with a capital
        apart = True  # nothing of a word stands before i
        while i < stop:
            kind = table[data[i]]
            if kind == SIGN:
                apart = data[i] != 45  # what follows a hyphen is the rest of a name
                i += 1
                continue
            if kind == WIDE:
                i += 2 if data[i] < 0xE0 else 3
                apart = True
                continue
            start = i
            if apart and _is_capital(data, table, i, stop):
                h = np.uint64(0)
                power = ONE
                while i < stop and table[data[i]] != SIGN and table[data[i]] != WIDE:
                    h += np.uint64(data[i] + 1) * power
                    power *= BASE
                    i += 1
                if i - start <= LONGEST:
                    key = mixed(h)
                    if keys[slot_of(keys, len(keys), key)] == key:
                        near = 1 if i < stop and data[i] == 32 and _is_capital(data, table, i + 1, stop) else 0
                        if capital_end >= 0 and capital_end + 1 == start and data[capital_end] == 32:
                            near += 2
                        if count < out.shape[1]:
                            out[0, count] = row
                            out[1, count] = start
                            out[2, count] = i
                            out[3, count] = near
                        count += 1
                capital_end = i
            else:
                while i < stop and table[data[i]] != SIGN and table[data[i]] != WIDE:
                    i += 1
            apart = False
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
