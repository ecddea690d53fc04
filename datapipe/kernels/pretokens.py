"""Where byte-level BPE cuts text before it merges: the published patterns, as one walk over the code points.

GPT-2 (Radford et al. 2019; openai/gpt-2, src/encoder.py) and cl100k (openai/tiktoken, tiktoken_ext/openai_public.py), which
Llama 3 took over, and Qwen with one digit a piece.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint16]

LETTER, NUMBER, SPACE = 1, 2, 4  # \p{L}, \p{N}, \s as the tokenizer's own library has them; 0 is a sign
GPT2, CL100K = 0, 1
_BLANK, _QUOTE, _TAB, _LF, _CR = 32, 39, 9, 10, 13


@inlined
def run_end(data: Bytes, i: int, stop: int, classes: Table, kind: int, most: int) -> int:
    """Where a run of one class ends, `most` code points long at most."""
    n = 0
    while i < stop and n < most:
        found, size = class_at(data, i, classes)
        if found != kind:
            break
        i += size
        n += 1
    return i


@inlined
def contraction(data: Bytes, i: int, stop: int, any_case: bool) -> int:
    """Bytes of 's 't 're 've 'm 'll 'd at i, where an apostrophe stands; 0 if it is none."""
    if i + 1 >= stop:
        return 0
    a = np.int64(data[i + 1])
    b = np.int64(data[i + 2]) if i + 2 < stop else 0
    if any_case:
        if a == 0xC5 and b == 0xBF:  # the long s is an s in another case
            return 3
        a |= 32 * (65 <= a <= 90)
        b |= 32 * (65 <= b <= 90)
    if a in (115, 116, 109, 100):  # s t m d
        return 2
    if (a == 114 and b == 101) or (a == 118 and b == 101) or (a == 108 and b == 108):  # re ve ll
        return 3
    return 0


@inlined
def blank_end(data: Bytes, i: int, stop: int, classes: Table, breaks: bool, cut: bool) -> int:
    r"""Where white space at i ends: `\s*[\r\n]+` (with `breaks`), else `\s+(?!\S)`, else `\s+`.

    cut  numbers were cut off before: white space in front of one is the last of its part
    """
    end = i
    last = i  # where the last code point of the run begins
    after_break = i
    kind = SPACE
    while end < stop:
        kind, size = class_at(data, end, classes)
        if kind != SPACE:
            break
        if data[end] == _LF or data[end] == _CR:
            after_break = end + 1
        last = end
        end += size
    if breaks and after_break > i:
        return after_break
    return end if end == stop or last == i or (cut and kind == NUMBER) else last


@inlined
def pretoken_end(data: Bytes, i: int, stop: int, classes: Table, pattern: int, digits: int) -> int:
    """Where the piece that begins at i ends.

    digits  most numbers in a piece; 0: as many as there are. In GPT-2's pattern another number than 0 says that numbers
            were cut off before, so that no blank goes with them
    """
    first = data[i]
    kind, size = class_at(data, i, classes)
    most = digits if digits > 0 else stop
    cl100k = pattern == CL100K
    if first == _QUOTE:
        n = contraction(data, i, stop, cl100k)
        if n:
            return i + n
    if kind == LETTER:
        return run_end(data, i + size, stop, classes, LETTER, stop)
    if kind == NUMBER:
        return run_end(data, i, stop, classes, NUMBER, most)
    following = SPACE
    if i + size < stop:
        following, _ = class_at(data, i + size, classes)
    if cl100k and following == LETTER and first != _LF and first != _CR:
        return run_end(data, i + size, stop, classes, LETTER, stop)
    if kind == SPACE:
        if (
            first != _BLANK
            or following == SPACE
            or (following == NUMBER and (cl100k or digits))
            or (following == LETTER and cl100k)
        ):
            return blank_end(data, i, stop, classes, cl100k, digits > 0 and not cl100k)
        kind = following
    end = run_end(data, i + size, stop, classes, kind, stop)
    while cl100k and end < stop and (data[end] == _LF or data[end] == _CR):
        end += 1
    return end
