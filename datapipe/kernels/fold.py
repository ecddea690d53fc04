"""Fold text to what must be equal for two texts to count as one: case, white space and punctuation may be ignored."""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import kernel

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# Lower-casing by one code point to one code point (str.lower, where it gives one). All such letters lie below this.
LOWER_END = 0x1E944
SPACE, NOTHING = 0xFE, 0xFF  # in the table of ASCII bytes: no letter has these values


@cache
def lower_table() -> npt.NDArray[np.int32]:
    """Lower case of every code point below LOWER_END; 25 ms, once a process."""
    table = np.arange(LOWER_END, dtype=np.int32)
    for start, stop in ((0x41, 0x590), (0x10A0, 0x1100), (0x13A0, 0x1400), (0x1C80, 0x1CC0), (0x1E00, 0x2C00),
                        (0x2C00, 0x2E00), (0xA640, 0xAC00), (0xFF21, 0xFF3B), (0x10400, 0x10D00), (0x118A0, 0x118C0),
                        (0x16E40, 0x16E60), (0x1E900, LOWER_END)):  # fmt: skip
        for code in range(start, stop):
            lower = chr(code).lower()
            if len(lower) == 1:
                table[code] = ord(lower)
    return table


@kernel
def fold_text(
    offsets: Int64s, data: Bytes, lower: npt.NDArray[np.int32], case: bool, space: bool, punctuation: bool
) -> tuple[Int64s, Bytes]:
    """Folded copies of all documents, as `(offsets, data)`.

    case         letters in lower case
    space        a run of white space becomes one space, none at the ends
    punctuation  ASCII punctuation is left out (before white space is looked at)
    """
    n = len(offsets) - 1
    total = offsets[n] - offsets[0]
    # Lower-casing can lengthen: U+023A (2 bytes) becomes U+2C65 (3 bytes), the worst ratio in Unicode.
    out = np.empty(total + total // 2 + 4, np.uint8)
    starts = np.zeros(n + 1, np.int64)
    # What becomes of an ASCII byte, by table: nine of ten bytes are ASCII, and this doubles the speed.
    ascii_ = np.empty(128, np.uint8)
    for c in range(128):
        ascii_[c] = lower[c] if case else c
        if space and (c == 0x20 or 0x09 <= c <= 0x0D or 0x1C <= c <= 0x1F):
            ascii_[c] = SPACE
        elif punctuation and (0x21 <= c <= 0x2F or 0x3A <= c <= 0x40 or 0x5B <= c <= 0x60 or 0x7B <= c <= 0x7E):
            ascii_[c] = NOTHING
    w = 0
    for doc in range(n):
        begin = w
        pending = False
        i = offsets[doc]
        end = offsets[doc + 1]
        while i < end:
            b = np.int64(data[i])
            if b < 0x80:
                i += 1
                folded = ascii_[b]
                if folded < 0x80:
                    if pending:
                        if w > begin:
                            out[w] = 0x20
                            w += 1
                        pending = False
                    out[w] = folded
                    w += 1
                elif folded == SPACE:
                    pending = True
                continue
            if b < 0xE0:
                code = ((b & 0x1F) << 6) | (np.int64(data[i + 1]) & 0x3F)
                i += 2
            elif b < 0xF0:
                code = ((b & 0x0F) << 12) | ((np.int64(data[i + 1]) & 0x3F) << 6) | (np.int64(data[i + 2]) & 0x3F)
                i += 3
            else:
                code = (
                    ((b & 0x07) << 18)
                    | ((np.int64(data[i + 1]) & 0x3F) << 12)
                    | ((np.int64(data[i + 2]) & 0x3F) << 6)
                    | (np.int64(data[i + 3]) & 0x3F)
                )
                i += 4
            if space and (
                code == 0x85 or code == 0xA0 or code == 0x1680 or 0x2000 <= code <= 0x200A or code == 0x2028
                or code == 0x2029 or code == 0x202F or code == 0x205F or code == 0x3000
            ):  # fmt: skip
                pending = True
                continue
            if pending:
                if w > begin:
                    out[w] = 0x20
                    w += 1
                pending = False
            if case and code < len(lower):
                code = np.int64(lower[code])
            if code < 0x80:
                out[w] = code
                w += 1
            elif code < 0x800:
                out[w] = 0xC0 | (code >> 6)
                out[w + 1] = 0x80 | (code & 0x3F)
                w += 2
            elif code < 0x10000:
                out[w] = 0xE0 | (code >> 12)
                out[w + 1] = 0x80 | ((code >> 6) & 0x3F)
                out[w + 2] = 0x80 | (code & 0x3F)
                w += 3
            else:
                out[w] = 0xF0 | (code >> 18)
                out[w + 1] = 0x80 | ((code >> 12) & 0x3F)
                out[w + 2] = 0x80 | ((code >> 6) & 0x3F)
                out[w + 3] = 0x80 | (code & 0x3F)
                w += 4
        starts[doc + 1] = w
    return starts, out[:w]
