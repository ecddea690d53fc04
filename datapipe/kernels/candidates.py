"""Places where personal data may stand, by the shape of the bytes alone: one pass, which prose runs through untouched.

A candidate is cheap to find and says little; what recognises entities looks at candidates only, so that clean text
costs almost nothing. Every loop that looks around a place is bounded or starts where the last one ended: linear time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

# AT      an at sign between characters that an address may have beside it
# HANDLE  an at sign that begins a word: @name
# NUMBER  digits in groups, with up to two separators between groups, 7 digits or more; decimals and dates are left out
# QUAD    four or more numbers of up to three digits, with dots between
# DECIMAL two numbers of four and more decimals, one after the other
# COLONS  hexadecimal groups and colons as IPv6 and MAC addresses have them; six hexadecimal pairs with hyphens or dots
# MIXED   letters and digits in one word of 8 to 64: four digits or more; or two letters, two digits at its beginning
# TOKEN   16 to 1,024 letters, digits, + - _ = in a row, of which some are digits and some are letters
AT, HANDLE, NUMBER, QUAD, DECIMAL, COLONS, MIXED, TOKEN = range(8)
KINDS = 8

_LETTER, _DIGIT, _HEX, _TOKEN, _LOCAL = 1, 2, 4, 8, 16
DOT, COLON, HYPHEN, SPACE_BYTE, PLUS, AT_SIGN, OPEN, CLOSE, SLASH = 46, 58, 45, 32, 43, 64, 40, 41, 47
MIN_DIGITS = 7
MIN_TOKEN, MAX_TOKEN = 16, 1024
MAX_COLONS = 64  # an IPv6 address with IPv4 in it has 45; fingerprints are longer
MIN_MIXED, MAX_MIXED = 8, 64


def _bytes() -> Bytes:
    """What each byte is: LETTER (ASCII), DIGIT, HEX digit, part of a TOKEN, part of the LOCAL part of an address."""
    table = np.zeros(256, np.uint8)
    for byte in range(256):
        sign = chr(byte)
        if sign.isascii() and sign.isalpha():
            table[byte] |= _LETTER | _TOKEN | _LOCAL
        if sign.isascii() and sign.isdigit():
            table[byte] |= _DIGIT | _TOKEN | _HEX | _LOCAL
        if sign in "abcdefABCDEF":
            table[byte] |= _HEX
        if sign in "+-_=":
            table[byte] |= _TOKEN
        if byte > 127 or sign in "!#$%&'*+-/=?^_`{|}~.\"":
            table[byte] |= _LOCAL
    return table


BYTES = _bytes()


class Candidates(NamedTuple):
    """Places in order; bytes from the start of the buffer. `digits`: how many digits are in it."""

    kinds: Int64s
    rows: Int64s
    starts: Int64s
    ends: Int64s
    digits: Int64s


@inlined
def _put(out: Int64s, count: int, kind: int, row: int, start: int, end: int, digits: int) -> int:
    if count < out.shape[1]:
        out[0, count] = kind
        out[1, count] = row
        out[2, count] = start
        out[3, count] = end
        out[4, count] = digits
    return count + 1


@inlined
def _separator(data: Bytes, i: int, stop: int) -> int:
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
def _digits_end(data: Bytes, table: Bytes, i: int, stop: int) -> int:
    while i < stop and table[data[i]] & _DIGIT:
        i += 1
    return i


@inlined
def _next_group(data: Bytes, table: Bytes, i: int, stop: int) -> int:
    """Where the next group of digits starts after one that ends at i; -1 if more than two separators part them."""
    for _ in range(3):
        if i >= stop:
            return -1
        if table[data[i]] & _DIGIT:
            return i
        size = _separator(data, i, stop)
        if size == 0:
            return -1
        i += size
    return i if i < stop and table[data[i]] & _DIGIT else -1


@inlined
def _decimals(data: Bytes, table: Bytes, i: int, stop: int) -> int:
    """The end of a number with four decimals or more at i, of at most three digits before the point; -1 if none is there."""
    if i < stop and (data[i] == HYPHEN or data[i] == PLUS):
        i += 1
    point = _digits_end(data, table, i, min(stop, i + 4))
    if point == i or point > i + 3 or point >= stop or data[point] != DOT:
        return -1
    end = _digits_end(data, table, point + 1, stop)
    return end if end - point > 4 else -1


@inlined
def _pair_of_decimals(data: Bytes, table: Bytes, start: int, stop: int) -> int:
    """The end of two decimals with a comma, a semicolon, a slash or up to four spaces between; -1 if they are not there."""
    i = _decimals(data, table, start, stop)
    if i < 0 or i >= stop:
        return -1
    gap = i
    while (
        gap < stop
        and gap - i < 4
        and (data[gap] == SPACE_BYTE or data[gap] == 44 or data[gap] == 59 or data[gap] == SLASH)
    ):
        gap += 1
    return _decimals(data, table, gap, stop) if gap > i else -1


@inlined
def _colon_run(data: Bytes, table: Bytes, start: int, stop: int) -> tuple[int, int, int]:
    """End, colons and double colons of hexadecimal digits, colons and dots from `start`; at most 1,024 bytes."""
    i = start
    colons = doubles = 0
    last = min(stop, start + MAX_TOKEN)
    while i < last and (table[data[i]] & _HEX or data[i] == COLON or (data[i] == DOT and colons > 1)):
        if data[i] == COLON:
            colons += 1
            if i > start and data[i - 1] == COLON:
                doubles += 1
        i += 1
    return i, colons, doubles


@inlined
def _hex_groups(data: Bytes, table: Bytes, start: int, stop: int, size: int, groups: int, sign: int) -> int:
    """The end of `groups` groups of `size` hexadecimal digits with `sign` between; -1 if they are not there."""
    i = start
    for group in range(groups):
        if group:
            if i >= stop or data[i] != sign:
                return -1
            i += 1
        for _ in range(size):
            if i >= stop or not table[data[i]] & _HEX:
                return -1
            i += 1
    return i if i >= stop or not table[data[i]] & (_LETTER | _DIGIT) else -1


@kernel
def scan_candidates(offsets: Int64s, data: Bytes, table: Bytes, out: Int64s) -> int:
    """Fill out[:, k] with kind, row, start, end, digits; returns how many there are, also beyond its length."""
    count = 0
    for row in range(len(offsets) - 1):
        begin, stop = offsets[row], offsets[row + 1]
        number_end = token_end = colon_end = begin  # what was looked at up to here is not looked at again
        i = begin
        while i < stop:
            kind = table[data[i]]
            if not kind & (_LETTER | _DIGIT):
                b = data[i]
                if b == AT_SIGN:
                    left = i > begin and table[data[i - 1]] & _LOCAL
                    right = i + 1 < stop and (table[data[i + 1]] & (_LETTER | _DIGIT) or data[i + 1] > 127)
                    if left and (right or (i + 1 < stop and data[i + 1] == 91)):
                        count = _put(out, count, AT, row, i, i + 1, 0)
                    elif right or (i + 1 < stop and data[i + 1] == 95):
                        count = _put(out, count, HANDLE, row, i, i + 1, 0)
                elif b == COLON and i >= colon_end:
                    start = i
                    while start > colon_end and i - start < 4 and table[data[start - 1]] & _HEX:
                        start -= 1
                    colon_end, colons, doubles = _colon_run(data, table, start, stop)
                    named = start == i or (start > begin and table[data[start - 1]] & (_LETTER | _DIGIT))
                    if named and i + 1 < stop and data[i + 1] != COLON:
                        start = i + 1  # `ip6:2001:db8::1`: a name and its value
                        colons -= 1
                    # `std::vector`, `Foo::Bar` and the like are words with colons, not addresses
                    apart = start == begin or not table[data[start - 1]] & (_LETTER | _DIGIT)
                    apart = apart and (colon_end >= stop or not table[data[colon_end]] & (_LETTER | _DIGIT))
                    if apart and 2 < colon_end - start <= MAX_COLONS and (doubles or (colons >= 5 and colons <= 7)):
                        count = _put(out, count, COLONS, row, start, colon_end, 0)
                i += 1
                continue
            start = i
            digits = 0
            while i < stop and table[data[i]] & (_LETTER | _DIGIT):
                digits += (table[data[i]] & _DIGIT) >> 1
                i += 1
            if i - start == 2 and i < stop and data[i] == HYPHEN:
                end = _hex_groups(data, table, start, stop, 2, 6, HYPHEN)
                if end > 0:
                    count = _put(out, count, COLONS, row, start, end, 0)
            elif i - start == 4 and i < stop and data[i] == DOT:
                end = _hex_groups(data, table, start, stop, 4, 3, DOT)
                if end > 0:
                    count = _put(out, count, COLONS, row, start, end, 0)
            if digits == 0:
                continue
            if start >= token_end and digits < i - start + (start > begin) + (i < stop):
                first = start
                while first > token_end and start - first < MAX_TOKEN and table[data[first - 1]] & _TOKEN:
                    first -= 1
                end = i
                letters = digits < i - start
                many = digits
                while end < stop and end - first < MAX_TOKEN and table[data[end]] & _TOKEN:
                    many += (table[data[end]] & _DIGIT) >> 1
                    letters = letters or table[data[end]] & _LETTER != 0
                    end += 1
                for k in range(first, start):
                    letters = letters or table[data[k]] & _LETTER != 0
                token_end = end
                if letters and end - first >= MIN_TOKEN:
                    count = _put(out, count, TOKEN, row, first, end, many)
            if digits < i - start:
                coded = (
                    i - start >= 4
                    and table[data[start]] & table[data[start + 1]] & _LETTER
                    and table[data[start + 2]] & table[data[start + 3]] & _DIGIT
                )
                if coded or (digits >= 4 and MIN_MIXED <= i - start <= MAX_MIXED):
                    count = _put(out, count, MIXED, row, start, i, digits)
                continue
            if start < number_end:
                continue
            # A group of digits with nothing before it that was looked at: how far do groups go on?
            groups = 1
            total = digits
            end = i
            first_length, second_length, third_length = digits, 0, 0
            first_sign = data[i] if i < stop else 0
            same = True  # one and the same sign between all groups
            dotted = 1 if digits <= 3 else 0  # groups in a row of up to three digits with dots between
            dotted_from = start
            pair_end = -1
            if first_sign == DOT and digits <= 3:
                pair_end = _pair_of_decimals(data, table, start, stop)
            if pair_end > 0:
                count = _put(out, count, DECIMAL, row, start, pair_end, 0)
            while True:
                following = _next_group(data, table, end, stop)
                if following < 0:
                    break
                group_end = _digits_end(data, table, following, stop)
                length = group_end - following
                same = same and following == end + 1 and data[end] == first_sign
                if length <= 3 and following == end + 1 and data[end] == DOT and dotted:
                    dotted += 1
                else:
                    if dotted >= 4:
                        count = _put(out, count, QUAD, row, dotted_from, end, 0)
                    dotted = 1 if length <= 3 else 0
                    dotted_from = following
                groups += 1
                total += length
                end = group_end
                if groups == 2:
                    second_length = length
                elif groups == 3:
                    third_length = length
            if dotted >= 4:
                count = _put(out, count, QUAD, row, dotted_from, end, 0)
            number_end = end
            decimal = groups == 2 and first_sign == DOT
            years = groups == 2 and first_length == 4 and second_length == 4 and same
            date = (
                groups == 3
                and same
                and first_sign != SPACE_BYTE
                and (
                    (first_length == 4 and second_length <= 2 and third_length <= 2)
                    or (first_length <= 2 and second_length <= 2 and third_length == 4)
                )
            )
            if total >= MIN_DIGITS and not (decimal or years or date):
                count = _put(out, count, NUMBER, row, start, end, total)
    return count


def find_candidates(offsets: Int64s, data: Bytes) -> Candidates:
    """All candidates of these texts."""
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 128 if len(offsets) else 0
    while True:
        out = np.empty((5, room), np.int64)
        count = int(scan_candidates(offsets, data, BYTES, out))
        if count <= room:
            return Candidates(*(column[:count] for column in out))
        room = count
