"""RefinedWeb's corrections line by line: which lines go, what is cut from those that stay, and how many words that takes."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.c4 import has_words, lower_at
from datapipe.kernels.classes import ALPHA, DECIMAL, NUMBER, SPACE, UPPER, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.eight import CASE, LAST, NONE, ONE, ONES, TOPS, digits, eight_at, letters, nulls, number
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import NEWLINE, byte_at, stripped
from datapipe.kernels.phrases import cut_lines

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MEASURES = (
    "words",
    "removed_words",
    "lines",
    "lines_kept",
    "uppercase_lines",
    "numeric_lines",
    "counter_lines",
    "short_lines",
    "edited_lines",
)
UNITS = ("likes", "shares", "comments", "retweets", "reposts", "quotes", "bookmarks", "upvotes", "downvotes",
         "downloads", "views", "followers")  # 3 likes  # fmt: skip
UNDERSCORE, DOT, COMMA = 95, 46, 44
TWO, BYTE, FIRST = np.uint64(2), np.uint64(8), ONE << np.uint64(7)
FROM_TAB, PAST_RETURN = ONES * np.uint64(128 - 9), ONES * np.uint64(127 - 13)


@inlined
def is_capital(data: Bytes, i: int, kind: int) -> bool:
    """As str.isupper of a code point: upper case letters, and Roman numerals and letters in circles or boxes."""
    if kind & UPPER:
        return True
    a = data[i]
    if a == 0xE2:  # U+2160 to 216F, U+24B6 to 24CF
        b, c = data[i + 1], data[i + 2]
        enclosed: bool = (b == 0x85 and 0xA0 <= c <= 0xAF) or (b == 0x92 and c >= 0xB6) or (b == 0x93 and c <= 0x8F)
        return enclosed
    if (
        a == 0xF0 and data[i + 1] == 0x9F and 0x84 <= data[i + 2] <= 0x86
    ):  # U+1F130 to 1F149, 1F150 to 169, 1F170 to 189
        point = (np.int64(data[i + 2]) & 3) << 6 | (np.int64(data[i + 3]) & 63)
        return bool(0x30 <= point <= 0x49 or 0x50 <= point <= 0x69 or 0x70 <= point <= 0x89)
    return False


@inlined
def is_wordly(data: Bytes, i: int, kind: int) -> bool:
    r"""As \\w of a regular expression."""
    return kind & (ALPHA | NUMBER) != 0 or data[i] == UNDERSCORE


@inlined
def capitals_in(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, int]:
    """Upper case code points, and all."""
    capitals = chars = 0
    i = start
    while i < stop:
        if i + 8 <= stop:
            eight = eight_at(data, i)
            if not eight & TOPS:
                capitals += number(letters(eight) & ~(eight << TWO))  # bit 32 is not set
                chars += 8
                i += 8
                continue
        kind, size = class_at(data, i, classes)
        capitals += is_capital(data, i, kind)
        chars += 1
        i += size
    return capitals, chars


@inlined
def counted_words(data: Bytes, start: int, stop: int, classes: Classes) -> int:
    """Words as fastText cuts them, at ASCII white space and NUL, that begin with a letter or a number."""
    words = 0
    outside = True
    i = start
    while i < stop:
        if i + 8 <= stop:
            eight = eight_at(data, i)
            if not eight & TOPS:
                gaps = nulls(eight) | nulls(eight ^ CASE) | (eight + FROM_TAB) & ~(eight + PAST_RETURN) & TOPS
                first = gaps << BYTE | (FIRST if outside else NONE)
                words += number((letters(eight) | digits(eight)) & first)
                outside = gaps >> LAST != NONE
                i += 8
                continue
        b = data[i]
        if b == 32 or 9 <= b <= 13 or b == 0:
            outside = True
            i += 1
            continue
        kind, size = class_at(data, i, classes)
        words += outside and kind & (ALPHA | NUMBER) != 0
        outside = False
        i += size
    return words


@inlined
def is_number(data: Bytes, start: int, stop: int, classes: Classes) -> bool:
    """Are all code points decimal digits?"""
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        if not kind & DECIMAL:
            return False
        i += size
    return True


@inlined
def is_counter(data: Bytes, start: int, stop: int, classes: Classes, starts: Int64s, units: Bytes) -> bool:
    """Is the line a number, maybe of K, M or B, and what was counted (`1,203 likes`), with signs around at most?"""
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        if is_wordly(data, i, kind):
            if not kind & DECIMAL:
                return False
            break
        i += size
    if i == stop:
        return False
    while i < stop:
        kind, size = class_at(data, i, classes)
        if not kind & DECIMAL and data[i] != COMMA and data[i] != DOT:
            break
        i += size
    if i < stop:
        low, size = lower_at(data, i, stop)
        if low == 107 or low == 109 or low == 98:
            i += size
    gap = i
    while i < stop:
        kind, size = class_at(data, i, classes)
        if not kind & SPACE:
            break
        i += size
    if i == gap:
        return False
    for p in range(len(starts) - 1):
        at = i
        k = starts[p]
        while k < starts[p + 1] and at < stop:
            low, size = lower_at(data, at, stop)
            if low != units[k]:
                break
            at += size
            k += 1
        if k < starts[p + 1]:
            continue
        while at < stop:
            kind, size = class_at(data, at, classes)
            if is_wordly(data, at, kind):
                return False
            at += size
        return True
    return False


@inlined
def keep_lines(
    data: Bytes,
    start: int,
    stop: int,
    classes: Classes,
    max_capitals: float,
    numeric: bool,
    min_words: int,
    max_newlines: int,
    unit_starts: Int64s,
    units: Bytes,
    out: Numbers,
    out_data: Bytes,
    begin: int,
) -> int:
    """Write the lines that stay from `begin` on, count why the others go; where they end."""
    to = begin
    newlines = 0  # in a row
    i = start
    while i <= stop:
        end = byte_at(data, i, stop, NEWLINE)
        if i == end:
            if newlines < max_newlines:
                out_data[to] = NEWLINE  # its own, or the one after the last line
                to += end < stop
            newlines += 1
            i = end + 1
            continue
        newlines = 1
        left, _ = stripped(data, i, end, classes)
        out[2] += left < end
        capitals, chars = capitals_in(data, i, end, classes)
        if capitals / chars > max_capitals:
            out[4] += 1
        elif numeric and is_number(data, i, end, classes):
            out[5] += 1
        elif is_counter(data, i, end, classes, unit_starts, units):
            out[6] += 1
        elif not has_words(data, i, end, classes, min_words):
            out[7] += left < end
        else:
            for k in range(end - i):
                out_data[to + k] = data[i + k]
            to += end - i
            if end < stop:
                out_data[to] = NEWLINE
                to += 1
        i = end + 1
    return to


@kernel
def refinedweb_lines(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    max_capitals: float,
    numeric: bool,
    min_words: int,
    max_newlines: int,
    max_edited_words: int,
    unit_starts: Int64s,
    units: Bytes,
    places: Int64s,
    starts: Int64s,
    phrases: Bytes,
    out: Numbers,
    out_offsets: Int64s,
    out_data: Bytes,
) -> None:
    """Fill out[measure, document] and the text that is left; phrases places[p] to places[p + 1] belong to place p."""
    end = 0
    out_offsets[0] = 0
    for d in range(len(offsets) - 1):
        out[:, d] = 0.0
        start = offsets[d]
        stop = offsets[d + 1]
        begin = end
        to = keep_lines(
            data,
            start,
            stop,
            classes,
            max_capitals,
            numeric,
            min_words,
            max_newlines,
            unit_starts,
            units,
            out[:, d],
            out_data,
            begin,
        )
        left, to = stripped(out_data, begin, to, classes)
        for place in range(3):
            some = starts[places[place] : places[place + 1] + 1]
            if len(some) > 1 and left < to:
                to, changed = cut_lines(out_data, left, to, classes, max_edited_words, place, some, phrases)
                out[8, d] += changed
                left, to = stripped(out_data, left, to, classes)
        if left > begin:
            for k in range(to - left):
                out_data[begin + k] = out_data[left + k]
        end = begin + to - left
        i = begin
        while i < end:
            i = byte_at(out_data, i, end, NEWLINE)
            out[3, d] += out_data[i - 1] != NEWLINE
            i += 1
        words = counted_words(data, start, stop, classes)
        left_words = words if end - begin == stop - start else counted_words(out_data, begin, end, classes)
        out[0, d] = words
        out[1, d] = (words - left_words) / words if words else np.nan
        out_offsets[d + 1] = end
