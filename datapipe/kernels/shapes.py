"""Shapes of bytes: groups of digits, decimals, hexadecimal runs; what candidates for personal data are made of."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]

LETTER, DIGIT, HEX, IN_TOKEN, LOCAL, STOP = 1, 2, 4, 8, 16, 32  # of a byte, in the table BYTES
DOT, COLON, HYPHEN, SPACE_BYTE, PLUS, AT_SIGN, OPEN, CLOSE, SLASH = 46, 58, 45, 32, 43, 64, 40, 41, 47
LONGEST = 1024  # bytes of a token or a run of colons that are looked at


def _bytes() -> Bytes:
    """What each byte is: LETTER (ASCII), DIGIT, HEX digit, part of a TOKEN or of the LOCAL part of an address, a STOP."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        sign = chr(byte)
        if sign.isascii() and sign.isalpha():
            table[byte] |= LETTER | IN_TOKEN | LOCAL
        if sign.isascii() and sign.isdigit():
            table[byte] |= DIGIT | IN_TOKEN | HEX | LOCAL
        if sign in "abcdefABCDEF":
            table[byte] |= HEX
        if sign in "0123456789@:":
            table[byte] |= STOP
        if sign in "+-_=":
            table[byte] |= IN_TOKEN
        if byte > 127 or sign in "!#$%&'*+-/=?^_`{|}~.\"":
            table[byte] |= LOCAL
    return table


BYTES = _bytes()


@inlined
def separator_at(data: Bytes, i: int, stop: int) -> int:
    """Bytes of the sign at i that may stand between groups of digits; 0 if it is none."""
    b = data[i]
    if b == SPACE_BYTE or b == HYPHEN or b == DOT or b == SLASH or b == OPEN or b == CLOSE:  # noqa: SIM109  # no tuples in machine code
        return 1
    if b == 0xC2 and i + 1 < stop and data[i + 1] == 0xA0:  # no-break space
        return 2
    if b == 0xE2 and i + 2 < stop and data[i + 1] == 0x80:
        c = data[i + 2]
        if c == 0x90 or c == 0x91 or c == 0x93 or c == 0xAF:  # hyphens, en dash, narrow no-break space
            return 3
    return 0


@inlined
def digits_end(data: Bytes, table: Bytes, i: int, stop: int) -> int:
    while i < stop and table[data[i]] & DIGIT:
        i += 1
    return i


@inlined
def next_group(data: Bytes, table: Bytes, i: int, stop: int) -> int:
    """Where the next group of digits starts after one that ends at i; -1 if more than three separators part them."""
    for _ in range(3):
        if i >= stop:
            return -1
        if table[data[i]] & DIGIT:
            return i
        size = separator_at(data, i, stop)
        if size == 0:
            return -1
        i += size
    return i if i < stop and table[data[i]] & DIGIT else -1


@inlined
def decimals_at(data: Bytes, table: Bytes, i: int, stop: int) -> int:
    """The end of a number with four decimals or more at i, of at most three digits before the point; -1 if none is there."""
    if i < stop and (data[i] == HYPHEN or data[i] == PLUS):
        i += 1
    point = digits_end(data, table, i, min(stop, i + 4))
    if point == i or point > i + 3 or point >= stop or data[point] != DOT:
        return -1
    end = digits_end(data, table, point + 1, stop)
    return end if end - point > 4 else -1


@inlined
def pair_of_decimals(data: Bytes, table: Bytes, start: int, stop: int) -> int:
    """The end of two decimals with a comma, a semicolon, a slash or up to four spaces between; -1 if they are not there."""
    i = decimals_at(data, table, start, stop)
    if i < 0 or i >= stop:
        return -1
    gap = i
    while (
        gap < stop
        and gap - i < 4
        and (data[gap] == SPACE_BYTE or data[gap] == 44 or data[gap] == 59 or data[gap] == SLASH)
    ):
        gap += 1
    return decimals_at(data, table, gap, stop) if gap > i else -1


@inlined
def colon_run(data: Bytes, table: Bytes, start: int, stop: int) -> tuple[int, int, int]:
    """End, colons and double colons of hexadecimal digits, colons and dots from `start`; at most 1,024 bytes."""
    i = start
    colons = doubles = 0
    last = min(stop, start + LONGEST)
    while i < last and (table[data[i]] & HEX or data[i] == COLON or (data[i] == DOT and colons > 1)):
        if data[i] == COLON:
            colons += 1
            if i > start and data[i - 1] == COLON:
                doubles += 1
        i += 1
    return i, colons, doubles


@inlined
def hex_groups(data: Bytes, table: Bytes, start: int, stop: int, size: int, groups: int, sign: int) -> int:
    """The end of `groups` groups of `size` hexadecimal digits with `sign` between; -1 if they are not there."""
    i = start
    for group in range(groups):
        if group:
            if i >= stop or data[i] != sign:
                return -1
            i += 1
        for _ in range(size):
            if i >= stop or not table[data[i]] & HEX:
                return -1
            i += 1
    return i if i >= stop or not table[data[i]] & (LETTER | DIGIT) else -1
