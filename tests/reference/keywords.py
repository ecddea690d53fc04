"""Twin of kernels/keywords.py: every place of every word is tried."""

import unicodedata

from datapipe.kernels.classes import UNSPACED, _points

NO_SPACES = set(_points(UNSPACED).tolist())


def lower(char: str) -> str:
    small = char.lower()
    return small if len(small) == 1 else char


def is_alone(char: str) -> bool:
    letter = char.isalpha() or char.isnumeric()
    return ord(char) in NO_SPACES and letter


def is_letter(char: str) -> bool:
    if ord(char) in NO_SPACES:
        return False
    return char.isalpha() or char.isnumeric() or unicodedata.category(char)[0] == "M"


def folded(text: str, case: bool) -> str:
    text = "".join(" " if c.isspace() else c for c in text)
    while "  " in text:
        text = text.replace("  ", " ")
    return text if case else "".join(map(lower, text))


def count(text: str, words: list[str], case: bool, whole: bool) -> tuple[int, int]:
    text = folded(text, case)
    hits = 0
    for word in {folded(" ".join(w.split()), case) for w in words}:
        for at in range(len(text)):
            end = at + len(word)
            if text[at:end] != word:
                continue
            cut = at > 0 and is_letter(text[at - 1]) and is_letter(text[at])
            cut |= end < len(text) and is_letter(text[end - 1]) and is_letter(text[end])
            hits += not (whole and cut)
    starts = sum(is_letter(c) and not (i and is_letter(text[i - 1])) for i, c in enumerate(text))
    return hits, starts + sum(map(is_alone, text))
