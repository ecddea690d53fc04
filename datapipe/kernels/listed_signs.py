"""Code points as lists of words read them: what each is to a word, and the letters it is folded to.

Equal are: capitals and small letters (full case folding: ß is ss, ς is σ; İ is i, but ı is not), composed and decomposed
letters, also Hangul (canonical decomposition), letters of full and half width (compatibility decompositions <wide> and
<narrow>). Format characters and variation selectors are looked through: a soft hyphen, a joiner, a zero-width space.
"""

from functools import cache
from typing import NamedTuple
from unicodedata import category, decomposition, normalize

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, HEAD, NO_SPACES, NUMBER, PLAIN, class_table
from datapipe.kernels.classes import SPACE as WHITE
from datapipe.kernels.hashing import BASE
from datapipe.kernels.jit import inlined
from datapipe.kernels.scripts import HIRAGANA as _HIRAGANA
from datapipe.kernels.scripts import KATAKANA as _KATAKANA
from datapipe.kernels.scripts import KILLER, LEAD, LIGHT, ROLE, ROLE_SHIFT, STACKER, VOWEL

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Hashes = npt.NDArray[np.uint64]

LETTER = 1  # a letter or digit of a script that parts its words
SPACE = 2
ALONE = 4  # a letter of a script without spaces, or a sign like an emoji: a token of its own
MARK = 8  # belongs to the token before it; marks of one letter in any order are the same
SKIP = 16  # as if it were not there
HOLDS, LEADS = 32, 64  # in a script without spaces: belongs to what stands before it; to what stands behind it
KATAKANA, HIRAGANA = 128, 256
SIGN = 512  # an emoji: counted as no word
BITS = 10

# Where folding may change something: all but Han, Hangul syllables and what is private or not assigned.
_RANGES = ((0, 0x3400), (0xA000, 0xAC00), (0xF900, 0x12000), (0x16000, 0x17000), (0x1B000, 0x1FC00), (0x2F800, 0x2FA20))
_HANGUL = (0xAC00, 0xD7A4)
MARKED = 1 << 21  # added to a mark, so that it has another digit than a letter
RADIX = 251  # kernels/ngrams.py
_WHOLE = (1 << 64) - 1
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)


class Signs(NamedTuple):
    """`signs[point]` has the bits above and, above them, a letter, or beyond 0x110000 a place in `sums` and `powers`."""

    signs: Int32s
    sums: Hashes
    powers: Hashes


def fold(char: str) -> str:
    """The letters and marks that a code point is folded to."""
    if char == "İ":
        return "i"
    if decomposition(char).startswith(("<wide>", "<narrow>")):
        char = normalize("NFKC", char)
    return normalize("NFD", normalize("NFD", char.casefold()).casefold())


def is_skipped(char: str) -> bool:
    """Is it looked through: a format character, a variation selector, a skin tone?"""
    point = ord(char)
    selects = point == 0x34F or 0xFE00 <= point < 0xFE10 or 0x1F3FB <= point < 0x1F400 or 0xE0000 <= point < 0xE0200
    return selects or category(char) == "Cf"


def digit(letter: int) -> int:
    """As `digit_of`."""
    if letter < 128:
        return letter + 1
    spread = letter * int(BASE) & _WHOLE
    return (spread ^ spread >> 32) * int(_MIX) & _WHOLE


@inlined
def digit_of(letter: int) -> np.uint64:
    """What a letter adds to the hash of its word: a byte as `digits_sum` takes it, any other one spread over 64 bits."""
    if letter < 128:
        return np.uint64(letter + 1)
    spread = np.uint64(letter) * BASE
    return np.uint64((spread ^ spread >> _HALF) * _MIX)


def _summed(letters: str) -> tuple[int, int]:
    """The sum of the digits of letters and marks, and the power of the letter behind them; a mark has its letter's power."""
    total, here, power = 0, 1, 1
    for char in letters:
        if category(char)[0] == "M":
            total += digit(ord(char) | MARKED) * here
        else:
            total += digit(ord(char)) * power
            here, power = power, power * RADIX
    return total & _WHOLE, power & _WHOLE


def _kinds() -> Int32s:
    table = class_table()
    points = np.arange(0x110000)
    classes = table[HEAD + (table[points >> 8].astype(np.int64) << 8) + (points & 255)].astype(np.int32)
    unspaced = classes & NO_SPACES != 0
    role = np.where(unspaced, classes >> ROLE_SHIFT & ROLE, -1)
    found = np.zeros(0x110000, np.int32)
    letter = classes & (ALPHA | NUMBER) != 0
    found[letter & (classes & PLAIN != 0)] = LETTER
    found[letter & unspaced] = ALONE
    # Beyond planes 0 and 1 stand Han, and in plane 14 what is skipped.
    named = [category(chr(point)) for point in range(0x20000)]
    low = found[:0x20000]
    low[[c == "So" for c in named]] = ALONE | SIGN
    low[[c[0] == "M" for c in named]] = MARK
    for bit, roles in ((HOLDS, (VOWEL, LIGHT, STACKER, KILLER)), (LEADS, (STACKER, LEAD)), (KATAKANA, (_KATAKANA,)),
                       (HIRAGANA, (_HIRAGANA,))):  # fmt: skip
        found[np.isin(role, roles)] |= bit
    found[[0xE46, 0xEC6, 0x17D7]] &= ~HOLDS  # repeat the word before them
    found[0x30FC] = ALONE | HOLDS | KATAKANA  # the length mark
    found[classes & WHITE != 0] = SPACE
    found[[*(p for p in range(0x20000) if is_skipped(chr(p))), *range(0xE0000, 0xE0200)]] = SKIP
    return found


@cache
def sign_table() -> Signs:
    """The table of all code points; 0.2 s, once a process."""
    kinds = _kinds()
    letters = np.arange(0x110000, dtype=np.int32)
    sums: list[int] = []
    powers: list[int] = []
    for start, stop in _RANGES:
        for point in range(start, stop):
            kind = int(kinds[point])
            if not kind & (LETTER | ALONE | MARK) and point < 0xFF00:
                continue
            char = chr(point)
            folded = fold(char)
            if len(folded) == 1:
                letters[point] = ord(folded)
                if ord(folded) != point:  # what a letter of half width is, its letter says
                    kinds[point] = kinds[ord(folded)]
            else:
                letters[point] = 0x110000 + len(sums)
                total, power = _summed(folded)
                sums.append(total)
                powers.append(power)
    letters[[0x2010, 0x2011]] = ord("-")
    letters[[0x2018, 0x2019]] = ord("'")
    letters[slice(*_HANGUL)] = 0x110000 + len(sums) + np.arange(_HANGUL[1] - _HANGUL[0])
    for point in range(*_HANGUL):
        total, power = _summed(normalize("NFD", chr(point)))
        sums.append(total)
        powers.append(power)
    return Signs(letters << BITS | kinds, np.array(sums, np.uint64), np.array(powers, np.uint64))
