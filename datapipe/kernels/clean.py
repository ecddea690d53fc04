"""Control characters, newlines and white space made plain, in one pass from the old bytes to the new."""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What a sequence of bytes is: something to keep, a newline, horizontal white space, a control character.
OTHER, NEWLINE, BLANK, CONTROL = 0, 1, 2, 3


@cache
def plain_bytes() -> Flags:
    """For each byte, whether it is never the start of anything but OTHER; what `copied` expects."""
    flags = np.ones(256, np.bool_)
    flags[:0x21] = False
    flags[[0x7F, 0xC2, 0xE1, 0xE2, 0xE3, 0xEF]] = False
    return flags


@inlined
def sign_at(data: Bytes, i: int) -> tuple[int, int]:
    """Kind and byte length of what starts at i; any byte of a letter counts as OTHER of length 1."""
    b = data[i]
    if b < 0x21:
        if b == 0x20 or b == 0x09:
            return BLANK, 1
        if 0x0A <= b <= 0x0D:
            return NEWLINE, 1
        return CONTROL, 1
    if b < 0x7F:
        return OTHER, 1
    if b == 0x7F:
        return CONTROL, 1
    if b == 0xC2:
        second = data[i + 1]
        if second == 0x85:
            return NEWLINE, 2
        if second == 0xA0:
            return BLANK, 2
        if second < 0xA0:
            return CONTROL, 2
    elif 0xE1 <= b <= 0xE3 or b == 0xEF:
        second = data[i + 1]
        third = data[i + 2]
        if b == 0xE2 and second == 0x80:
            if third <= 0x8A or third == 0xAF:  # U+2000 to U+200A, U+202F
                return BLANK, 3
            if third == 0xA8 or third == 0xA9:  # U+2028, U+2029
                return NEWLINE, 3
        elif b == 0xE2:
            if second == 0x81 and third == 0x9F:  # U+205F
                return BLANK, 3
        elif b == 0xE1:
            if second == 0x9A and third == 0x80:  # U+1680
                return BLANK, 3
        elif b == 0xE3:
            if second == 0x80 and third == 0x80:  # U+3000
                return BLANK, 3
        elif second == 0xBB and third == 0xBF:  # U+FEFF
            return CONTROL, 3
    return OTHER, 1


@kernel
def clean_text(
    offsets: Int64s, data: Bytes, copied: Flags, control: bool, newlines: bool, blanks: bool, most: int
) -> tuple[Int64s, Bytes]:
    """Cleaned copies of all documents, as `(offsets, data)`; nothing ever gets longer.

    control   control characters and U+FEFF are left out; newlines and tabs are none
    newlines  every kind of newline becomes \\n
    blanks    runs of horizontal white space become one space, at the ends of a line none; of newlines in a row
              at most `most` stay, none at the ends of a document
    """
    n = len(offsets) - 1
    out = np.empty(offsets[n] - offsets[0], np.uint8)
    starts = np.zeros(n + 1, np.int64)
    w = 0
    for d in range(n):
        begin = w
        breaks = 0  # newlines not yet written
        gap = False  # is there a space not yet written?
        i = offsets[d]
        stop = offsets[d + 1]
        while i < stop:
            kind, size = sign_at(data, i)
            if kind == NEWLINE and (newlines or data[i] == 10):
                if data[i] == 13 and i + 1 < stop and data[i + 1] == 10:
                    size = 2
                if blanks:
                    breaks += 1
                else:
                    out[w] = 10
                    w += 1
                i += size
            elif kind == BLANK and blanks:
                gap = True
                i += size
            elif kind == CONTROL and control:
                i += size
            else:
                if (gap or breaks) and w > begin:
                    if breaks == 0:
                        out[w] = 32
                        w += 1
                    for _ in range(min(breaks, most)):
                        out[w] = 10
                        w += 1
                gap = False
                breaks = 0
                for _ in range(size):
                    out[w] = data[i]
                    w += 1
                    i += 1
                # Nearly all bytes: those of words, and the single spaces between them.
                while i < stop and (copied[data[i]] or (data[i] == 32 and i + 1 < stop and copied[data[i + 1]])):
                    out[w] = data[i]
                    w += 1
                    i += 1
        starts[d + 1] = w
    return starts, out[:w]
