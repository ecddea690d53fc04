"""Where a chunk of text is cut inside: contractions, links that are not cut, hyphens and other joints."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, INFIX, NUMBER, QUOTE, UPPER, Classes
from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]

DOT, PLUS, MINUS, COMMA, COLON, SLASH, AT = 46, 43, 45, 44, 58, 47, 64


@inlined
def is_digit(data: Bytes, i: int) -> bool:
    """Is the byte at i an ASCII digit?"""
    digit: bool = 48 <= data[i] <= 57
    return digit


@inlined
def dots_end(data: Bytes, i: int, stop: int) -> int:
    """Where the run of dots that starts at i ends."""
    while i < stop and data[i] == DOT:
        i += 1
    return i


@inlined
def apostrophe_before(data: Bytes, start: int, i: int) -> int:
    """Where the apostrophe (' or U+2019) that ends at i starts, -1 if there is none."""
    if i > start and data[i - 1] == 39:
        return i - 1
    if i >= start + 3 and data[i - 1] == 0x99 and data[i - 2] == 0x80 and data[i - 3] == 0xE2:
        return i - 3
    return -1


@inlined
def contraction_start(data: Bytes, start: int, stop: int) -> int:
    """Where `n't`, `'m`, `'d`, `'ll`, `'re`, `'ve` starts at the end of a longer word; `stop` if none does."""
    last = data[stop - 1] | 32
    quote = -1
    if last == 109 or last == 100:
        quote = apostrophe_before(data, start, stop - 1)
    elif last == 116:
        quote = apostrophe_before(data, start, stop - 1)
        if quote > start and data[quote - 1] | 32 == 110:
            quote -= 1
        else:
            quote = -1
    elif stop - start > 2:
        other = data[stop - 2] | 32
        if (last == 108 and other == 108) or (last == 101 and (other == 114 or other == 118)):
            quote = apostrophe_before(data, start, stop - 2)
    return quote if quote > start else stop


@inlined
def is_link(data: Bytes, start: int, stop: int) -> bool:
    """Has it `://` or a `@` inside, or starts it with `www.` or a host or file name such as `my-host.org`?"""
    www = stop - start > 4 and data[start] == 119 and data[start + 1] == 119 and data[start + 2] == 119
    if www and data[start + 3] == DOT:
        return True
    host = stop
    label = start  # where the part after the last dot starts
    for i in range(start, stop):
        b = data[i]
        scheme = b == COLON and i + 2 < stop and data[i + 1] == SLASH and data[i + 2] == SLASH
        if (scheme or b == AT) and start < i < stop - 1:
            return True
        if host == stop:
            if b == DOT:
                label = i + 1
            elif b == SLASH:
                host = i
            elif not (is_digit(data, i) or b == MINUS or b == 95 or 65 <= b <= 90 or 97 <= b <= 122):
                host = start
    if label < start + 2 or host - label < 2:
        return False
    lower = 0
    for i in range(label, host):
        lower += 97 <= data[i] <= 122
    return lower == host - label


@inlined
def is_dash(data: Bytes, i: int, stop: int) -> int:
    """Bytes of the hyphen, tilde, en or em dash at i, 0 if there is none."""
    if data[i] == MINUS or data[i] == 126:
        return 1
    if i + 2 < stop and data[i] == 0xE2 and data[i + 1] == 0x80 and (data[i + 2] == 0x93 or data[i + 2] == 0x94):
        return 3
    return 0


@inlined
def joint_size(data: Bytes, i: int, stop: int, kind: int, size: int, left: int, classes: Classes) -> int:
    """Bytes of the token that cuts a word at i, 0 if nothing does; negative: skip so many bytes uncut."""
    if kind & INFIX:
        return size
    b = data[i]
    if b == DOT and i + 1 < stop and data[i + 1] == DOT:
        return dots_end(data, i, stop) - i
    if left == 0 or i + size >= stop:
        return 0
    right, _ = class_at(data, i + size, classes)
    if b == DOT:
        lower = left & ALPHA != 0 and left & UPPER == 0
        return 1 if (lower or left & QUOTE) and right & (UPPER | QUOTE) else 0
    if b == COMMA:
        return 1 if left & ALPHA and right & ALPHA else 0
    operator = b in (42, PLUS, MINUS, 94) and left & NUMBER and is_digit(data, i - 1)
    if operator and (is_digit(data, i + 1) or data[i + 1] == MINUS):
        return 1
    if b in (COLON, SLASH) or 60 <= b <= 62:
        return 1 if left & (ALPHA | NUMBER) and right & ALPHA else 0
    if is_dash(data, i, stop):
        end = i
        run = 0
        while end < stop and is_dash(data, end, stop):
            end += is_dash(data, end, stop)
            run += 1
        if run <= 3 and end < stop and left & (ALPHA | NUMBER):
            right, _ = class_at(data, end, classes)
            if right & ALPHA:
                return end - i
        return i - end
    return 0
