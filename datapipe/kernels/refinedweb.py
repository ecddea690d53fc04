"""RefinedWeb's corrections line by line: which lines go, what is cut from those that stay, and how many words that takes."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.c4 import has_words, lower_at
from datapipe.kernels.classes import ALPHA, DECIMAL, NUMBER, SPACE, UPPER, Classes
from datapipe.kernels.decode import before, class_at, code_points
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import NEWLINE, byte_at, stripped

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
def counted_words(data: Bytes, start: int, stop: int, classes: Classes) -> int:
    """Words as fastText cuts them, at ASCII white space and NUL, that begin with a letter or a number."""
    words = 0
    outside = True
    i = start
    while i < stop:
        b = data[i]
        if b == 32 or 9 <= b <= 13 or b == 0:
            outside = True
            i += 1
        elif outside:
            kind, size = class_at(data, i, classes)
            words += kind & (ALPHA | NUMBER) != 0
            outside = False
            i += size
        else:
            i += 1
    return words


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
def phrase_end(data: Bytes, i: int, stop: int, phrases: Bytes, start: int, end: int) -> int:
    """Where the phrase that starts at i ends, in any ASCII case, a dot for any code point; -1 if it does not stand there."""
    k = start
    while k < end:
        if i >= stop:
            return -1
        if phrases[k] == DOT:
            i += 1
            while i < stop and data[i] & 0xC0 == 0x80:
                i += 1
            k += 1
            continue
        low, size = lower_at(data, i, stop)
        if low != phrases[k]:
            # As re.IGNORECASE has it: dotless and dotted i, the long s.
            other = np.int64(data[i]) << 8 | np.int64(data[i + 1]) if i + 1 < stop else np.int64(0)
            size = 2
            if not ((phrases[k] == 105 and 0xC4B0 <= other <= 0xC4B1) or (phrases[k] == 115 and other == 0xC5BF)):
                return -1
        i += size
        k += 1
    return i


@inlined
def cut_phrase(
    data: Bytes, i: int, start: int, stop: int, classes: Classes, place: int, starts: Int64s, phrases: Bytes, p: int
) -> int:
    """Where what is cut from i on ends (one white space beside the phrase goes with it); i if nothing is."""
    kind, size = class_at(data, i, classes)
    if place == 2:  # at the start of a line
        end = phrase_end(data, i, stop, phrases, starts[p], starts[p + 1]) if i == start else -1
        if end >= 0 and end < stop:
            kind, size = class_at(data, end, classes)
            end += size if kind & SPACE else 0
        return max(end, i)
    end = -1
    if kind & SPACE:
        end = phrase_end(data, i + size, stop, phrases, starts[p], starts[p + 1])
        end = -1 if place == 1 and end < stop else end
    if end < 0:
        end = phrase_end(data, i, stop, phrases, starts[p], starts[p + 1])
        end = -1 if place == 1 and end < stop else end
    return max(end, i)


@inlined
def cut_lines(
    data: Bytes, start: int, stop: int, classes: Classes, most: int, place: int, starts: Int64s, phrases: Bytes
) -> tuple[int, int]:
    """Cut phrases from the lines of at most `most` words, in place; the new end, and how many lines were changed.

    A line of which nothing is left goes, and so does a short one of white space. place: 0 anywhere, 1 end, 2 start.
    """
    longest = 0  # code points of a phrase at the end, and a white space: no need to look further up
    for p in range(len(starts) - 1):
        longest = max(longest, code_points(phrases, starts[p], starts[p + 1]) + 1)
    to = start
    changed = 0
    i = start
    while i <= stop:
        end = byte_at(data, i, stop, NEWLINE)
        line = to + (1 if i > start else 0)
        if i == end or has_words(data, i, end, classes, most + 1):
            if line != i:
                for k in range(end - i):
                    data[line + k] = data[i + k]
            after = line + end - i
        else:
            after = line
            at = i
            if place == 1:  # nothing is cut before the last few code points
                at = end
                for _ in range(longest):
                    if at > i:
                        at = before(data, at)
                for k in range(at - i):
                    data[line + k] = data[i + k]
                after = line + at - i
            cut = 0
            while at < end:
                past = at
                for p in range(len(starts) - 1):
                    if past == at:
                        past = cut_phrase(data, at, i, end, classes, place, starts, phrases, p)
                if past > at:
                    cut += 1
                    at = past
                    if place == 2:
                        break
                    continue
                data[after] = data[at]
                after += 1
                at += 1
                while at < end and data[at] & 0xC0 == 0x80:
                    data[after] = data[at]
                    after += 1
                    at += 1
                if place == 2:
                    break
            if place == 2:
                for k in range(end - at):
                    data[after + k] = data[at + k]
                after += end - at
            changed += cut > 0
            left, _ = stripped(data, line, after, classes)
            if left == after:
                i = end + 1
                continue
        if line > to:
            data[line - 1] = NEWLINE
        to = after
        i = end + 1
    return to, changed


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
        chars = capitals = digits = words = 0
        outside = True
        at = i
        while at < end:
            kind, size = class_at(data, at, classes)
            chars += 1
            capitals += is_capital(data, at, kind)
            digits += kind & DECIMAL != 0
            words += outside and not kind & SPACE
            outside = kind & SPACE != 0
            at += size
        out[2] += words > 0
        if capitals / chars > max_capitals:
            out[4] += 1
        elif numeric and digits == chars:
            out[5] += 1
        elif is_counter(data, i, end, classes, unit_starts, units):
            out[6] += 1
        elif words < min_words:
            out[7] += words > 0
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
