"""Lines and paragraphs: where they are cut, and how much of a document its repeated ones are."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import BREAK, SPACE, TERMINAL, Classes
from datapipe.kernels.decode import before, class_at
from datapipe.kernels.eight import ONES, below, continuations, controls, eight_at, length, number, upto_eight_at, zeros
from datapipe.kernels.hashing import BASE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.words import WIDTH, segment_by

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

NEWLINE = 10
C2, E2 = ONES * np.uint64(0xC2), ONES * np.uint64(0xE2)
HALF = np.uint64(32)


@inlined
def stripped(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, int]:
    """As str.strip."""
    while start < stop:
        kind, size = class_at(data, start, classes)
        if not kind & SPACE:
            break
        start += size
    while stop > start:
        last = before(data, stop)
        kind, _ = class_at(data, last, classes)
        if not kind & SPACE:
            break
        stop = last
    return start, stop


@inlined
def byte_at(data: Bytes, i: int, stop: int, byte: int) -> int:
    """Where the next such byte is, `stop` if there is none."""
    all_of_it = ONES * np.uint64(byte)
    while i + 8 <= len(data) and i < stop:
        size = length(below(zeros(eight_at(data, i) ^ all_of_it)))
        i += size
        if size < 8:
            return min(i, stop)
    while i < stop and data[i] != byte:
        i += 1
    return min(i, stop)


@inlined
def break_at(data: Bytes, i: int, stop: int, classes: Classes) -> tuple[int, int]:
    """Where the next break of str.splitlines starts and stops; `stop` twice if there is none."""
    while i < stop:
        if i + 8 <= len(data):
            eight = eight_at(data, i)
            size = length(below(controls(eight) | zeros(eight ^ C2) | zeros(eight ^ E2)))
            i += size
            if size == 8:
                continue
            if i >= stop:
                break
        if data[i] < 32 or data[i] == 0xC2 or data[i] == 0xE2:  # what a break starts with
            kind, size = class_at(data, i, classes)
            if kind & BREAK:
                if data[i] == 13 and i + 1 < stop and data[i + 1] == NEWLINE:
                    size = 2
                return i, i + size
            i += size
        else:
            i += 1
    return stop, stop


@inlined
def digest(data: Bytes, start: int, stop: int) -> tuple[np.uint64, int]:
    """Hash and code points of a slice, eight bytes a step."""
    chars = stop - start
    h = np.uint64(chars)
    i = start
    while i + 8 <= stop:
        eight = eight_at(data, i)
        chars -= number(continuations(eight))
        h = (h ^ eight) * BASE
        h ^= h >> HALF
        i += 8
    eight = upto_eight_at(data, i, stop)
    chars -= number(continuations(eight))
    return mixed((h ^ eight) * BASE), chars


@inlined
def pieces(data: Bytes, start: int, stop: int, least: int, hashes: Hashes, chars: Int64s) -> int:
    """Cut at runs of at least `least` newlines; write hash and code points of each piece, return how many."""
    n = 0
    piece = i = start
    while True:
        end = byte_at(data, i, stop, NEWLINE)
        i = end
        while i < stop and data[i] == NEWLINE:
            i += 1
        if end == stop or i - end >= least:
            hashes[n], chars[n] = digest(data, piece, end)
            n += 1
            piece = i
        if end == stop:
            return n


@inlined
def repeated(hashes: Hashes, chars: Int64s, n: int, keys: Hashes) -> tuple[int, int]:
    """How many of n pieces occurred before, and their code points."""
    size = table_size(n)
    keys[:size] = 0
    count = total = 0
    for p in range(n):
        slot = slot_of(keys, size, hashes[p])
        if keys[slot] == hashes[p]:
            count += 1
            total += chars[p]
        else:
            keys[slot] = hashes[p]
    return count, total


@kernel
def fineweb_quality(
    offsets: Int64s, data: Bytes, classes: Classes, abbreviated: Hashes, short: int, breaks: Bytes, out: Numbers
) -> None:
    """Fill out[measure, document]: lines; shares punctuated, short, of repeated characters; newlines a word."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    words = np.empty((most + 1, WIDTH), np.int64)
    hashes = np.empty(most + 1, np.uint64)
    lengths = np.empty(most + 1, np.int64)
    keys = np.empty(table_size(most + 1), np.uint64)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        lines = punctuated = brief = newlines = characters = 0
        i = start
        while i <= stop:  # a line a turn; the text after the last newline is one, too
            end = byte_at(data, i, stop, NEWLINE)
            newlines += end < stop
            h, chars = digest(data, i, end)
            characters += chars
            left, _ = stripped(data, i, end, classes)
            if left < end:
                hashes[lines] = h
                lengths[lines] = chars
                lines += 1
                kind, _ = class_at(data, before(data, end), classes)
                punctuated += kind & TERMINAL != 0
                brief += chars <= short
            i = end + 1
        _, again = repeated(hashes, lengths, lines, keys)
        tokens = segment_by(data, start, stop, classes, abbreviated, words, breaks)
        out[0, d] = lines
        out[1, d] = punctuated / lines if lines else 0.0
        out[2, d] = brief / lines if lines else 0.0
        out[3, d] = again / characters if characters else 0.0
        out[4, d] = newlines / tokens if tokens else 0.0
