"""The forms in which published tools compare text, as tables: what becomes of each code point.

datatrove  utils/text.py, simplify_text: lower case, a number is 0, punctuation is a blank, runs of white space are one,
           no marks above and below (canonical decomposition without category Mn)
ccnet      facebookresearch/cc_net, cc_net/text_normalizer.py, normalize_for_dedup: stripped, lower case, digits are 0,
           no punctuation of a list beyond ASCII, no control characters
c4         tensorflow_datasets text/c4_utils.py: stripped, lower case
exact      stripped

Lower case is that of a code point alone: a final sigma is a sigma, which Python's `lower` decides by its neighbours.
"""

import unicodedata
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import SYMBOLS
from datapipe.kernels.jit import inlined

Forms = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]

# Up to three code points of 21 bits each, the first lowest, or one of these.
WHITE, NOTHING, NUMBER = -1, -2, -3
BITS, POINT = 21, (1 << 21) - 1
HEAD = 0x1100  # the table begins with one entry for every 256 code points; SAME: they stay as they are
SAME = 0

# Where something may change: the letters, marks, signs and digits of all scripts but Han and Hangul, then compatibility
# forms, planes 1 to 3 where assigned, variation selectors. A test goes over all code points.
_RANGES = ((0, 0x3400), (0xA000, 0xAC00), (0xF900, 0x13460), (0x16000, 0x17000), (0x1B000, 0x1FC00), (0x2F800, 0x2FA20),
           (0xE0100, 0xE01F0))  # fmt: skip
_HANGUL = (0xAC00, 0xD7A4)
_ENDS = "3002 FF01 FF0E FF1F"  # those terminals which datatrove takes for punctuation, beside SYMBOLS
_CCNET = "，。、„”“«»１」「《》´∶：？！（）；–．—～’…━〈〉【】％►"  # １ is a digit before it is punctuation
_SIGMA = "\u03c2", "\u03c3"


def _points(ranges: str) -> set[int]:
    pairs = [[int(end, 16) for end in part.split("-")] for part in ranges.split()]
    return {point for pair in pairs for point in range(pair[0], pair[-1] + 1)}


def _form(char: str, form: str, blanks: set[int]) -> int:
    """What becomes of a code point."""
    if form == "exact":
        return ord(char)
    if form != "c4" and char.isdecimal():
        return NUMBER if form == "datatrove" else ord("0")
    point = ord(char)
    if form == "ccnet" and (char in _CCNET or point < 32 or 127 <= point < 160):
        return NOTHING
    if form == "datatrove" and (point in blanks or char.isspace()):
        return WHITE
    text = char.lower().replace(*_SIGMA)
    if form == "datatrove":
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    if not text:
        return NOTHING
    return sum(ord(c) << BITS * k for k, c in enumerate(text))


@cache
def form_table(form: str) -> Forms:
    """`table[HEAD + (table[c >> 8] << 8) + (c & 255)]` is the form of c; blocks that stay as they are are left out."""
    flat = np.arange(0x110000, dtype=np.int64)
    blanks = _points(f"{SYMBOLS} {_ENDS}")
    if form != "exact":
        for start, stop in _RANGES:
            flat[start:stop] = [_form(chr(point), form, blanks) for point in range(start, stop)]
    if form == "datatrove":  # Hangul syllables are their letters (The Unicode Standard, 3.12)
        index = np.arange(_HANGUL[1] - _HANGUL[0], dtype=np.int64)
        last = np.where(index % 28 > 0, (0x11A7 + index % 28) << 2 * BITS, 0)
        flat[slice(*_HANGUL)] = 0x1100 + index // 588 | (0x1161 + index % 588 // 28) << BITS | last
    blocks = flat.reshape(HEAD, 256)
    changed = np.flatnonzero((blocks != np.arange(0x110000).reshape(HEAD, 256)).any(axis=1))
    changed = np.union1d(changed, [0])  # ASCII is looked up without asking
    head = np.zeros(HEAD, np.int64)
    head[changed] = np.arange(1, len(changed) + 1)
    table = np.concatenate([head, np.zeros(256, np.int64), blocks[changed].ravel()])
    table.flags.writeable = False
    return table


@inlined
def form_at(data: Bytes, i: int, forms: Forms) -> tuple[int, int]:
    """What becomes of the code point at i, and its byte length."""
    b: Any = np.int64(data[i])
    form: Any = forms[HEAD + 256 + b] if b < 128 else 0
    if b < 128:
        return form, 1
    if b < 224:
        point = (b & 31) << 6 | (np.int64(data[i + 1]) & 63)
        size = 2
    elif b < 240:
        point = (b & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63)
        size = 3
    else:
        point = (b & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12
        point |= (np.int64(data[i + 2]) & 63) << 6 | (np.int64(data[i + 3]) & 63)
        size = 4
    block = forms[point >> 8]
    if block == SAME:
        return point, size
    form = forms[HEAD + (block << 8) + (point & 255)]
    return form, size


@inlined
def number_end(data: Bytes, i: int, stop: int, forms: Forms) -> int:
    """Past the digits from i on, one decimal separator between digits, and those after it."""
    parted = False
    while i < stop:
        form, size = form_at(data, i, forms)
        if form != NUMBER:
            b = data[i]
            sign = b == 44 or b == 46 or (b == 0xD8 and data[i + 1] == 0x8C) or (b == 0xD9 and data[i + 1] == 0xAB)
            sign |= b == 0xE2 and data[i + 1] == 0x8E and 0x96 <= data[i + 2] <= 0x98
            if parted or not sign or i + size >= stop:
                break
            form, _ = form_at(data, i + size, forms)
            if form != NUMBER:
                break
            parted = True
        i += size
    return i


@inlined
def put_point(out: Bytes, w: int, point: int) -> int:
    """Write a code point; return where it ends."""
    if point < 0x80:
        out[w] = point
        return w + 1
    if point < 0x800:
        out[w] = 0xC0 | point >> 6
        out[w + 1] = 0x80 | point & 63
        return w + 2
    if point < 0x10000:
        out[w] = 0xE0 | point >> 12
        out[w + 1] = 0x80 | point >> 6 & 63
        out[w + 2] = 0x80 | point & 63
        return w + 3
    out[w] = 0xF0 | point >> 18
    out[w + 1] = 0x80 | point >> 12 & 63
    out[w + 2] = 0x80 | point >> 6 & 63
    out[w + 3] = 0x80 | point & 63
    return w + 4


@inlined
def put_form(data: Bytes, start: int, stop: int, forms: Forms, out: Bytes, w: int) -> int:
    """Write the form of a (stripped) slice at w; return where it ends: at most three bytes for one, a syllable's letters."""
    begin = w
    parted = False
    i = start
    while i < stop:
        form, size = form_at(data, i, forms)
        i += size
        if form == WHITE:
            parted = True
            continue
        if form == NOTHING:
            continue
        if parted:
            out[w] = 32
            w += w > begin
            parted = False
        if form == NUMBER:
            i = number_end(data, i - size, stop, forms)
            form = 48
        if form < 128:
            out[w] = form
            w += 1
        else:
            w = put_point(out, w, form & POINT)
            form >>= BITS
            while form:
                w = put_point(out, w, form & POINT)
                form >>= BITS
    return w
