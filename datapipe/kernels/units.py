"""What a text is cut into to be compared: sentences, lines, paragraphs."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import PUNCTUATION, SPACE, TERMINAL, Classes
from datapipe.kernels.decode import before, class_at
from datapipe.kernels.eight import ONES, TOPS, below, eight_at, length, zeros
from datapipe.kernels.hashing import Hashes
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import NEWLINE, byte_at, stripped
from datapipe.kernels.words import KIND, START, STOP, WIDTH, segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]

BLANK = 32
DOTS, BANGS, QUERIES = (ONES * np.uint64(ord(sign)) for sign in ".!?")
ROOM = 1 << 12  # words of a chunk: one seldom has more


@inlined
def terminal_at(data: Bytes, i: int, stop: int, classes: Classes) -> int:
    """Where the next sign that may end a sentence is; `stop` if there is none."""
    while i < stop:
        if i + 8 <= len(data):
            eight = eight_at(data, i)
            size = length(below(zeros(eight ^ DOTS) | zeros(eight ^ BANGS) | zeros(eight ^ QUERIES) | eight & TOPS))
            i += size
            if size == 8:
                continue
            if i >= stop:
                break
        kind, size = class_at(data, i, classes)
        if kind & TERMINAL:
            return i
        i += size
    return stop


@inlined
def space_at(data: Bytes, i: int, stop: int, classes: Classes) -> int:
    """Where the next white space is; `stop` if there is none."""
    while i < stop:
        kind, size = class_at(data, i, classes)
        if kind & SPACE:
            return i
        i += size
    return stop


@inlined
def chunk_start(data: Bytes, i: int, start: int, classes: Classes) -> int:
    """Past the last white space before i; `start` if there is none."""
    while i > start:
        last = before(data, i)
        kind, _ = class_at(data, last, classes)
        if kind & SPACE:
            break
        i = last
    return i


@kernel
def words_in(data: Bytes, start: int, stop: int, classes: Classes, abbreviated: Hashes, words: Int64s) -> int:
    """As `segment`, compiled once for all kernels that call it seldom: inlined in each it took 6 s of compiling."""
    return segment(data, start, stop, classes, abbreviated, words)


@kernel
def cut_sentences(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    abbreviated: Hashes,
    wanted: int,
    counts: Int64s,
    words: Int64s,
    units: Int64s,
) -> int:
    """Write start and stop of each sentence, counts[document] and words[document], up to `wanted`; return how many.

    A sentence goes up to the first word after a terminal sign (of any script, no part of a word or of an abbreviation)
    that is no punctuation, or that is set off by other white space than one blank, as spaCy's sentencizer has it.
    But for those wanted, only chunks between white space with such a sign, and those after one, are cut into words.
    `units` has room for bytes // 2 + documents rows: a sentence has a sign and a word.
    """
    n = 0
    tokens = np.empty((ROOM + 1, WIDTH), np.int64)
    for d in range(len(offsets) - 1):
        first = n
        i, stop = stripped(data, offsets[d], offsets[d + 1], classes)
        start = i
        last = i  # where the last word known ends
        ended = False
        words[d] = 0
        while i < stop:
            if not ended and words[d] >= wanted:
                i = chunk_start(data, terminal_at(data, i, stop, classes), i, classes)
                if i >= stop:
                    break
            kind, size = class_at(data, i, classes)
            if kind & SPACE:
                i += size
                continue
            end = space_at(data, i, stop, classes)
            if end - i > len(tokens):
                tokens = np.empty((2 * (end - i), WIDTH), np.int64)
            found = words_in(data, i, end, classes, abbreviated, tokens)
            words[d] += found
            apart = ended and not (i == last or (i == last + 1 and data[last] == BLANK))
            for t in range(found):
                kind = tokens[t, KIND]
                if apart or (ended and not kind & (TERMINAL | PUNCTUATION)):
                    units[n, START] = start
                    units[n, STOP] = last
                    n += 1
                    start = tokens[t, START]
                    ended = apart = False
                ended |= kind & TERMINAL != 0
                last = tokens[t, STOP]
            i = end
        if start < stop:
            units[n, START] = start
            units[n, STOP] = stop
            n += 1
        counts[d] = n - first
    return n


@kernel
def cut_lines(offsets: Int64s, data: Bytes, classes: Classes, join: bool, counts: Int64s, units: Int64s) -> int:
    """Write start and stop of each line between newlines that is not blank; counts[document]; return how many.

    join  lines that no blank one parts are one unit, a paragraph
    """
    n = 0
    for d in range(len(offsets) - 1):
        first = n
        i = offsets[d]
        stop = offsets[d + 1]
        goes_on = False
        while i < stop:
            end = byte_at(data, i, stop, NEWLINE)
            left, _ = stripped(data, i, end, classes)
            if left < end:
                if goes_on:
                    units[n - 1, STOP] = end
                else:
                    units[n, START] = i
                    units[n, STOP] = end
                    n += 1
            goes_on = join and left < end
            i = end + 1
        counts[d] = n - first
    return n


@kernel
def skip_blank(data: Bytes, classes: Classes, whole_lines: bool, stops: Int64s, ends: Int64s) -> None:
    """Move each of `stops` past the white space after it (`whole_lines`: past its last newline), at most to `ends`."""
    for k in range(len(stops)):
        after = i = stops[k]
        while i < ends[k]:
            kind, size = class_at(data, i, classes)
            if not kind & SPACE:
                break
            i += size
            if data[i - 1] == NEWLINE or not whole_lines:
                after = i
        stops[k] = ends[k] if i == ends[k] else after
