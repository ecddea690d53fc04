"""Shingles by string methods and Python's integers: what kernels/shingles.py must find."""

import unicodedata

from datapipe.kernels.fold import LOWER_END
from tests.reference.words import alone, plain, role, syllable

WHOLE = (1 << 64) - 1
BASE = 0x9E3779B97F4A7C15


def folded(text: str, ignore: tuple[str, ...]) -> str:
    out = ""
    for char in text:
        c = char.lower() if "case" in ignore and len(char.lower()) == 1 else char
        if "digits" in ignore and c.isdecimal() and ord(char) < LOWER_END:
            c = "0"
        elif "accents" in ignore and ord(char) < LOWER_END:
            bare = "".join(m for m in unicodedata.normalize("NFD", c) if unicodedata.category(m) != "Mn")
            c = bare if len(bare) < 2 else c
        out += c
    return out


def words(text: str, ignore: tuple[str, ...] = ("case", "punctuation")) -> list[str]:
    signs = "punctuation" not in ignore
    out = [""]
    i = 0
    while i < len(text):
        size = 1
        if alone(text[i]) and role(text[i]) != "T":
            word = syllable(text[i:])
            size = len(word)
            if signs or any(c.isalpha() or c.isnumeric() for c in word):
                out += [folded(word, ignore), ""]
            else:
                out.append("")
        elif plain(text[i]):
            out[-1] += folded(text[i], ignore)
        else:
            out += [folded(text[i], ignore), ""] if signs and not text[i].isspace() else [""]
        i += size
    return [word for word in out if word]


def characters(text: str, ignore: tuple[str, ...] = ("case", "punctuation")) -> list[str]:
    signs = "punctuation" not in ignore
    kept = "".join(c if signs or plain(c) or alone(c) or c.isspace() else "" for c in text)
    return list(" ".join(folded(kept, ignore).split()))


def mixed(h: int) -> int:
    for _ in range(2):
        h = (h ^ (h >> 32)) * 0xD6E8FEB86659FD93 & WHOLE
    return (h ^ (h >> 32)) or 1


def digit(c: str) -> int:
    return ord(c) + 1 if ord(c) < 128 else mixed(ord(c))


def hash_word(word: str) -> int:
    return mixed(sum(digit(c) * pow(251, i, 1 << 64) for i, c in enumerate(word)) & WHOLE)


def shingles(elements: list[int], ngram: int) -> tuple[list[int], int]:
    """The shingles, and the hash of all elements where they are one n-gram or less."""
    if len(elements) <= ngram:
        h = 0
        for element in elements:
            h = h * BASE + element & WHOLE
        return [], mixed(h * BASE + len(elements) & WHOLE) if elements else 0
    out = []
    for i in range(len(elements) - ngram + 1):
        h = sum(e * pow(BASE, ngram - 1 - k, 1 << 64) for k, e in enumerate(elements[i : i + ngram])) & WHOLE
        out.append(mixed(h) >> 32)
    return out, 0
