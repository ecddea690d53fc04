"""C4's rules as DCLM and Dolma apply them: to lines as they stand between newlines, and to the page."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.c4 import (
    BRACE,
    BRACKET,
    JAVASCRIPT,
    LORIPSUM,
    POLICY,
    citation_end,
    ends_well,
    has_long_word,
    has_words,
    phrases_in,
    sentences_in,
)
from datapipe.kernels.classes import Classes
from datapipe.kernels.hashing import Hashes
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import NEWLINE, byte_at, digest, stripped
from datapipe.kernels.words import WIDTH

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

DOTS_TOO = 2  # of `end_mark`: a line may end in three dots


@inlined
def copied(
    data: Bytes,
    start: int,
    stop: int,
    classes: Classes,
    cite: int,
    mark_starts: Int64s,
    marks: Bytes,
    out: Bytes,
    to: int,
) -> tuple[int, int]:
    """Copy a slice to out[to:], without citations; return where it ends there and how many were cut."""
    cut = 0
    while start < stop:
        bracket = byte_at(data, start, stop, BRACKET) if cite else stop
        for k in range(bracket - start):
            out[to + k] = data[start + k]
        to += bracket - start
        start = bracket
        if start < stop:
            after = citation_end(data, start, stop, classes, mark_starts, marks)
            if after > start:
                cut += 1
                start = after
            else:
                out[to] = BRACKET
                to += 1
                start += 1
    return to, cut


@kernel
def c4_pages(
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
    whole: bool,
) -> None:
    """Fill out[measure, document] (c4.py's MEASURES) and the text that is left.

    whole     the page's phrases and brackets are counted before lines go, and no line goes for them; blank lines go as
              others do, a line's newline with it. Else each rule sees what the ones before it left, blank lines stay,
              and the page is stripped
    end_mark  0: any, 1: . ? ! " and no three dots, 2: three dots, too
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
        last = offsets[d + 1]
        i = offsets[d]
        while i <= last:
            start = i
            stop = byte_at(data, start, last, NEWLINE)
            i = stop + 1
            out[0, d] += 1
            if stop - start > max_word and has_long_word(data, start, stop, classes, max_word):
                out[2, d] += 1
                continue
            to, cut = copied(data, start, stop, classes, cite, mark_starts, marks, out_data, end)
            out[9, d] += cut
            found = 0
            if whole:
                found = phrases_in(out_data, end, to, phrase_starts, phrases, meanings)
                out[7, d] += found & LORIPSUM != 0
                out[5, d] += found & JAVASCRIPT != 0
                out[8, d] += byte_at(out_data, end, to, BRACE) < to
            if whole or end < to:  # a blank line stays
                left, right = stripped(out_data, end, to, classes)
                dots = end_mark == DOTS_TOO and left < right and out_data[right - 1] == 46
                unended = end_mark and not dots and not ends_well(out_data, left, right, 1)
                short = not has_words(out_data, left, right, classes, min_words)
                out[3, d] += unended
                out[4, d] += short and (whole or not unended)
                if unended or short:
                    continue
            if not whole:
                found = phrases_in(out_data, end, to, phrase_starts, phrases, meanings)
                out[7, d] += found & LORIPSUM != 0
                if found & drop & JAVASCRIPT:
                    out[5, d] += 1
                    continue
                out[8, d] += byte_at(out_data, end, to, BRACE) < to
                if found & drop & POLICY:
                    out[6, d] += 1
                    continue
            out[10, d] += sentences_in(out_data, end, to, classes, abbreviated, tokens)
            out[1, d] += 1
            end = to
            if stop < last:
                out_data[end] = NEWLINE
                end += 1
        if not whole:
            left, right = stripped(out_data, begin, end, classes)
            if left > begin:
                for k in range(right - left):
                    out_data[begin + k] = out_data[left + k]
            end = begin + right - left
        out_offsets[d + 1] = end


@kernel
def count_long_lines(offsets: Int64s, data: Bytes, least: int, out: Numbers) -> None:
    """Set out[document] to its lines, between newlines, of at least `least` code points."""
    for d in range(len(offsets) - 1):
        long_lines = 0
        i = offsets[d]
        while i <= offsets[d + 1]:
            end = byte_at(data, i, offsets[d + 1], NEWLINE)
            if end - i >= least:
                _, chars = digest(data, i, end)
                long_lines += chars >= least
            i = end + 1
        out[d] = long_lines
