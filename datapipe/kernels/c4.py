"""C4's line rules: what is left of a document, and why the rest went."""

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import BREAK, DECIMAL, PUNCTUATION, SPACE, TERMINAL, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.hashing import Hashes
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import stripped
from datapipe.kernels.words import KIND, WIDTH, segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MEASURES = (
    "lines",
    "lines_kept",
    "long_word_lines",
    "unended_lines",
    "short_lines",
    "javascript_lines",
    "policy_lines",
    "lorem_ipsum_lines",
    "curly_bracket_lines",
    "citations",
    "sentences",
)
LORIPSUM, JAVASCRIPT, POLICY = 1, 2, 4
PHRASES = (
    ("lorem ipsum", LORIPSUM),
    ("javascript", JAVASCRIPT),
    ("terms of use", POLICY),
    ("privacy policy", POLICY),
    ("cookie policy", POLICY),
    ("uses cookies", POLICY),
    ("use of cookies", POLICY),
    ("use cookies", POLICY),
)
CITATIONS = ("edit]", "citation needed]")  # after a [


def packed(phrases: tuple[str, ...]) -> tuple[Int64s, Bytes]:
    """ASCII phrases as offsets and bytes."""
    data = np.frombuffer("".join(phrases).encode(), np.uint8)
    offsets = np.cumsum([0, *map(len, phrases)]).astype(np.int64)
    return offsets, data


@inlined
def lower_at(data: Bytes, i: int, stop: int) -> tuple[int, int]:
    """The ASCII lower case of the character at i and its bytes: as str.lower, the Kelvin sign is a `k`."""
    b: Any = np.int64(data[i])
    if 65 <= b <= 90:
        return b + 32, 1
    if b == 0xE2 and i + 2 < stop and data[i + 1] == 0x84 and data[i + 2] == 0xAA:
        return 107, 3
    return b, 1


@inlined
def phrases_in(data: Bytes, start: int, stop: int, starts: Int64s, phrases: Bytes, meanings: Int64s) -> int:
    """Which meanings have a phrase in the slice, whatever its case."""
    found = 0
    for i in range(start, stop - 1):
        # The phrases begin with co ja lo pr te us, in which no bit but 32 tells cases apart: 19 pairs of 20 end here.
        b = data[i] | 32
        c = data[i + 1] | 32
        if c == 111:
            if b != 99 and b != 108:
                continue
        elif not (
            (b == 106 and c == 97) or (b == 112 and c == 114) or (b == 116 and c == 101) or (b == 117 and c == 115)
        ):
            continue
        for p in range(len(meanings)):
            at = i
            k = starts[p]
            while k < starts[p + 1] and at < stop:
                low, size = lower_at(data, at, stop)
                if low != phrases[k]:
                    break
                at += size
                k += 1
            if k == starts[p + 1]:
                found |= meanings[p]
    return found


@inlined
def citation_end(data: Bytes, i: int, stop: int, classes: Classes, starts: Int64s, marks: Bytes) -> int:
    """Where the citation that starts at i (a `[`) ends: `[12]`, `[]`, `[edit]`, `[citation needed]`; i if it is none."""
    for p in range(len(starts) - 1):
        size = starts[p + 1] - starts[p]
        if i + 1 + size <= stop:
            k = 0
            while k < size and data[i + 1 + k] == marks[starts[p] + k]:
                k += 1
            if k == size:
                end: int = i + 1 + size
                return end
    at = i + 1
    while at < stop:
        kind, size = class_at(data, at, classes)
        if data[at] == 93:
            return at + 1
        if not kind & DECIMAL:
            return i
        at += size
    return i


@inlined
def words_in(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, int]:
    """Words as str.split sees them, and the code points of the longest."""
    words = longest = length = 0
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        if kind & SPACE:
            length = 0
        else:
            words += length == 0
            length += 1
            longest = max(longest, length)
        i += size
    return words, longest


@inlined
def sentences_in(data: Bytes, start: int, stop: int, classes: Classes, abbreviated: Hashes, words: Int64s) -> int:
    """Sentences: one begins with the first word after a terminal mark that is no punctuation."""
    n = segment(data, start, stop, classes, abbreviated, words)
    sentences = 1 if n else 0
    ended = False
    for t in range(n):
        if words[t, KIND] & TERMINAL:
            ended = True
        elif ended and not words[t, KIND] & PUNCTUATION:
            sentences += 1
            ended = False
    return sentences


@kernel
def c4_quality(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    abbreviated: Hashes,
    phrase_starts: Int64s,
    phrases: Bytes,
    meanings: Int64s,
    mark_starts: Int64s,
    marks: Bytes,
    drop: int,
    end_mark: int,
    cite: int,
    min_words: int,
    max_word: int,
    out: Numbers,
    out_offsets: Int64s,
    out_data: Bytes,
) -> None:
    """Fill out[measure, document] and the text that is left.

    drop     meanings whose lines go          end_mark 0: any, 1: . ? ! ", 2: and '
    cite     0: citations stay, 1: they go before words are counted, 2: after
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    tokens = np.empty((most, WIDTH), np.int64)
    end = 0
    out_offsets[0] = 0
    for d in range(len(offsets) - 1):
        out[:, d] = 0.0
        begin = end
        i = offsets[d]
        while i < offsets[d + 1]:
            start = i
            kind = 0
            size = 0
            while i < offsets[d + 1]:
                kind, size = class_at(data, i, classes)
                if kind & BREAK:
                    break
                i += size
            stop = i
            if i < offsets[d + 1]:
                if data[i] == 13 and i + 1 < offsets[d + 1] and data[i + 1] == 10:
                    size = 2
                i += size
            out[0, d] += 1
            start, stop = stripped(data, start, stop, classes)
            words, longest = words_in(data, start, stop, classes)
            if longest > max_word:
                out[2, d] += 1
                continue

            # The line goes to the output at once; a line that is dropped is written over by the next.
            line = end + (out[1, d] > 0)
            to = line
            while start < stop:
                if cite and data[start] == 91:
                    after = citation_end(data, start, stop, classes, mark_starts, marks)
                    if after > start:
                        out[9, d] += 1
                        start = after
                        continue
                out_data[to] = data[start]
                to += 1
                start += 1
            if end_mark and not ends_well(out_data, line, to, end_mark):
                out[3, d] += 1
                continue
            if cite == 1:
                words, _ = words_in(out_data, line, to, classes)
            if words < min_words:
                out[4, d] += 1
                continue
            found = phrases_in(out_data, line, to, phrase_starts, phrases, meanings)
            if found & LORIPSUM:
                out[7, d] += 1
            if found & drop & JAVASCRIPT:
                out[5, d] += 1
                continue
            for k in range(line, to):
                if out_data[k] == 123:
                    out[8, d] += 1
                    break
            if found & drop & POLICY:
                out[6, d] += 1
                continue
            out[10, d] += sentences_in(out_data, line, to, classes, abbreviated, tokens)
            if line > end:
                out_data[end] = 10
            out[1, d] += 1
            end = to

        # As the reference does, strip the whole.
        left, right = stripped(out_data, begin, end, classes)
        for k in range(right - left):
            out_data[begin + k] = out_data[left + k]
        end = begin + right - left
        out_offsets[d + 1] = end


@inlined
def ends_well(data: Bytes, start: int, stop: int, end_mark: int) -> bool:
    """Does the line end in an end mark, and not in three dots?"""
    if stop == start:
        return False
    b = data[stop - 1]
    if b == 46:
        return not (stop - start >= 3 and data[stop - 2] == 46 and data[stop - 3] == 46)
    return b == 63 or b == 33 or b == 34 or (b == 39 and end_mark == 2)
