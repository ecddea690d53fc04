"""Plain twin of kernels/word_ngrams.py and of the scores in kernels/logistic.py."""

import math
import unicodedata
from collections import Counter

from datapipe.kernels.classes import HEAD, NO_SPACES, class_table

_MASK = 0xFFFFFFFF


def murmur3(data: bytes, seed: int = 42) -> int:
    def scrambled(k: int) -> int:
        k = k * 0xCC9E2D51 & _MASK
        return (k << 15 | k >> 17) * 0x1B873593 & _MASK

    h = seed
    whole = len(data) // 4 * 4
    for i in range(0, whole, 4):
        h ^= scrambled(int.from_bytes(data[i : i + 4], "little"))
        h = ((h << 13 | h >> 19) & _MASK) * 5 + 0xE6546B64 & _MASK
    if data[whole:]:
        h ^= scrambled(int.from_bytes(data[whole:], "little"))
    h ^= len(data)
    h = (h ^ h >> 16) * 0x85EBCA6B & _MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & _MASK
    return h ^ h >> 16


def tokens(text: str, words: bool) -> list[str]:
    """Words as the docstring of `token_table` has them."""
    classes = class_table()
    found: list[str] = []
    before = ""
    for char in text:
        point = ord(char)
        white = char.isspace() and not 0x1C <= point <= 0x1F
        unspaced = bool(classes[HEAD + (int(classes[point >> 8]) << 8) + (point & 255)] & NO_SPACES)
        category = unicodedata.category(char)
        word = category[0] == "L" or category in ("Nd", "Nl", "Mn", "Mc", "Me", "Pc") or char in "\u200c\u200d"
        word = word or 0x24B6 <= point <= 0x24E9 or any(a <= point <= a + 25 for a in (0x1F130, 0x1F150, 0x1F170))
        kind = (
            "white" if white else "word" if not words else "alone" if unspaced and word else "word" if word else "sign"
        )
        lower = char.lower() if len(char.lower()) == 1 else char
        if kind == before and kind != "alone":
            found[-1] += lower
        elif kind != "white":
            found.append(lower)
        before = kind if kind != "white" else ""
    return found


def buckets(text: str, words: bool, longest: int, size: int) -> list[int]:
    found = tokens(text, words)
    return [
        murmur3(" ".join(found[end - n : end]).encode()) % size
        for end in range(1, len(found) + 1)
        for n in range(min(end, longest), 0, -1)
    ]


def chance(found: list[int], weights: list[float], intercept: float, unit: bool) -> float:
    if not found:
        return math.nan
    scale = 1 / math.sqrt(sum(n * n for n in Counter(found).values())) if unit else 1.0
    return 1 / (1 + math.exp(-(sum(weights[b] for b in found) * scale + intercept)))
