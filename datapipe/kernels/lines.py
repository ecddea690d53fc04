"""Lines and paragraphs: where they are cut, and how much of a document its repeated ones are."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import SPACE, TERMINAL, Classes
from datapipe.kernels.decode import before, class_at
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.words import segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

NEWLINE = 10


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
def pieces(data: Bytes, start: int, stop: int, least: int, hashes: Hashes, chars: Int64s) -> int:
    """Cut at runs of at least `least` newlines; write hash and code points of each piece, return how many."""
    n = 0
    h = np.uint64(0)
    power = ONE
    length = 0
    i = start
    while i < stop:
        if data[i] == NEWLINE:
            run = i
            while i < stop and data[i] == NEWLINE:
                i += 1
            if i - run >= least:
                hashes[n] = mixed(h)
                chars[n] = length
                n += 1
                h = np.uint64(0)
                power = ONE
                length = 0
            else:
                for _ in range(run, i):
                    h += np.uint64(NEWLINE + 1) * power
                    power *= BASE
                length += i - run
            continue
        h += np.uint64(np.int64(data[i]) + 1) * power
        power *= BASE
        length += data[i] & 0xC0 != 0x80
        i += 1
    hashes[n] = mixed(h)
    chars[n] = length
    return n + 1


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
    offsets: Int64s, data: Bytes, classes: Classes, abbreviated: Hashes, short: int, out: Numbers
) -> None:
    """Fill out[measure, document]: lines; shares punctuated, short, of repeated characters; newlines a word."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    starts = np.empty(most + 1, np.int64)
    stops = np.empty(most + 1, np.int64)
    hashes = np.empty(most + 1, np.uint64)
    keys = np.empty(table_size(most + 1), np.uint64)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        lines = punctuated = brief = newlines = characters = 0
        i = start
        while i <= stop:  # a line a turn; the text after the last newline is one, too
            h = np.uint64(0)
            power = ONE
            length = 0
            blank = True
            kind = 0
            while i < stop and data[i] != NEWLINE:
                kind, size = class_at(data, i, classes)
                blank = blank and kind & SPACE != 0
                for _ in range(size):
                    h += np.uint64(np.int64(data[i]) + 1) * power
                    power *= BASE
                    i += 1
                length += 1
            newlines += i < stop
            characters += length
            if not blank:
                hashes[lines] = mixed(h)
                stops[lines] = length  # words come later
                lines += 1
                punctuated += kind & TERMINAL != 0
                brief += length <= short
            i += 1
        _, again = repeated(hashes, stops, lines, keys)
        tokens = segment(data, start, stop, classes, abbreviated, starts, stops)
        out[0, d] = lines
        out[1, d] = punctuated / lines if lines else 0.0
        out[2, d] = brief / lines if lines else 0.0
        out[3, d] = again / characters if characters else 0.0
        out[4, d] = newlines / tokens if tokens else 0.0
