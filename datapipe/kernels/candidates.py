"""Places where personal data may stand, by the shape of the bytes alone: one pass, which prose runs through untouched.

A candidate is cheap to find and says little; what recognises entities looks at candidates only, so that clean text
costs almost nothing. Every loop that looks around a place is bounded or starts where the last one ended: linear time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.shapes import (
    AT_SIGN,
    BYTES,
    COLON,
    DIGIT,
    DOT,
    HEX,
    HYPHEN,
    IN_TOKEN,
    LETTER,
    LOCAL,
    LONGEST,
    SPACE_BYTE,
    STOP,
    colon_run,
    digits_end,
    hex_groups,
    next_group,
    pair_of_decimals,
)

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

# AT      an at sign between characters that an address may have beside it
# HANDLE  an at sign that begins a word: @name
# NUMBER  digits in groups, with up to three separators between groups, 7 digits or more; decimals and dates are left out
# QUAD    four or more numbers of up to three digits, with dots between
# DECIMAL two numbers of four and more decimals, one after the other
# COLONS  hexadecimal groups and colons as IPv6 and MAC addresses have them; six hexadecimal pairs with hyphens, three
#         groups of four with dots, of which some are digits
# MIXED   letters and digits in one word of 8 to 64: four digits or more; or two letters, two digits at its beginning
# TOKEN   16 to 1,024 letters, digits, + - _ = in a row, of which some are digits and some are letters
AT, HANDLE, NUMBER, QUAD, DECIMAL, COLONS, MIXED, TOKEN = range(8)
KINDS = 8

MIN_DIGITS = 7
MIN_TOKEN, MAX_TOKEN = 16, LONGEST
MAX_COLONS = 64  # an IPv6 address with IPv4 in it has 45; fingerprints are longer
MIN_MIXED, MAX_MIXED = 8, 64


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
def _macs(
    out: Int64s, count: int, row: int, data: Bytes, table: Bytes, begin: int, word: int, stop: int, size: int, groups: int,
    sign: int, last: int,
) -> tuple[int, int]:  # fmt: skip
    """Put the rows of hexadecimal groups in which this word is one; `last`: the start of the last row that was put."""
    for back in range(groups - 1, -1, -1):
        start = word - back * (size + 1)
        if start <= last or start < begin or (start > begin and table[data[start - 1]] & (LETTER | DIGIT)):
            continue
        end = hex_groups(data, table, start, stop, size, groups, sign)
        if end > 0:
            count = _put(out, count, COLONS, row, start, end, 0)
            last = start
    return count, last


@inlined
def _token(
    out: Int64s, count: int, row: int, data: Bytes, table: Bytes, before: int, start: int, stop: int
) -> tuple[int, int]:
    """Put the token around a word with digits, if it is one; and where it ends. Up to `before` all was looked at."""
    first = start
    while first > before and start - first < MAX_TOKEN and table[data[first - 1]] & IN_TOKEN:
        first -= 1
    end = first
    digits = 0
    letters = False
    while end < stop and end - first < MAX_TOKEN and table[data[end]] & IN_TOKEN:
        digits += (table[data[end]] & DIGIT) >> 1
        letters = letters or table[data[end]] & LETTER != 0
        end += 1
    if letters and digits and end - first >= MIN_TOKEN:
        count = _put(out, count, TOKEN, row, first, end, digits)
    return count, end


@inlined
def _colons(
    out: Int64s, count: int, row: int, data: Bytes, table: Bytes, begin: int, before: int, colon: int, stop: int
) -> tuple[int, int]:
    """Put the run of hexadecimal groups around a colon, if an address may stand so; and where it ends."""
    start = colon
    while start > before and colon - start < 4 and table[data[start - 1]] & HEX:
        start -= 1
    end, colons, doubles = colon_run(data, table, start, stop)
    named = start == colon or (start > begin and table[data[start - 1]] & (LETTER | DIGIT))
    if named and colon + 1 < stop and data[colon + 1] != COLON:
        start = colon + 1  # `ip6:2001:db8::1`: a name and its value
        colons -= 1
    # `std::vector`, `Foo::Bar` and the like are words with colons, not addresses
    apart = start == begin or not table[data[start - 1]] & (LETTER | DIGIT)
    apart = apart and (end >= stop or not table[data[end]] & (LETTER | DIGIT))
    if apart and 2 < end - start <= MAX_COLONS and (doubles or (colons >= 5 and colons <= 7)):
        count = _put(out, count, COLONS, row, start, end, 0)
    return count, end


@inlined
def _chain(
    out: Int64s, count: int, row: int, data: Bytes, table: Bytes, start: int, end: int, stop: int
) -> tuple[int, int]:
    """Put what the groups of digits are that begin with start:end, and where they end."""
    groups = 1
    total = first_length = end - start
    second_length = third_length = 0
    first_sign = data[end] if end < stop else 0
    same = True  # one and the same sign between all groups
    dotted = 1 if total <= 3 else 0  # groups in a row of up to three digits with dots between
    dotted_from = start
    if first_sign == DOT and total <= 3:
        pair_end = pair_of_decimals(data, table, start, stop)
        if pair_end > 0:
            count = _put(out, count, DECIMAL, row, start, pair_end, 0)
    while True:
        following = next_group(data, table, end, stop)
        if following < 0:
            break
        group_end = digits_end(data, table, following, stop)
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
    decimal = groups == 2 and first_sign == DOT and same
    # 1998-2004, 1998/2004: years are of this millennium or the last
    years = groups == 2 and first_length == 4 and second_length == 4 and same and first_sign != SPACE_BYTE
    years = years and data[start] <= 50 and data[end - 4] <= 50
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
    return count, end


@kernel
def scan_candidates(offsets: Int64s, data: Bytes, table: Bytes, wanted: int, out: Int64s) -> int:
    """Fill out[:, k] with kind, row, start, end, digits; returns how many there are, also beyond its length.

    wanted  1 << kind of the kinds that are looked for; others may be found, too, where they cost nothing
    """
    count = 0
    for row in range(len(offsets) - 1):
        begin, stop = offsets[row], offsets[row + 1]
        number_end = token_end = colon_end = word_end = begin  # what was looked at up to here is not looked at again
        last_mac = begin - 1
        i = begin
        while i < stop:
            kind = table[data[i]]
            if not kind & STOP:  # of prose, all but 2 bytes in 100
                i += 1
                continue
            if not kind & DIGIT:
                if data[i] == AT_SIGN:
                    left = i > begin and table[data[i - 1]] & LOCAL
                    right = i + 1 < stop and (table[data[i + 1]] & (LETTER | DIGIT) or data[i + 1] > 127)
                    if left and (right or (i + 1 < stop and data[i + 1] == 91)):
                        count = _put(out, count, AT, row, i, i + 1, 0)
                    elif right or (i + 1 < stop and data[i + 1] == 95):
                        count = _put(out, count, HANDLE, row, i, i + 1, 0)
                elif i >= colon_end and wanted & (1 << COLONS):
                    count, colon_end = _colons(out, count, row, data, table, begin, colon_end, i, stop)
                i += 1
                continue
            start = i
            while start > word_end and table[data[start - 1]] & (LETTER | DIGIT):
                start -= 1
            digits = 0
            while i < stop and table[data[i]] & (LETTER | DIGIT):
                digits += (table[data[i]] & DIGIT) >> 1
                i += 1
            word_end = i
            size = i - start
            if (size == 2 or size == 4) and wanted & (1 << COLONS):
                groups, sign = (6, HYPHEN) if size == 2 else (3, DOT)
                count, last_mac = _macs(
                    out, count, row, data, table, begin, start, stop, size, groups, sign, last_mac
                )  # fmt: skip
            if start >= token_end and wanted & (1 << TOKEN):
                count, token_end = _token(out, count, row, data, table, token_end, start, stop)
            if digits < size:
                coded = (
                    size >= 4
                    and table[data[start]] & table[data[start + 1]] & LETTER
                    and table[data[start + 2]] & table[data[start + 3]] & DIGIT
                )
                if coded or (digits >= 4 and MIN_MIXED <= size <= MAX_MIXED):
                    count = _put(out, count, MIXED, row, start, i, digits)
            elif start >= number_end:
                count, number_end = _chain(out, count, row, data, table, start, i, stop)
    return count


def find_candidates(offsets: Int64s, data: Bytes, kinds: Iterable[int] = range(KINDS)) -> Candidates:
    """The candidates of these kinds in these texts."""
    wanted = sum(1 << kind for kind in set(kinds))
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 128 if len(offsets) else 0
    while True:
        out = np.empty((5, room), np.int64)
        count = int(scan_candidates(offsets, data, BYTES, wanted, out))
        if count <= room:
            found = out[:, :count]
            return Candidates(*found[:, (wanted >> found[0]) & 1 == 1])
        room = count
