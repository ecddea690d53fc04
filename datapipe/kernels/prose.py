"""The measures of Gopher's quality rules over words between white space, by the definitions of others than datatrove."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, NUMBER, SPACE, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.hashing import slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.joints import DOT, MINUS
from datapipe.kernels.lines import NEWLINE, byte_at, stripped
from datapipe.kernels.quality import HASH, count_signs, is_rune
from datapipe.kernels.word_cuts import hash_lowered

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Numbers = npt.NDArray[np.float64]

# PAPER  hashes and ellipses apart, different stop words in any case
# DCLM   words start with a letter or a number after one of fastText's spaces; signs in one number; every stop word counts
# DOLMA  a median; words with a sign; lines as they stand, blank ones too; stop words as written, every one
PAPER, DCLM, DOLMA = range(3)
ROWS = 8
STAR, BLANK = 42, 32


@inlined
def spaced_dots(data: Bytes, start: int, stop: int) -> int:
    """How often `. . .` stands in the text."""
    found = 0
    i = byte_at(data, start, stop, DOT)
    while i + 4 < stop:
        three = data[i + 1] == BLANK and data[i + 2] == DOT and data[i + 3] == BLANK and data[i + 4] == DOT
        found += three
        i = byte_at(data, i + (5 if three else 1), stop, DOT)
    return found


@inlined
def starts_with_bullet(data: Bytes, start: int, stop: int, style: int) -> bool:
    """Is it * or -, or (but for DOLMA) U+2022 or U+25CF?"""
    if start == stop:
        return False
    if data[start] == STAR or data[start] == MINUS:
        return True
    if style == DOLMA or data[start] != 0xE2:
        return False
    return is_rune(data, start, 0xA2) or (data[start + 1] == 0x97 and data[start + 2] == 0x8F)


@inlined
def ends_in_ellipsis(data: Bytes, start: int, stop: int, style: int) -> bool:
    """Is it U+2026, or (but for DOLMA) three dots, or (for DCLM) dots with blanks between?"""
    if stop - start < 3:
        return False
    if is_rune(data, stop - 3, 0xA6):
        return True
    if style == DOLMA or data[stop - 1] != DOT:
        return False
    dots: bool = data[stop - 2] == DOT and data[stop - 3] == DOT
    if style == DCLM and stop - start >= 5 and data[stop - 2] == BLANK:
        dots = data[stop - 3] == DOT and data[stop - 4] == BLANK and data[stop - 5] == DOT
    return dots


@inlined
def count_lines(data: Bytes, start: int, stop: int, classes: Classes, style: int) -> tuple[int, int, int]:
    """Lines between newlines, those that start with a bullet, those that end in an ellipsis."""
    lines = bullets = trailing = 0
    i = start
    while i <= stop:
        end = byte_at(data, i, stop, NEWLINE)
        left, right = i, end
        if style != DOLMA:
            left, right = stripped(data, i, end, classes)
        if left < right or style == DOLMA:
            lines += 1
            bullets += starts_with_bullet(data, left, right, style)
            trailing += ends_in_ellipsis(data, left, right, style)
        i = end + 1
    return lines, bullets, trailing


@inlined
def take_median(lengths: Int64s, longest: int, words: int) -> float:
    """The median of word lengths of which each is counted in its place; the counts are cleared."""
    below = low = high = 0
    for size in range(longest + 1):
        below += lengths[size]
        lengths[size] = 0
        if low == 0 and 2 * below >= words:  # no word has length 0
            low = size
        if high == 0 and 2 * below > words:
            high = size
    return (low + high) / 2


@kernel
def spaced_quality(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    lower: Int32s,
    stop_offsets: Int64s,
    stop_data: Bytes,
    style: int,
    out: Numbers,
) -> None:
    """Fill out[measure, document], in the order of quality.py; DCLM and DOLMA have one number for hashes and ellipses."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    lengths = np.zeros(most + 1, np.int64)
    stop_words = len(stop_offsets) - 1
    size = table_size(stop_words)
    keys = np.zeros(size, np.uint64)
    seen = np.zeros(size, np.int64)  # the last document that had the word
    longest_stop = 0
    for w in range(stop_words):
        key, _ = hash_lowered(stop_data, stop_offsets[w], stop_offsets[w + 1], classes, lower, True)
        keys[slot_of(keys, size, key)] = key
        longest_stop = max(longest_stop, stop_offsets[w + 1] - stop_offsets[w])
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        words = counted = letters = alphabetic = found = signed = longest = 0
        i = start
        outside = True  # of a word by fastText's spaces
        while i < stop:
            first = i
            chars = kinds = sign = 0
            while i < stop:
                kind, step = class_at(data, i, classes)
                b = data[i]
                if b == BLANK or 9 <= b <= 13 or b == 0:
                    outside = True
                elif outside:
                    counted += kind & (ALPHA | NUMBER) != 0
                    outside = False
                if kind & SPACE:
                    break
                kinds |= kind
                sign |= b == HASH or (b == 0xE2 and is_rune(data, i, 0xA6))
                chars += 1
                i += step
            if chars == 0:
                i += step
                continue
            words += 1
            letters += chars
            alphabetic += kinds & ALPHA != 0
            signed += sign
            if style == DOLMA:
                lengths[chars] += 1
                longest = max(longest, chars)
            if i - first <= longest_stop:
                key, _ = hash_lowered(data, first, i, classes, lower, True)
                slot = slot_of(keys, size, key)
                if keys[slot] != np.uint64(0) and (style != PAPER or seen[slot] != d + 1):
                    seen[slot] = d + 1
                    found += 1
        hashes, ellipses = count_signs(data, start, stop)
        if style == DCLM:
            signed = hashes + ellipses + spaced_dots(data, start, stop)
        lines, bullets, trailing = count_lines(data, start, stop, classes, style)
        out[0, d] = counted if style == DCLM else words
        out[1, d] = np.nan
        if style == DOLMA and words:
            out[1, d] = take_median(lengths, longest, words)
        elif words:
            out[1, d] = letters / words
        out[2, d] = (hashes if style == PAPER else signed) / max(words, 1)
        out[3, d] = ellipses / max(words, 1) if style == PAPER else np.nan
        out[4, d] = bullets / max(lines, 1)
        out[5, d] = trailing / max(lines, 1)
        out[6, d] = alphabetic / max(words, 1)
        out[7, d] = found
