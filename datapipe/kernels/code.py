"""What source code looks like: its lines, its letters, and the text that a browser would show of HTML."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, NUMBER, Classes
from datapipe.kernels.decode import class_at, code_points
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.lines import break_at, byte_at

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

MEASURES = ("characters", "lines", "max_line_length", "mean_line_length", "alphanumeric", "letters", "xml_header")
XML = np.frombuffer(b"<?xml version=", np.uint8)
SCRIPT, STYLE = np.frombuffer(b"script", np.uint8), np.frombuffer(b"style", np.uint8)
LESS, MORE, AMPERSAND, SEMICOLON = 60, 62, 38, 59


@inlined
def found_at(data: Bytes, i: int, stop: int, word: Bytes) -> bool:
    """Does the word, in lower case, stand at i, in any ASCII case?"""
    if i + len(word) > stop:
        return False
    for k in range(len(word)):
        b = data[i + k]
        if (b | 32 if 65 <= b <= 90 else b) != word[k]:
            return False
    return True


@kernel
def code_shape(offsets: Int64s, data: Bytes, classes: Classes, xml: Bytes, out: Numbers) -> None:
    """Fill out[measure, document]; lines are those of str.splitlines, in code points; shares are of all code points."""
    for d in range(len(offsets) - 1):
        i = start = offsets[d]
        stop = offsets[d + 1]
        lines = longest = total = 0
        while i < stop:
            end, after = break_at(data, i, stop, classes)
            size = code_points(data, i, end)
            longest = max(longest, size)
            total += size
            lines += 1
            i = after
        chars = alphanumeric = letters = 0
        header = False
        i = start
        while i < stop:
            if data[i] == LESS and chars <= 100 - len(xml):
                k = 0
                while k < len(xml) and i + k < stop and data[i + k] == xml[k]:
                    k += 1
                header |= k == len(xml)
            kind, size = class_at(data, i, classes)
            chars += 1
            alphanumeric += kind & (ALPHA | NUMBER) != 0
            letters += kind & ALPHA != 0
            i += size
        out[0, d] = chars
        out[1, d] = lines
        out[2, d] = longest
        out[3, d] = total / lines if lines else 0.0
        out[4, d] = alphanumeric / chars if chars else 0.0
        out[5, d] = letters / chars if chars else 0.0
        out[6, d] = header


@inlined
def tag_end(data: Bytes, i: int, stop: int) -> int:
    """Past the tag that starts at i; a > between quotes after a = does not end it."""
    quote = 0
    before = 0
    while i < stop:
        b = data[i]
        i += 1
        if quote:
            quote = 0 if b == quote else quote
        elif b == MORE:
            return i
        elif (b == 34 or b == 39) and before == 61:
            quote = b
        if b > 32:
            before = b
    return stop


@inlined
def entity_end(data: Bytes, i: int, stop: int) -> int:
    """Past the character reference that starts at i (`&amp;`, `&#x2014;`); i if it is none."""
    at = i + 1
    if at < stop and data[at] == 35:
        at += 1
    first = at
    while at < stop and at < i + 32 and (48 <= data[at] <= 57 or 97 <= data[at] | 32 <= 122):
        at += 1
    return at + 1 if at > first and at < stop and data[at] == SEMICOLON else i


@inlined
def hidden_end(data: Bytes, i: int, stop: int, script: Bytes, style: Bytes) -> int:
    """Past the tag, comment, declaration, script or style that the < at i starts; i if it is a sign of the text."""
    b = data[i + 1] if i + 1 < stop else 0
    if b == 33 and i + 3 < stop and data[i + 2] == 45 and data[i + 3] == 45:
        i += 4
        while i < stop and not (data[i - 2] == 45 and data[i - 1] == 45 and data[i] == MORE):
            i += 1
        return i + 1
    if b == 33 or b == 63:
        return byte_at(data, i, stop, MORE) + 1
    if b == 47 or 97 <= b | 32 <= 122:
        word = script if found_at(data, i + 1, stop, script) else style
        raw = found_at(data, i + 1, stop, word)
        i = tag_end(data, i, stop)
        while raw and i < stop:
            i = byte_at(data, i, stop, LESS)
            raw = not (i + 1 < stop and data[i + 1] == 47 and found_at(data, i + 2, stop, word))
            i += raw
    return i


@kernel
def visible_text(offsets: Int64s, data: Bytes, rows: Int64s, script: Bytes, style: Bytes, out: Numbers) -> None:
    """Fill out[document], for these rows alone, with the code points of HTML outside tags, comments, scripts and styles.

    White space between two tags counts one.
    """
    for row in rows:
        i = offsets[row]
        stop = offsets[row + 1]
        shown = run = 0
        blank = True
        while i < stop:
            b = data[i]
            end = hidden_end(data, i, stop, script, style) if b == LESS else i
            if end > i:
                shown += min(run, 1) if blank else run
                run = 0
                blank = True
                i = end
                continue
            blank &= b == 32 or 9 <= b <= 13
            run += b & 0xC0 != 0x80
            i = max(entity_end(data, i, stop), i + 1) if b == AMPERSAND else i + 1
        out[row] = shown + (min(run, 1) if blank else run)
