"""Words as other tools cut them: at white space, by Unicode's boundaries, bared of signs; each with its hash."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, DECIMAL, NUMBER, PLAIN, SPACE, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.hashing import BASE, Hashes, mixed
from datapipe.kernels.jit import inlined
from datapipe.kernels.lines import HALF, digest

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

# SPLIT      as str.split
# BOUNDARIES Unicode's default word boundaries (UAX 29), of these the words that start with a letter or a number
# PLAINEST   as str.split, in lower case, without ASCII punctuation
# BARED      cut at space, newline and tab, in lower case, without what is no letter or mark at both ends
SPLIT, BOUNDARIES, PLAINEST, BARED = range(4)

QUOTE, COMMA, DOT, COLON, SEMICOLON, LOW_LINE = 39, 44, 46, 58, 59, 95


@inlined
def lowered_at(data: Bytes, i: int, size: int, lower: Int32s) -> np.int64:
    """The lower case of the code point at i, which has `size` bytes."""
    point = np.int64(data[i])
    if size > 1:
        point &= 0xFF >> (size + 1)
        for k in range(1, size):
            point = point << 6 | (np.int64(data[i + k]) & 63)
    if point < len(lower):
        return np.int64(lower[point])
    return point


@inlined
def hash_lowered(
    data: Bytes, start: int, stop: int, classes: Classes, lower: Int32s, punctuation: bool
) -> tuple[np.uint64, int]:
    """Hash and number of the code points in lower case, ASCII punctuation among them or not."""
    h = np.uint64(0)
    chars = 0
    i = start
    while i < stop:
        b = data[i]
        kind, size = class_at(data, i, classes)
        if punctuation or b > 127 or kind & (ALPHA | NUMBER) or b < 33 or b > 126:
            h = (h ^ np.uint64(lowered_at(data, i, size, lower))) * BASE
            h ^= h >> HALF
            chars += 1
        i += size
    return mixed(h ^ np.uint64(chars)), chars


@inlined
def joint_after(data: Bytes, i: int, stop: int, kind: int) -> int:
    """Bytes of the sign at i that joins, by its left side, what follows to a letter or a digit; 0 if none does."""
    b = data[i]
    if b in (QUOTE, DOT):
        return 1
    if kind & ALPHA:
        if b == COLON:
            return 1
        if b == 0xC2 and data[i + 1] == 0xB7:  # the middle dot
            return 2
    elif kind & DECIMAL and b in (COMMA, SEMICOLON):
        return 1
    if b == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] == 0x98 or data[i + 2] == 0x99):  # ‘ ’
        return 3
    return 0


@inlined
def is_katakana(data: Bytes, i: int) -> bool:
    """Is it U+30A1..U+30FF but the middle dot, or of half width (U+FF66..U+FF9D)? Such letters run on."""
    b = data[i]
    yes: bool = False
    if b == 0xE3:
        yes = (data[i + 1] == 0x82 and data[i + 2] >= 0xA1) or (data[i + 1] == 0x83 and data[i + 2] != 0xBB)
    elif b == 0xEF:
        yes = (data[i + 1] == 0xBD and data[i + 2] >= 0xA6) or (data[i + 1] == 0xBE and data[i + 2] <= 0x9D)
    return yes


@inlined
def boundary_after(data: Bytes, start: int, stop: int, classes: Classes) -> int:
    """Where the word that starts at a letter, a number or a low line ends."""
    left, size = class_at(data, start, classes)
    joins = (left & PLAIN != 0 and left & (ALPHA | DECIMAL) != 0) or data[start] == LOW_LINE
    i = start + size
    while i < stop:
        kind, size = class_at(data, i, classes)
        if kind & PLAIN and data[i] > 127 and not kind & (ALPHA | NUMBER):  # a mark belongs to what it stands on
            i += size
            continue
        if not joins:
            if not (is_katakana(data, start) and is_katakana(data, i)):
                break
            i += size
            continue
        if data[i] == LOW_LINE or (kind & PLAIN and kind & (ALPHA | DECIMAL)):
            left = kind
            i += size
            continue
        size = joint_after(data, i, stop, left) if left & (ALPHA | DECIMAL) else 0
        if size == 0 or i + size >= stop:
            break
        kind, _ = class_at(data, i + size, classes)
        if not (kind & PLAIN and kind & left & (ALPHA | DECIMAL)):
            break
        i += size
    return i


@inlined
def bared(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, int]:
    """The slice without what is no letter or mark at both ends."""
    first = last = start
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        i += size
        if kind & ALPHA or (kind & PLAIN and not kind & NUMBER and data[i - size] > 127):
            if last == start:
                first = i - size
            last = i
    return first, last


@inlined
def word_end(data: Bytes, i: int, stop: int, classes: Classes, cut: int) -> int:
    """Where the chunk that starts at i ends."""
    while i < stop:
        b = data[i]
        if cut == BARED:
            if b == 32 or b == 10 or b == 9:
                break
            i += 1
        else:
            kind, size = class_at(data, i, classes)
            if kind & SPACE:
                break
            i += size
    return i


@inlined
def cut_words(
    data: Bytes,
    start: int,
    stop: int,
    classes: Classes,
    lower: Int32s,
    cut: int,
    starts: Int64s,
    stops: Int64s,
    chars: Int64s,
    hashes: Hashes,
) -> int:
    """Write place, code points and hash of each word; return how many there are (at most one a byte)."""
    n = 0
    i = start
    while i < stop:
        first = i
        kind, size = class_at(data, i, classes)
        if cut == BOUNDARIES:
            if data[i] != LOW_LINE and not kind & (ALPHA | NUMBER):
                i += size
                continue
            i = boundary_after(data, i, stop, classes)
            if data[first] == LOW_LINE:
                continue
        else:
            i = word_end(data, i, stop, classes, cut)
            if i == first:  # white space
                i += size
                continue
        last = i
        if cut == BARED:
            first, last = bared(data, first, last, classes)
        if cut in (PLAINEST, BARED):
            hashes[n], chars[n] = hash_lowered(data, first, last, classes, lower, cut == BARED)
            if chars[n] == 0:
                continue
        else:
            hashes[n], chars[n] = digest(data, first, last)
        starts[n] = first
        stops[n] = last
        n += 1
    return n
