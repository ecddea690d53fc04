"""Phrases cut out of short lines."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.c4 import has_words, lower_at
from datapipe.kernels.classes import SPACE, Classes
from datapipe.kernels.decode import before, class_at, code_points
from datapipe.kernels.jit import inlined
from datapipe.kernels.lines import NEWLINE, byte_at, stripped

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

DOT = 46
ANYWHERE, END, START = 0, 1, 2  # of a line


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
    if place == START:
        end = phrase_end(data, i, stop, phrases, starts[p], starts[p + 1]) if i == start else -1
        if end >= 0 and end < stop:
            kind, size = class_at(data, end, classes)
            end += size if kind & SPACE else 0
        return max(end, i)
    end = -1
    if kind & SPACE:
        end = phrase_end(data, i + size, stop, phrases, starts[p], starts[p + 1])
        end = -1 if place == END and end < stop else end
    if end < 0:
        end = phrase_end(data, i, stop, phrases, starts[p], starts[p + 1])
        end = -1 if place == END and end < stop else end
    return max(end, i)


@inlined
def cut_lines(
    data: Bytes, start: int, stop: int, classes: Classes, most: int, place: int, starts: Int64s, phrases: Bytes
) -> tuple[int, int]:
    """Cut phrases from the lines of at most `most` words, in place; the new end, and how many lines were changed.

    A line of which nothing is left goes, and so does a short one of white space. place: ANYWHERE, END or START of a line.
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
            if place == END:  # nothing is cut before the last few code points
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
                    if place == START:
                        break
                    continue
                data[after] = data[at]
                after += 1
                at += 1
                while at < end and data[at] & 0xC0 == 0x80:
                    data[after] = data[at]
                    after += 1
                    at += 1
                if place == START:
                    break
            if place == START:
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
