"""Where byte-level BPE cuts text before it merges: the published patterns, as one walk over the code points.

GPT-2 (Radford et al. 2019; openai/gpt-2, src/encoder.py), cl100k and o200k (openai/tiktoken, tiktoken_ext/openai_public.py).
Llama 3 took cl100k over, Qwen with one digit a piece; Llama 4 o200k, and Mistral's tekken without contractions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint16]

LETTER, NUMBER, SPACE = 1, 2, 4  # \p{L}, \p{N}, \s as the tokenizer's own library has them; 0 is a sign
SORT = 7  # the bits of the three; for o200k, two more say what may stand in the head of a word and what in its rest:
HEAD_OF_WORD, REST_OF_WORD = 8, 16  # upper and title case; lower case; letters without case and marks are both

# CL100K_TAIL: white space at the end of a text is one piece, line breaks or not, as tiktoken has it since 0.8.
GPT2, CL100K, CL100K_TAIL, O200K, TEKKEN = range(5)
_BLANK, _QUOTE, _SLASH, _LF, _CR = 32, 39, 47, 10, 13


@inlined
def run_end(data: Bytes, i: int, stop: int, classes: Table, kind: int, most: int) -> int:
    """Where a run of one class ends, `most` code points long at most."""
    n = 0
    while i < stop and n < most:
        found, size = class_at(data, i, classes)
        if found & SORT != kind:
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
def cased_word_end(data: Bytes, i: int, stop: int, classes: Table, contractions: bool) -> int:
    """Where a word of o200k ends: a sign or blank, then letters of which those in upper case come first; i if none begins.

    Without a letter in lower case after them, those in upper case end behind the last that is both.
    """
    kind, size = class_at(data, i, classes)
    start = i
    if kind & SORT != LETTER and kind & SORT != NUMBER and data[i] != _LF and data[i] != _CR:
        start = i + size
    end = start
    both = 0
    after = 0
    while end < stop:
        after, n = class_at(data, end, classes)
        if not after & HEAD_OF_WORD:
            break
        end += n
        if after & REST_OF_WORD:
            both = end
        after = 0
    if after & REST_OF_WORD:
        while end < stop:
            after, n = class_at(data, end, classes)
            if not after & REST_OF_WORD:
                break
            end += n
    elif both > 0:
        end = both
    elif kind & REST_OF_WORD and start > i:  # a mark with letters in upper case behind it is a word by itself
        end = start
    elif end == start:
        return i
    if contractions and end < stop and data[end] == _QUOTE:
        end += contraction(data, end, stop, True)
    return end


@inlined
def blank_end(data: Bytes, i: int, stop: int, classes: Table, breaks: bool, cut: bool, tail: bool) -> int:
    r"""Where white space at i ends: `\s*[\r\n]+` (with `breaks`), else `\s+(?!\S)`, else `\s+`.

    cut   numbers were cut off before: white space in front of one is the last of its part
    tail  at the end of the text line breaks do not count
    """
    end = i
    last = i  # where the last code point of the run begins
    after_break = i
    kind = SPACE
    while end < stop:
        kind, size = class_at(data, end, classes)
        kind &= SORT
        if kind != SPACE:
            break
        if data[end] == _LF or data[end] == _CR:
            after_break = end + 1
        last = end
        end += size
    if breaks and after_break > i and not (tail and end == stop):
        return after_break
    return end if end == stop or last == i or (cut and kind == NUMBER) else last


@inlined
def pretoken_end(data: Bytes, i: int, stop: int, classes: Table, pattern: int, digits: int) -> int:
    """Where the piece that begins at i ends.

    digits  most numbers in a piece; 0: as many as there are. In GPT-2's pattern another number than 0 says that numbers
            were cut off before, so that no blank goes with them
    """
    first = data[i]
    most = digits if digits > 0 else stop
    newer = pattern != GPT2
    if pattern >= O200K:
        end = cased_word_end(data, i, stop, classes, pattern == O200K)
        if end > i:
            return end
    elif first == _QUOTE:
        n = contraction(data, i, stop, newer)
        if n:
            return i + n
    kind, size = class_at(data, i, classes)
    kind &= SORT
    if kind == LETTER:
        return run_end(data, i + size, stop, classes, LETTER, stop)
    if kind == NUMBER:
        return run_end(data, i, stop, classes, NUMBER, most)
    following = SPACE
    if i + size < stop:
        following, _ = class_at(data, i + size, classes)
        following &= SORT
    if newer and following == LETTER and first != _LF and first != _CR:
        return run_end(data, i + size, stop, classes, LETTER, stop)
    if kind == SPACE:
        if (
            first != _BLANK
            or following == SPACE
            or (following == NUMBER and (newer or digits))
            or (following == LETTER and newer)
        ):
            return blank_end(data, i, stop, classes, newer, digits > 0 and not newer, pattern == CL100K_TAIL)
        kind = following
    end = run_end(data, i + size, stop, classes, kind, stop)
    while newer and end < stop and (data[end] == _LF or data[end] == _CR or (pattern >= O200K and data[end] == _SLASH)):
        end += 1
    return end
