"""C4's line rules: what is left of a document, and why the rest went."""

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import DECIMAL, PUNCTUATION, SPACE, TERMINAL, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.eight import CASE, ONES, eight_at, zeros
from datapipe.kernels.hashing import Hashes
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import break_at, byte_at, stripped
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
BRACKET, BRACE = 91, 123
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
As, Cs, Ms, Os, Ps, Rs, Ss, Us, Vs = (ONES * np.uint64(ord(c)) for c in "acmoprsuv")
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
def may_hold_phrase(data: Bytes, start: int, stop: int) -> bool:
    """Is there one of these, which every phrase has and few other words, in any case: psu, vas, rms, vac, coo?"""
    i = start
    while i < stop:
        if i + 10 > len(data):
            return True
        a = eight_at(data, i) | CASE
        b = eight_at(data, i + 1) | CASE
        c = eight_at(data, i + 2) | CASE
        va = a ^ Vs | b ^ As
        found = zeros(va | c ^ Ss) | zeros(va | c ^ Cs) | zeros(a ^ Ps | b ^ Ss | c ^ Us)
        if found | zeros(a ^ Rs | b ^ Ms | c ^ Ss) | zeros(a ^ Cs | b ^ Os | c ^ Os):
            return True
        i += 8
    return False


@inlined
def phrases_in(data: Bytes, start: int, stop: int, starts: Int64s, phrases: Bytes, meanings: Int64s) -> int:
    """Which meanings have a phrase in the slice, whatever its case."""
    found = 0
    if not may_hold_phrase(data, start, stop):
        return found
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
def has_words(data: Bytes, start: int, stop: int, classes: Classes, least: int) -> bool:
    """Are there so many words as str.split cuts them?"""
    words = 0
    outside = True
    i = start
    while i < stop and words < least:
        kind, size = class_at(data, i, classes)
        words += outside and not kind & SPACE
        outside = kind & SPACE != 0
        i += size
    return words >= least


@inlined
def has_long_word(data: Bytes, start: int, stop: int, classes: Classes, most: int) -> bool:
    """Is there a word of more than `most` code points?"""
    chars = 0
    i = start
    while i < stop and chars <= most:
        kind, size = class_at(data, i, classes)
        chars = 0 if kind & SPACE else chars + 1
        i += size
    return chars > most


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
            stop, after = break_at(data, i, offsets[d + 1], classes)
            start, stop = stripped(data, i, stop, classes)
            i = after
            out[0, d] += 1
            if stop - start > max_word and has_long_word(data, start, stop, classes, max_word):
                out[2, d] += 1
                continue
            enough = cite == 1 or has_words(data, start, stop, classes, min_words)

            # The line goes to the output at once; a line that is dropped is written over by the next.
            line = end + (out[1, d] > 0)
            to = line
            while start < stop:
                bracket = byte_at(data, start, stop, BRACKET) if cite else stop
                for k in range(bracket - start):
                    out_data[to + k] = data[start + k]
                to += bracket - start
                start = bracket
                if start < stop:
                    after = citation_end(data, start, stop, classes, mark_starts, marks)
                    if after > start:
                        out[9, d] += 1
                        start = after
                    else:
                        out_data[to] = BRACKET
                        to += 1
                        start += 1
            if end_mark and not ends_well(out_data, line, to, end_mark):
                out[3, d] += 1
                continue
            if not enough or (cite == 1 and not has_words(out_data, line, to, classes, min_words)):
                out[4, d] += 1
                continue
            found = phrases_in(out_data, line, to, phrase_starts, phrases, meanings)
            if found & LORIPSUM:
                out[7, d] += 1
            if found & drop & JAVASCRIPT:
                out[5, d] += 1
                continue
            out[8, d] += byte_at(out_data, line, to, BRACE) < to
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
        if left > begin:
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
