"""The measures of Gopher's quality rules, one pass over words and one over lines a document."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, SYMBOL, Classes
from datapipe.kernels.eight import ONES, eight_at, nulls, number, zeros
from datapipe.kernels.hashing import Hashes, hash_of, slot_of
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.joints import DOT, MINUS, dots_end
from datapipe.kernels.lines import E2, break_at, stripped
from datapipe.kernels.words import CHARS, KIND, START, STOP, WIDTH, segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

HASH = 35
HASHES, DOTS, X80, XA6 = (ONES * np.uint64(byte) for byte in (HASH, DOT, 0x80, 0xA6))

MEASURES = (
    "words",
    "mean_word_length",
    "hashes_per_word",
    "ellipses_per_word",
    "bullet_lines",
    "ellipsis_lines",
    "alphabetic_words",
    "stop_words",
)


@inlined
def is_rune(data: Bytes, i: int, last: int) -> bool:
    """Is the code point at i of three bytes, E2 80 and `last`?"""
    rune: bool = data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == last
    return rune


@inlined
def measure_lines(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, int, int]:
    """Lines (as str.splitlines), lines that start with a bullet, lines that end in an ellipsis."""
    lines = bullets = trailing = 0
    i = start
    while i < stop:
        end, after = break_at(data, i, stop, classes)
        left, right = stripped(data, i, end, classes)
        if left < right:
            bullets += data[left] == MINUS or is_rune(data, left, 0xA2)
            if right - left >= 3:
                dots = data[right - 1] == DOT and data[right - 2] == DOT and data[right - 3] == DOT
                trailing += dots or is_rune(data, right - 3, 0xA6)
        lines += 1
        i = after
    return lines, bullets, trailing


@inlined
def count_signs(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """Hash signs; ellipses, of three dots or U+2026."""
    hashes = ellipses = 0
    i = start
    while i < stop:
        if i + 8 <= stop and i + 10 <= len(data):
            a = eight_at(data, i)
            b = eight_at(data, i + 1)
            c = eight_at(data, i + 2)
            if not zeros(a ^ DOTS | b ^ DOTS | c ^ DOTS):  # no run of three dots starts here
                hashes += number(nulls(a ^ HASHES))
                ellipses += number(nulls(a ^ E2 | b ^ X80 | c ^ XA6))
                i += 8
                continue
        if data[i] == DOT:
            end = dots_end(data, i, stop)
            ellipses += (end - i) // 3
            i = end
        else:
            hashes += data[i] == HASH
            ellipses += is_rune(data, i, 0xA6)
            i += 1
    return hashes, ellipses


@kernel
def gopher_quality(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    abbreviated: Hashes,
    stop_words: Hashes,
    shapes: Hashes,
    out: Numbers,
) -> None:
    """Fill out[measure, document]; stop words as hashes, and for each first byte the set of their lengths in bits."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    words = np.empty((most, WIDTH), np.int64)
    seen = np.zeros(len(stop_words), np.bool_)
    distinct = 0
    for slot in range(len(stop_words)):
        distinct += stop_words[slot] != np.uint64(0)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        tokens = segment(data, start, stop, classes, abbreviated, words)
        seen[:] = False
        counted = chars = alphabetic = found = 0
        for t in range(tokens):
            kind = words[t, KIND]
            alphabetic += kind & ALPHA != 0
            if not kind & SYMBOL:
                counted += 1
                chars += words[t, CHARS]
            if found == distinct:
                continue
            size = min(words[t, STOP] - words[t, START], 63)
            if np.int64(shapes[data[words[t, START]]] >> np.uint64(size)) & 1:
                place = slot_of(stop_words, len(stop_words), hash_of(data, words[t, START], words[t, STOP]))
                if stop_words[place] != np.uint64(0) and not seen[place]:
                    seen[place] = True
                    found += 1
        lines, bullets, trailing = measure_lines(data, start, stop, classes)
        hashes, ellipses = count_signs(data, start, stop)
        out[0, d] = counted
        out[1, d] = chars / counted if counted else np.nan
        out[2, d] = hashes / tokens if tokens else 0.0
        out[3, d] = ellipses / tokens if tokens else 0.0
        out[4, d] = bullets / lines if lines else 0.0
        out[5, d] = trailing / lines if lines else 0.0
        out[6, d] = alphabetic / tokens if tokens else 0.0
        out[7, d] = found
