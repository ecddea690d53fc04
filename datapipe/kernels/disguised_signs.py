"""What a sign may stand for in a word spelled so as to escape lists.

Letters that look like Latin ones: a part of Unicode's confusables (UTS #39, confusables.txt), the small letters of Cyrillic,
Greek and Armenian whose prototype is a Latin letter, and those capitals that look like Latin capitals; letters in other type
(mathematical, circled, small capitals) by their compatibility decomposition. Signs and digits: those that every list of
leetspeak names.
"""

from functools import cache
from typing import NamedTuple
from unicodedata import normalize

import numpy as np
import numpy.typing as npt

from datapipe.kernels.listed_signs import ALONE, BITS, LETTER, MARK, SKIP, fold, sign_table

Int32s = npt.NDArray[np.int32]

# What a code point is to a disguised word; in the table its base letter stands above these bits.
BREAK, PLAIN, STYLED, LEET, MASK, NOTHING = range(6)
CLASS_BITS, CLASS = 3, 7

SIGNS = {"4": "a", "@": "a", "3": "e", "€": "e", "1": "i", "!": "i", "|": "i", "0": "o", "5": "s", "$": "s", "7": "t"}
MASKS = "*#"
# Equal in shape: an l and an i are one, as 1 stands for both. No Latin letter that a language writes, as ı, looks like another.
ALIKE = {
    "i": "lіΙιӏӀ", "a": "аα", "b": "ЬΒ", "c": "сϲᴄ", "d": "ԁ", "e": "еεҽ", "g": "ց", "h": "һհ", "j": "јϳ", "k": "кκᴋ",
    "m": "мᴍ", "n": "ոηп", "o": "оοσօᴏ", "p": "рρ", "q": "ԛզ", "s": "ѕꜱ", "t": "тτᴛ", "u": "υսᴜ", "v": "νѵᴠ", "w": "ѡԝωᴡ",
    "x": "хχ", "y": "уγүყ", "z": "ᴢ",
}  # fmt: skip
_STYLES = ((0x2B0, 0x300), (0x1D2C, 0x1DC0), (0x2070, 0x2190), (0x2460, 0x2500), (0x1D400, 0x1D800), (0x1F100, 0x1F1AD))
# Combining marks of Latin, Greek and Cyrillic letters and of symbols; those of other scripts tell words apart.
_ORNAMENTS = ((0x300, 0x370), (0x483, 0x48A), (0x1AB0, 0x1B00), (0x1DC0, 0x1E00), (0x20D0, 0x2100), (0xFE20, 0xFE30))
_COMPOSED = 0x110000  # kernels/listed_signs.py
_SHAPES = 0x10000  # letters beyond have no other shape


class Disguises(NamedTuple):
    """`bases[point]`: base letter and class; `shapes[letter]`: one letter for all that look alike."""

    bases: Int32s
    shapes: Int32s


def bared(word: str) -> str:
    """The letters of a word, folded, without ornaments; syllables of Hangul are letters."""
    return "".join(c if _is_syllable(ord(c)) else _bare(c) for c in normalize("NFC", word))


def _bare(char: str) -> str:
    return "".join(c for c in fold(char) if not any(start <= ord(c) < stop for start, stop in _ORNAMENTS))


def _is_syllable(point: int) -> bool:
    return 0xAC00 <= point < 0xD7A4


@cache
def disguises() -> Disguises:
    """The tables of all code points; 0.1 s, once a process."""
    signs = sign_table().signs
    bases = np.zeros(0x110000, np.int32)
    letter = np.flatnonzero((signs & (LETTER | ALONE) == LETTER) | (signs & MARK != 0))
    plain = signs[letter] >> BITS
    composed = letter[plain >= _COMPOSED]
    bases[letter] = plain << CLASS_BITS | PLAIN
    bases[composed] = [
        (p if _is_syllable(p) else ord(fold(chr(p))[0])) << CLASS_BITS | PLAIN for p in composed.tolist()
    ]
    bases[signs & SKIP != 0] = NOTHING
    for start, stop in _ORNAMENTS:
        bases[start:stop] = NOTHING
    for start, stop in _STYLES:
        for point in range(start, stop):
            same = normalize("NFKC", chr(point)).casefold().strip("()")
            if len(same) == 1 and same.isascii() and same.isalpha():
                bases[point] = ord(same) << CLASS_BITS | STYLED
    for sign in SIGNS:
        bases[ord(sign)] = ord(sign) << CLASS_BITS | LEET
    for sign in MASKS:
        bases[ord(sign)] = ord(sign) << CLASS_BITS | MASK
    shapes = np.arange(_SHAPES, dtype=np.int32)
    for shape, others in ALIKE.items():
        for other in others:
            shapes[[ord(other), ord(other.casefold()[0])]] = ord(shape)
    for sign, stands_for in SIGNS.items():
        shapes[ord(sign)] = ord(stands_for)
    return Disguises(bases, shapes)
