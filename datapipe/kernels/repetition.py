"""Gopher's repetition measures by the definitions of six others than datatrove, chosen by switches.

Every tool counts n-grams of words; they differ in what a word is, in whether the first occurrence counts, in what
overlaps count and in what the total is. The variant `datatrove` has a kernel of its own (ngrams.py).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import NEWLINE, byte_at, digest, stripped
from datapipe.kernels.ngrams import marked
from datapipe.kernels.word_cuts import BARED, BOUNDARIES, PLAINEST, SPLIT, cut_words

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# Lines: none; stripped, blank ones left out, every occurrence of a repeated one; blank ones too, not stripped, every
# occurrence, of the words' characters, no paragraphs; occurrences after the first, of the characters of all lines.
NO_LINES, STRIPPED, ALL, LATER = range(4)
# N-grams: characters of words in one that repeats, each once; of occurrences after the first, each once, spaces
# included; of all that repeat / of all, overlaps counted; the number that repeat / of all, and no top n-gram.
COVERED, AFTER_FIRST, SUMMED, COUNTED = range(4)


class Definition(NamedTuple):
    """How a tool measures: words (word_cuts.py), lines, n-grams; is the longest of equally frequent n-grams the top?"""

    words: int
    lines: int
    ngrams: int
    longest: bool = False


DEFINITIONS = {
    "paper": Definition(SPLIT, STRIPPED, COVERED),
    "dclm": Definition(BOUNDARIES, STRIPPED, COVERED, True),
    "dolma": Definition(SPLIT, ALL, SUMMED),
    "curator": Definition(SPLIT, LATER, AFTER_FIRST),
    "rpv2": Definition(PLAINEST, NO_LINES, COVERED),
    "data_juicer": Definition(BARED, NO_LINES, COUNTED),
}


@inlined
def cut_lines(
    data: Bytes, start: int, stop: int, classes: Classes, newlines: int, lines: int, hashes: Hashes, chars: Int64s
) -> int:
    """Write hash and code points of each piece between `newlines` newlines; return how many there are."""
    n = 0
    i = piece = start
    while True:
        end = byte_at(data, i, stop, NEWLINE)
        if end < stop and newlines == 2 and (end + 1 == stop or data[end + 1] != NEWLINE):
            i = end + 1
            continue
        left, right = stripped(data, piece, end, classes)
        blank = left == right
        if lines != STRIPPED:
            left, right = piece, end
        if not blank or lines == ALL or (lines == LATER and newlines == 2):
            hashes[n], chars[n] = digest(data, left, right)
            n += 1
        if end == stop:
            return n
        i = piece = end + newlines


@inlined
def repeated_pieces(
    hashes: Hashes, chars: Int64s, n: int, keys: Hashes, firsts: Int64s, again: Flags, first_too: bool
) -> tuple[int, int, int]:
    """How many of n pieces are repeated, their code points and those of all."""
    size = table_size(n)
    keys[:size] = 0
    count = repeats = total = 0
    for p in range(n):
        total += chars[p]
        again[p] = False
        slot = slot_of(keys, size, hashes[p])
        if keys[slot] != hashes[p]:
            keys[slot] = hashes[p]
            firsts[slot] = p
            continue
        count += 1
        repeats += chars[p]
        first = firsts[slot]
        if first_too and not again[first]:
            again[first] = True
            count += 1
            repeats += chars[first]
    return count, repeats, total


@inlined
def count_runs(
    hashes: Hashes,
    runs: Hashes,
    last: int,
    n: int,
    again: Flags,
    rows: Int64s,
    keys: Hashes,
    firsts: Int64s,
    counts: Int64s,
) -> int:
    """Which n-grams repeat, of those both whose (n - 1)-grams do; how often, at the first; return the candidates."""
    for t in range(last):
        again[t] &= again[t + 1]
    candidates = marked(again, last, rows)
    again[: last + 1] = False
    size = table_size(candidates)
    keys[:size] = 0
    for c in range(candidates):
        t = rows[c]
        runs[t] = runs[t] * BASE + hashes[t + n - 1]
    for c in range(candidates):
        t = rows[c]
        key = mixed(runs[t])
        slot = slot_of(keys, size, key)
        if keys[slot] != key:
            keys[slot] = key
            firsts[slot] = t
            counts[t] = 1
        else:
            first = firsts[slot]
            counts[first] += 1
            counts[t] = 0  # not the first
            again[t] = again[first] = True
    return candidates


@inlined
def top_run(sums: Int64s, candidates: int, n: int, rows: Int64s, counts: Int64s, longest: bool) -> tuple[int, int]:
    """Where the most frequent n-gram starts (the earliest of equals, or the longest), and how often it occurs."""
    first = 0
    most = 1
    for c in range(candidates):
        t = rows[c]
        more = counts[t] > most
        if longest and counts[t] == most and most > 1:
            more = sums[t + n] - sums[t] > sums[first + n] - sums[first]
        if more:
            first = t
            most = counts[t]
    return first, most


@inlined
def occurrences(data: Bytes, start: int, stop: int, n: int, first: int, starts: Int64s, stops: Int64s) -> int:
    """How often words first .. first + n - 1, one space between them, stand in the text, not overlapping.

    By a rolling hash, for a comparison at every place would take quadratic time where the text repeats a letter.
    """
    wanted = np.uint64(0)
    size = 0
    for t in range(first, first + n):
        for i in range(starts[t], stops[t] + (t + 1 < first + n)):
            wanted = wanted * BASE + np.uint64(data[i] + 1 if i < stops[t] else 33)
            size += 1
    out = ONE
    for _ in range(size):
        out *= BASE
    found = held = 0
    h = np.uint64(0)
    for i in range(start, stop):
        h = h * BASE + np.uint64(data[i] + 1)
        if held == size:
            h -= out * np.uint64(data[i - size] + 1)
        else:
            held += 1
        if held == size and h == wanted:
            found += 1
            held = 0
            h = np.uint64(0)
    return found


@inlined
def repeated_runs(
    sums: Int64s, candidates: int, n: int, last: int, rows: Int64s, counts: Int64s, again: Flags, ngrams: int
) -> tuple[int, int]:
    """How much of the text is in repeated n-grams, and of how much, by the definition."""
    part = whole = end = 0
    for c in range(candidates):
        t = rows[c]
        if not again[t] or (ngrams == AFTER_FIRST and counts[t] > 0):
            continue
        if ngrams == COUNTED:
            part += 1
        elif ngrams == SUMMED:
            part += sums[t + n] - sums[t]
        else:
            since = max(t, end)
            end = t + n
            part += sums[end] - sums[since]
            if ngrams == AFTER_FIRST:
                part += min(end - since, n - 1)
    if ngrams == COUNTED:
        whole = last
    elif ngrams == SUMMED:
        for t in range(last):
            whole += sums[t + n] - sums[t]
    return part, whole


@kernel
def repetition(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    lower: Int32s,
    cut: int,
    lines: int,
    ngrams: int,
    longest: bool,
    out: Numbers,
) -> None:
    """Fill out[measure, document]: paragraphs, their characters, lines, theirs, top and repeated n-grams.

    NaN where the definition has no such measure, and in all of a blank document.
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    # Sized for the worst document (a word a byte); pages that are never touched cost nothing.
    starts = np.empty(most + 1, np.int64)
    stops = np.empty(most + 1, np.int64)
    chars = np.empty(most + 2, np.int64)
    sums = np.empty(most + 2, np.int64)
    hashes = np.empty(most + 2, np.uint64)
    runs = np.empty(most + 1, np.uint64)
    again = np.empty(most + 2, np.bool_)
    rows = np.empty(most + 1, np.int64)
    counts = np.empty(most + 1, np.int64)
    slots = table_size(most + 1)
    keys = np.empty(slots, np.uint64)
    firsts = np.empty(slots, np.int64)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        out[:, d] = np.nan
        left, right = stripped(data, start, stop, classes)
        if left == right:
            continue
        count = cut_words(data, start, stop, classes, lower, cut, starts, stops, chars, hashes)
        sums[0] = 0
        for t in range(count):
            sums[t + 1] = sums[t] + chars[t]
            runs[t] = hashes[t]
            again[t] = True
        again[count] = True
        letters = sums[count]
        _, length = digest(data, start, stop)
        for n in range(2, 11):
            last = count - n + 1
            if last <= 0:
                out[n + 2, d] = 1.0 if ngrams == AFTER_FIRST else 0.0
                if ngrams == COUNTED and n < 5:
                    out[n + 2, d] = np.nan
                continue
            candidates = count_runs(hashes, runs, last, n, again, rows, keys, firsts, counts)
            if n >= 5:
                part, whole = repeated_runs(sums, candidates, n, last, rows, counts, again, ngrams)
                whole = letters if ngrams == COVERED else length if ngrams == AFTER_FIRST else whole
                out[n + 2, d] = part / whole
            elif ngrams != COUNTED:
                first, often = top_run(sums, candidates, n, rows, counts, longest)
                size = sums[first + n] - sums[first]
                if ngrams == AFTER_FIRST:
                    often = occurrences(data, start, stop, n, first, starts, stops)
                    out[n + 2, d] = often * (size + n - 1) / length
                else:
                    out[n + 2, d] = often * size / letters if often > 1 or ngrams == SUMMED else 0.0
        for newlines in range(1, 3):
            if lines == NO_LINES or (lines == ALL and newlines == 2):
                continue
            n = cut_lines(data, start, stop, classes, newlines, lines, hashes, chars)
            count, part, total = repeated_pieces(hashes, chars, n, keys, firsts, again, lines != LATER)
            row = 4 - 2 * newlines
            out[row, d] = count / n
            out[row + 1, d] = part / (letters if lines == ALL else total)
