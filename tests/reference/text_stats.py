"""The text statistics of BLOOM's filters, plainly."""

import math
import re
import string
from collections import Counter
from itertools import pairwise

from datapipe.kernels.classes import _points
from datapipe.kernels.points import EMOJI, HAN_SIGNS, SPECIAL_SIGNS

SPECIAL = {chr(p) for ranges in (EMOJI, SPECIAL_SIGNS) for p in _points(ranges).tolist()}
SPECIAL |= set(string.punctuation + string.digits + string.whitespace)
HAN = {chr(p) for p in _points(HAN_SIGNS).tolist()}


def cut(chunk: str) -> list[str]:
    """Han signs are words of their own."""
    words = [""]
    for char in chunk:
        if char in HAN:
            words += [char, ""]
        else:
            words[-1] += char
    return words


def stripped(word: str, special: set[str]) -> str:
    start, stop = 0, len(word)
    while start < stop and word[start] in special:
        start += 1
    while stop > start and word[stop - 1] in special:
        stop -= 1
    return word[start:stop]


def measures(
    text: str,
    character_run: int,
    word_run: int,
    lookup: int,
    space: bool,
    stop_words: set[str] | None,
    flagged: set[str] | None,
) -> dict[str, float]:
    special = SPECIAL | ({"\xa0"} if space else set())
    chunks = [c for c in re.split("[ \n\t]", text) if c]
    if lookup == 2:
        chunks = [word for chunk in chunks for word in cut(chunk) if word]
    words = [w for w in (stripped(chunk.lower(), special) for chunk in chunks) if w]
    lines = text.splitlines()

    often = sorted(Counter(text[i : i + character_run] for i in range(len(text) - character_run + 1)).values())[::-1]
    top = min(math.isqrt(len(often)), sum(n > 1 for n in often))
    runs = Counter(tuple(words[i : i + word_run]) for i in range(len(words) - word_run + 1))
    joint = "" if lookup == 2 else " "
    looked_up = words + ([a + joint + b for a, b in pairwise(words)] if lookup else [])

    def listed(entries: set[str] | None) -> float:
        if entries is None:
            return float("nan")
        return min(sum(word in entries for word in looked_up) / len(words), 1.0) if words else 0.0

    return {
        "alphanumeric": sum(c.isalnum() for c in text) / max(len(text), 1),
        "average_line_length": len(text) / len(lines) if lines else 0,
        "maximum_line_length": max(map(len, lines), default=0),
        "character_repetition": sum(often[:top]) / sum(often) if often else 0,
        "word_repetition": sum(n for n in runs.values() if n > 1) / sum(runs.values()) if runs else 0,
        "special_characters": sum(c in special for c in text) / max(len(text), 1),
        "stop_words": listed(stop_words),
        "flagged_words": listed(flagged),
        "characters": len(text),
        "words": sum(stripped(chunk, special) != "" for chunk in chunks),
    }
