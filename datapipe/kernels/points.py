"""Documents as code points, and what the rule sets that follow Python's own `str` ask of each: 16 bits, one look-up."""

import string
import unicodedata
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import BREAKS, HEAD, Classes, _points, two_level
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]

SPACE, WORD, LETTER, UPPER, LOWER, NUMERIC = 1, 2, 4, 8, 16, 32  # LETTER: of ASCII; LOWER: title case, too
PUNCTUATION = 64  # of ASCII
SPECIAL = 128  # to Data-Juicer and ROOTS
SEPARATOR = 256  # what alone parts their words
IGNORABLE = 512  # does not end a word for the rule of the final sigma
LOWERS, FOLDS = 1024, 2048  # str.lower changes it; str.lower and NFD do
BREAK = 4096  # where str.splitlines cuts
BULLET = 8192
MARK = 16384  # has a combining class
HAN = 32768
NO_BREAK_SPACE, SIGMA, FINAL_SIGMA, FULL_STOP = 0xA0, 0x3A3, 0x3C2, 46

# The special characters of BLOOM's parameters_filtering.py (Data-Juicer leaves out U+00A0), beside those of ASCII.
SPECIAL_SIGNS = """81-85 91-93 95-99 9C-9D A1-AB AD-B4 B7-BF D7 F7-F8 131 26A 2BA-2BC 2C8 2CC 2D0 2D8 2DA 2DC 3C0 413
60C 647 66A 66C 6E9 93E 940 947 94D 97D 9BE E51 2002-2003 2005 2008-200B 2010-2011 2013-2016 2018-201A 201C-2020 2022
2024 2026 202F-2030 2032-2033 2039-203A 203F 2043-2044 20A8 20AA 20AC 2103 2122 2190-2193 21D3 2206 2208 2212 221A
221E-221F 223C 2248 2256 2264-2265 2295 22C5 2550 25A0 25AC 25B2 25B4 25B7 25BA-25BC 25C6 25CF 25E6 2605-2606 261B 263B
2661 2665 266B 2713 2726 2731 2756 27A4 27A9 2800 3000-3002 300A-300D 3010-3011 309C 30B7 30C3-30C4 30F3 30FB-30FC 4E00
4E0A 58EB FD3E-FD3F FEFF FF01 FF08-FF09 FF0C FF0E FF11 FF1A-FF1B FF1F FF3E FF5E FFFC-FFFD"""
# Emoji of one code point, as the package emoji 2.16 lists them; those of several are no character to either tool.
EMOJI = """203C 2049 2139 2194-2199 21A9-21AA 231A-231B 2328 23CF 23E9-23F3 23F8-23FA 24C2 25AA-25AB 25B6 25C0 25FB-25FE
2600-2604 260E 2611 2614-2615 2618 261D 2620 2622-2623 2626 262A 262E-262F 2638-263A 2640 2642 2648-2653 265F-2660 2663
2666 2668 267B 267E-267F 2692-2697 2699 269B-269C 26A0-26A1 26A7 26AA-26AB 26B0-26B1 26BD-26BE 26C4-26C5 26C8 26CE-26CF
26D1 26D3-26D4 26E9-26EA 26F0-26F5 26F7-26FA 26FD 2702 2705 2708-270D 270F 2712 2714 2716 271D 2721 2728 2733-2734 2744
2747 274C 274E 2753-2755 2757 2763-2764 2795-2797 27A1 27B0 27BF 2934-2935 2B05-2B07 2B1B-2B1C 2B50 2B55 3030 303D 3297
3299 1F004 1F0CF 1F170-1F171 1F17E-1F17F 1F18E 1F191-1F19A 1F201-1F202 1F21A 1F22F 1F232-1F23A 1F250-1F251 1F300-1F321
1F324-1F393 1F396-1F397 1F399-1F39B 1F39E-1F3F0 1F3F3-1F3F5 1F3F7-1F4FD 1F4FF-1F53D 1F549-1F54E 1F550-1F567 1F56F-1F570
1F573-1F57A 1F587 1F58A-1F58D 1F590 1F595-1F596 1F5A4-1F5A5 1F5A8 1F5B1-1F5B2 1F5BC 1F5C2-1F5C4 1F5D1-1F5D3 1F5DC-1F5DE
1F5E1 1F5E3 1F5E8 1F5EF 1F5F3 1F5FA-1F64F 1F680-1F6C5 1F6CB-1F6D2 1F6D5-1F6D9 1F6DC-1F6E5 1F6E9 1F6EB-1F6EC 1F6F0
1F6F3-1F6FC 1F7E0-1F7EB 1F7F0 1F90C-1F93A 1F93C-1F945 1F947-1F9FF 1FA70-1FA7C 1FA80-1FAC6 1FAC8 1FACC-1FADD
1FADF-1FAEB 1FAEF-1FAFA"""
BULLETS = "2013 2022-2023 25A0-25A1 25AA-25AB 25B6 25C0 25E6"  # of RedPajama
HAN_SIGNS = "3005-3007 3021-3029 3038-303B 3400-4DBF 4E00-9FFF F900-FAFF 20000-3FFFD"
# Unicode's Case_Ignorable beyond the categories Mn, Me, Cf, Lm, Sk: the signs that may stand inside a word.
INSIDE = "27 2E 3A B7 387 55F 5F4 2018-2019 2024 2027 FE13 FE52 FE55 FF07 FF0E FF1A"
LAST = 0x2FA20  # past this nothing changes under lower or NFD


class Points(NamedTuple):
    """The tables of code points: their classes, what becomes of those that change, and combining classes.

    `changes[c]` is `start << 3 | length` in `pool`; once for str.lower, once for NFD after it.
    """

    classes: Classes
    lower: Int32s
    fold: Int32s
    pool: Int32s
    combining: Bytes


@cache
def point_tables() -> Points:
    """Made once a process, in a third of a second."""
    points = np.arange(0x110000, dtype=np.uint32)
    points[0xD800:0xE000] = ord("?")
    points[0] = 1
    text = points.view("U1")
    flat = np.zeros(0x110000, np.uint16)
    numeric = np.strings.isnumeric(text)
    flat[np.strings.isspace(text)] |= SPACE
    flat[np.strings.isalpha(text) | numeric] |= WORD
    flat[ord("_")] |= WORD
    flat[[ord(c) for c in string.ascii_letters]] |= LETTER
    flat[np.strings.isupper(text)] |= UPPER
    flat[np.strings.islower(text) | np.strings.istitle(text) & ~np.strings.isupper(text)] |= LOWER
    flat[numeric] |= NUMERIC
    flat[[ord(c) for c in string.punctuation]] |= PUNCTUATION
    flat[_points(SPECIAL_SIGNS)] |= SPECIAL
    flat[_points(EMOJI)] |= SPECIAL
    flat[[ord(c) for c in string.punctuation + string.digits + string.whitespace]] |= SPECIAL
    flat[[ord(c) for c in " \n\t"]] |= SEPARATOR
    flat[_points(BREAKS)] |= BREAK
    flat[_points(BULLETS)] |= BULLET
    flat[_points(HAN_SIGNS)] |= HAN

    signs = np.flatnonzero(flat & (WORD | SPACE) == 0)
    signs = signs[(signs < 0x20000) | (signs >> 8 == 0xE00) | (signs >> 8 == 0xE01)]
    combining = np.zeros(LAST, np.uint8)
    modifier = np.flatnonzero((flat[:0x20000] & WORD != 0) & (np.strings.isupper(text[:0x20000]) == 0))
    for point in signs.tolist():
        char = chr(point)
        if unicodedata.category(char) in ("Mn", "Me", "Cf", "Sk", "Lm"):
            flat[point] |= IGNORABLE
        if point < LAST and (order := unicodedata.combining(char)):
            combining[point] = order
            flat[point] |= MARK
    flat[[p for p in modifier.tolist() if unicodedata.category(chr(p)) == "Lm"]] |= IGNORABLE
    flat[_points(INSIDE)] |= IGNORABLE

    lower, fold, pool = _changes(flat)
    return Points(two_level(flat), lower, fold, pool, combining)


def _changes(flat: Classes) -> tuple[Int32s, Int32s, Int32s]:
    """What lower and fold make of each code point; sets LOWERS and FOLDS."""
    lower, fold = np.zeros(LAST, np.int32), np.zeros(LAST, np.int32)
    pool: list[int] = []
    still = np.zeros(LAST, np.bool_)
    for start, stop in ((0, 0x41), (0x3400, 0xA000), (0xD7A4, 0xF900), (0x1F000, 0x2F800)):
        still[start:stop] = True  # signs and Han: a third of a second spared
    for point in np.flatnonzero(~still).tolist():
        small = chr(point).lower()
        apart = unicodedata.normalize("NFD", small)
        for bit, table, text in ((LOWERS, lower, small), (FOLDS, fold, apart)):
            if text != chr(point):
                flat[point] |= bit
                table[point] = len(pool) << 3 | len(text)
                pool.extend(map(ord, text))
    return lower, fold, np.array(pool, np.int32)


@inlined
def kind_of(point: int, classes: Classes) -> int:
    """The class of a code point."""
    kind: Any = np.int64(classes[HEAD + (np.int64(classes[point >> 8]) << 8) + (point & 255)])
    found: int = kind
    return found


@inlined
def decode(data: Bytes, start: int, stop: int, classes: Classes, points: Int32s, kinds: Classes) -> int:
    """Write the code points of a slice and their classes; return how many."""
    n = 0
    i = start
    while i < stop:
        point: Any = np.int64(data[i])
        if point < 128:
            i += 1
        elif point < 224:
            point = (point & 31) << 6 | (np.int64(data[i + 1]) & 63)
            i += 2
        elif point < 240:
            point = (point & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63)
            i += 3
        else:
            point = (point & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12
            point |= (np.int64(data[i + 2]) & 63) << 6 | (np.int64(data[i + 3]) & 63)
            i += 4
        points[n] = point
        kinds[n] = kind_of(point, classes)
        n += 1
    return n


@inlined
def is_final(kinds: Classes, i: int, start: int, stop: int, skipped: int) -> bool:
    """Is a capital sigma at i the last letter of its word, as str.lower decides? `skipped` are no letters of it."""
    before = i - 1
    while before >= start and kinds[before] & skipped:
        before -= 1
    if before < start or not kinds[before] & (UPPER | LOWER):
        return False
    after = i + 1
    while after < stop and kinds[after] & skipped:
        after += 1
    return after == stop or not kinds[after] & (UPPER | LOWER)


@inlined
def spell(
    points: Int32s,
    kinds: Classes,
    start: int,
    stop: int,
    dropped: int,
    changed: int,
    change: Int32s,
    pool: Int32s,
    combining: Bytes,
    letters: Int32s,
) -> int:
    """Write the word points[start:stop] in small letters without the `dropped` kinds; return its code points.

    changed  LOWERS with its table `change`: as str.lower; FOLDS with the other one: in NFD, too
    """
    n = 0
    for i in range(start, stop):
        kind = kinds[i]
        point = points[i]
        if kind & dropped:
            continue
        if kind & (changed | MARK) == 0:
            letters[n] = point
            n += 1
        elif point < 128:
            letters[n] = point + 32
            n += 1
        elif point == SIGMA and is_final(kinds, i, start, stop, dropped | IGNORABLE):
            letters[n] = FINAL_SIGMA
            n += 1
        elif kind & changed:
            at = change[point] >> 3
            for k in range(at, at + (change[point] & 7)):
                letters[n] = pool[k]
                n += 1
        else:
            letters[n] = point
            n += 1
            if changed == FOLDS:  # marks stand in the order of their classes; past 32 of them nobody reads
                k = n - 1
                least = max(k - 32, 0)
                while k > least and combining_class(letters[k - 1], combining) > combining[point]:
                    letters[k] = letters[k - 1]
                    k -= 1
                letters[k] = point
    return n


@inlined
def combining_class(point: int, combining: Bytes) -> int:
    """Where a mark stands among those of one letter; 0: it is none."""
    order: int = combining[point] if point < LAST else 0
    return order
