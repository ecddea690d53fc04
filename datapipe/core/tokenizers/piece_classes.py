r"""\p{L}, \p{N} and \s as a tokenizer's own library has them: its Unicode may be older or newer than Python's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np

from datapipe.kernels.classes import Classes, two_level
from datapipe.kernels.pretokens import HEAD_OF_WORD, LETTER, NUMBER, REST_OF_WORD, SPACE

# Planes with assigned characters but for private use, which are signs to every pattern.
_PLANES = (0, 1, 2, 3, 14)
NUMBERS = r"\p{N}+"
_BITS = {
    r"\p{L}+": LETTER,
    NUMBERS: NUMBER,
    r"\s+": SPACE,
    r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+": HEAD_OF_WORD,
    r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]+": REST_OF_WORD,
}
Runs = Callable[[str, str], Iterable[tuple[int, int]]]  # (pattern, text) -> where the pattern's runs begin and end


@cache
def piece_classes(runs: Runs) -> Classes:
    """The class of every code point, by one look of the library at all of them."""
    points = np.concatenate([np.arange(plane << 16, (plane + 1) << 16) for plane in _PLANES])
    points = points[(points < 0xD800) | (points >= 0xE000)]
    text = "".join(map(chr, points.tolist()))
    flat = np.zeros(0x110000, np.uint16)
    for pattern, bit in _BITS.items():
        for start, end in runs(pattern, text):
            flat[points[start:end]] |= bit
    return two_level(flat)
