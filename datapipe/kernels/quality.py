"""The measures of Gopher's quality rules, one pass over words and one over lines a document."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, BREAK, SPACE, SYMBOL, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.hashing import Hashes, hash_of, slot_of
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.words import segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

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
def measure_word(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, bool, bool]:
    """Code points; is there a letter; is there anything but symbols?"""
    chars = 0
    some = 0
    every = -1
    i = start
    while i < stop:
        kind, size = class_at(data, i, classes)
        some |= kind
        every &= kind
        chars += 1
        i += size
    return chars, some & ALPHA != 0, every & SYMBOL == 0


@inlined
def measure_lines(data: Bytes, start: int, stop: int, classes: Classes) -> tuple[int, int, int, int, int]:
    """Lines (as str.splitlines), lines that start with a bullet, that end in an ellipsis; hashes; ellipses."""
    lines = bullets = trailing = hashes = ellipses = 0
    dots = 0  # length of the run of dots that ends here
    ends = False  # is the last sign of the line so far an ellipsis?
    blank = True
    i = start
    while i < stop:
        b = data[i]
        if 64 <= b < 127:  # letters, mostly: nothing to count, no space
            ends = blank = False
            dots = 0
            i += 1
            continue
        kind, size = class_at(data, i, classes)
        if kind & SPACE:
            dots = 0
            if kind & BREAK:
                lines += 1
                trailing += ends
                ends = False
                blank = True
                if b == 13 and i + 1 < stop and data[i + 1] == 10:
                    size = 2
            i += size
            continue
        rune = size == 3 and b == 0xE2 and data[i + 1] == 0x80
        if blank:
            blank = False
            bullets += b == 45 or (rune and data[i + 2] == 0xA2)
        hashes += b == 35
        if b == 46:
            dots += 1
            ellipses += dots % 3 == 0
            ends = dots >= 3
        else:
            dots = 0
            ends = rune and data[i + 2] == 0xA6
            ellipses += ends
        i += size
    # A last line without a break counts; nothing after the last break does not.
    if stop > start:
        last = stop - 1
        while data[last] & 0xC0 == 0x80:
            last -= 1
        kind, _ = class_at(data, last, classes)
        if not kind & BREAK:
            lines += 1
            trailing += ends
    return lines, bullets, trailing, hashes, ellipses


@kernel
def gopher_quality(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    abbreviated: Hashes,
    stop_words: Hashes,
    initials: npt.NDArray[np.bool_],
    longest: int,
    out: Numbers,
) -> None:
    """Fill out[measure, document]; stop words as hashes, with their possible first bytes and greatest length."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    starts = np.empty(most, np.int64)
    stops = np.empty(most, np.int64)
    seen = np.zeros(len(stop_words), np.bool_)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        tokens = segment(data, start, stop, classes, abbreviated, starts, stops)
        seen[:] = False
        words = chars = alphabetic = found = 0
        for t in range(tokens):
            length, letters, counts = measure_word(data, starts[t], stops[t], classes)
            alphabetic += letters
            if counts:
                words += 1
                chars += length
            if initials[data[starts[t]]] and stops[t] - starts[t] <= longest:
                slot = slot_of(stop_words, len(stop_words), hash_of(data, starts[t], stops[t]))
                if stop_words[slot] != np.uint64(0) and not seen[slot]:
                    seen[slot] = True
                    found += 1
        lines, bullets, trailing, hashes, ellipses = measure_lines(data, start, stop, classes)
        out[0, d] = words
        out[1, d] = chars / words if words else np.nan
        out[2, d] = hashes / tokens if tokens else 0.0
        out[3, d] = ellipses / tokens if tokens else 0.0
        out[4, d] = bullets / lines if lines else 0.0
        out[5, d] = trailing / lines if lines else 0.0
        out[6, d] = alphabetic / tokens if tokens else 0.0
        out[7, d] = found
