"""Comments of source code, by the marks and the strings of its language; no grammar is known."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.decode import code_points
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import NEWLINE, byte_at

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

MARKS = 6  # of a syntax: two that comment out the rest of a line, and two pairs that do so with what is between
# What else a syntax says: which quotes open strings (" ' `), whether three of them do, strings go over lines (those of `
# always do), a backslash means nothing between ', a string alone is a comment, a comment starts at a word's start only,
# a / where no number or name ends opens a regular expression.
DOUBLE, SINGLE, BACK, TRIPLE, MULTILINE, RAW, DOCSTRINGS, WORD_START, REGEX = 1, 2, 4, 8, 16, 32, 64, 128, 256
LONGEST_REGEX = 2000  # bytes: a bound, so that a line of `/[` costs no square
BACKSLASH, BACKQUOTE, APOSTROPHE, SLASH = 92, 96, 39, 47


@inlined
def stands(data: Bytes, i: int, stop: int, marks: Bytes, start: int, end: int) -> bool:
    """Is there a mark, and does it stand at i?"""
    size = end - start
    if size == 0 or i + size > stop:
        return False
    k = 0
    while k < size and data[i + k] == marks[start + k]:
        k += 1
    return k == size


@inlined
def block_end(data: Bytes, i: int, stop: int, marks: Bytes, start: int, end: int) -> int:
    """Past the next such mark; `stop` if there is none."""
    while i < stop:
        i = byte_at(data, i, stop, marks[start])
        if stands(data, i, stop, marks, start, end):
            return i + end - start
        i += 1
    return stop


@inlined
def is_triple(data: Bytes, i: int, stop: int, kind: int) -> bool:
    """Do three quotes at i open a string?"""
    triple: bool = kind & TRIPLE != 0 and i + 2 < stop and data[i + 1] == data[i] and data[i + 2] == data[i]
    return triple


@inlined
def string_end(data: Bytes, i: int, stop: int, kind: int) -> int:
    """Past the string that the quote at i opens; where its line ends if that ends first."""
    quote = data[i]
    triple = is_triple(data, i, stop, kind)
    whole = triple or kind & MULTILINE != 0 or quote == BACKQUOTE
    escaped = quote != APOSTROPHE or not kind & RAW
    i += 3 if triple else 1
    while i < stop:
        if data[i] == BACKSLASH and escaped:
            i += 2
        elif data[i] == quote and not triple:
            return i + 1
        elif triple and data[i] == quote and is_triple(data, i, stop, kind):
            return i + 3
        elif data[i] == NEWLINE and not whole:
            return i
        else:
            i += 1
    return stop


@inlined
def regex_end(data: Bytes, i: int, start: int, stop: int) -> int:
    """Past the regular expression that the / at i opens; i if that is a division."""
    at = i
    while at > start and (data[at - 1] == 32 or data[at - 1] == 9):
        at -= 1
    b = data[at - 1] if at > start else NEWLINE
    # After a name, a number, a closing bracket or a string it divides.
    if b == 41 or b == 93 or b == 125 or b == 34 or b == 39 or b == 95 or b == 36 or b > 127 or 48 <= b <= 57:
        return i
    if 97 <= b | 32 <= 122 and not (at >= start + 6 and data[at - 1] == 110 and data[at - 6] == 114):  # return
        return i
    at = i + 1
    inside = False  # of [...]
    while at < min(stop, i + LONGEST_REGEX) and data[at] != NEWLINE:
        if data[at] == BACKSLASH:
            at += 1
        elif data[at] == SLASH and not inside:
            return at + 1
        elif data[at] == 91:
            inside = True
        elif data[at] == 93:
            inside = False
        at += 1
    return i


@inlined
def unindented(data: Bytes, start: int, stop: int, indent: int) -> int:
    """Code points of a slice without so much white space at the start of each line but the first."""
    n = code_points(data, start, stop)
    i = byte_at(data, start, stop, NEWLINE)
    while i < stop:
        i += 1
        k = 0
        while k < indent and i < stop and (data[i] == 32 or data[i] == 9):
            k += 1
            i += 1
        n -= k
        i = byte_at(data, i, stop, NEWLINE)
    return n


@inlined
def names_licence(data: Bytes, start: int, stop: int) -> bool:
    """Is there `copyright`, `license`, `licence` or `spdx`, in any case?"""
    for i in range(start, stop - 3):
        a = data[i] | 32
        b = data[i + 1] | 32
        c = data[i + 2] | 32
        d = data[i + 3] | 32
        if (a == 99 and b == 111 and c == 112 and d == 121 and i + 5 < stop and data[i + 4] | 32 == 114) or (
            a == 115 and b == 112 and c == 100 and d == 120
        ):
            return True
        if a == 108 and b == 105 and c == 99 and d == 101 and i + 5 < stop and data[i + 4] | 32 == 110:
            return True
    return False


@kernel
def count_comments(
    offsets: Int64s,
    data: Bytes,
    syntax: Int64s,
    starts: Int64s,
    marks: Bytes,
    kinds: Int64s,
    hot: Flags,
    out: Numbers,
) -> None:
    """Fill out[0..4, document]: code points in comments, of these in marks, and in the first
    comments that name a licence; then where those start and stop.

    syntax    of each document, -1 for none      starts, marks    MARKS of each syntax
    kinds     its strings                        hot[syntax, b]   may a comment, a string or a bracket start with b?
    """
    for d in range(len(offsets) - 1):
        out[:, d] = 0.0
        s = syntax[d]
        if s < 0:
            out[:, d] = np.nan
            continue
        kind = kinds[s]
        stop = offsets[d + 1]
        i = offsets[d]
        depth = 0
        run = last = i  # where comments without a blank line between them, before all code, start and stop
        header = named = i  # the same of those that name a licence
        leading = True
        if i + 1 < stop and data[i] == 35 and data[i + 1] == 33:  # #!
            i = byte_at(data, i, stop, NEWLINE)
            run = last = header = named = i
        while i < stop:
            while i < stop and not hot[s, data[i]]:
                leading &= data[i] <= 32
                i += 1
            if i == stop:
                break
            b = data[i]
            end = i
            signs = 0
            for k in range(2):  # blocks first: Lua's --[[ starts with its --
                open_at = s * MARKS + 2 + 2 * k
                if end == i and stands(data, i, stop, marks, starts[open_at], starts[open_at + 1]):
                    inner = i + starts[open_at + 1] - starts[open_at]
                    end = block_end(data, inner, stop, marks, starts[open_at + 1], starts[open_at + 2])
                    signs = starts[open_at + 2] - starts[open_at]
            for k in range(2):
                line_at = s * MARKS + k
                if end == i and stands(data, i, stop, marks, starts[line_at], starts[line_at + 1]):
                    if kind & WORD_START and i > offsets[d] and data[i - 1] > 32 and data[i - 1] != 59:
                        continue
                    end = byte_at(data, i, stop, NEWLINE)
                    signs = starts[line_at + 1] - starts[line_at]
            if end > i:
                size = code_points(data, i, end)
                out[0, d] += size
                out[1, d] += min(signs, size)  # a block may be open to the end
                if leading:
                    if run == last or byte_at(data, byte_at(data, last, i, NEWLINE) + 1, i, NEWLINE) < i:
                        run = i
                    if (named > header and header == run) or (named == header and names_licence(data, i, end)):
                        header = run
                        named = end
                    last = end
                i = end
                continue
            if b == SLASH and kind & REGEX:
                end = regex_end(data, i, offsets[d], stop)
                leading = False
                i = max(end, i + 1)
                continue
            if i > offsets[d] and data[i - 1] == BACKSLASH:  # no string opens at \"
                i += 1
                continue
            if (b == 34 and kind & DOUBLE) or (b == APOSTROPHE and kind & SINGLE) or (b == BACKQUOTE and kind & BACK):
                leading = False
                lifetime = not kind & SINGLE and i > offsets[d] and data[i - 1] == APOSTROPHE  # the '"' of Rust
                end = i + 1 if lifetime else string_end(data, i, stop, kind)
                if kind & DOCSTRINGS and depth == 0:
                    at = i
                    if at > offsets[d] and (data[at - 1] | 32 == 114 or data[at - 1] | 32 == 117):  # r and u
                        at -= 1
                    first = at
                    while at > offsets[d] and (data[at - 1] == 32 or data[at - 1] == 9):
                        at -= 1
                    if at == offsets[d] or data[at - 1] == NEWLINE:
                        signs = i - first + (6 if is_triple(data, i, stop, kind) else 2)
                        size = unindented(data, first, min(end, stop), first - at)
                        out[0, d] += size
                        out[1, d] += min(signs, size)
                i = end
                continue
            depth += b == 40 or b == 91 or b == 123
            depth -= b == 41 or b == 93 or b == 125
            leading = False
            i += 1
        out[2, d] = code_points(data, header, named)
        out[3, d] = header
        out[4, d] = named


@kernel
def cut_slices(
    offsets: Int64s, data: Bytes, starts: Int64s, stops: Int64s, out_offsets: Int64s, out_data: Bytes
) -> None:
    """Copy each document without data[start:stop] and the newlines after it; stop <= start: whole."""
    to = 0
    out_offsets[0] = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        while i < offsets[d + 1]:
            if i == starts[d] and stops[d] > i:
                i = stops[d]
                while i < offsets[d + 1] and (data[i] == NEWLINE or data[i] == 13):
                    i += 1
                continue
            out_data[to] = data[i]
            to += 1
            i += 1
        out_offsets[d + 1] = to
