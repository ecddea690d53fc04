"""Listed words behind other letters: a word's shape finds those it may be, then each is held against it letter by letter.

Only words that show a disguise are looked up: a digit or sign among letters, letters of two scripts, a letter three times,
a star inside, single letters in a row.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.disguised_signs import BREAK, CLASS, CLASS_BITS, LEET, MASK, NOTHING, PLAIN, STYLED
from datapipe.kernels.hashing import BASE, Hashes, mixed, slot_of
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.keywords import point_at
from datapipe.kernels.word_shapes import AS_OTHER, AS_SIGN, MASKED, REPEATED, SHORTEST, SPACED, STAR, Shapes, shape_of

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

_BANG, _SPACE = 33, 32
_ASCII = 128 << CLASS_BITS
_BOTH = 1 << PLAIN | 1 << LEET
_NO = np.uint64(0)


@inlined
def shape_hash(data: Bytes, start: int, stop: int, bases: Int32s, shapes: Int32s) -> tuple[np.uint64, int, int]:
    """The hash of the shape of a word in disguise, how many signs it has, and how many of them are plain letters."""
    h: Any = np.uint64(0)
    before = -1
    signs = plain = 0
    i = start
    while i < stop:
        point, size = point_at(data, i)
        i += size
        kind = np.int64(bases[point])
        if kind & CLASS == BREAK or kind & CLASS == NOTHING:
            continue
        signs += 1
        plain += kind & CLASS == PLAIN or kind & CLASS == STYLED
        shape = STAR if kind & CLASS == MASK else shape_of(shapes, int(kind >> CLASS_BITS))
        if shape != before:
            h = (h + np.uint64(shape)) * BASE
            h ^= h >> np.uint64(32)
        before = shape
    return mixed(h), signs, plain


@inlined
def stands_for(kind: np.int64, letter: int, shapes: Int32s) -> int:
    """The disguise by which a sign is this letter; 0: it is the letter, -1: it is none."""
    base = int(kind >> CLASS_BITS)
    if kind & CLASS == MASK:
        return MASKED
    if base == letter:
        return AS_OTHER if kind & CLASS == STYLED else 0
    if shape_of(shapes, base) != shape_of(shapes, letter):
        return -1
    if kind & CLASS == LEET:
        return AS_SIGN
    return -1 if (base < 128) == (letter < 128) else AS_OTHER


@inlined
def disguise_of(
    data: Bytes, start: int, stop: int, letters: Int32s, first: int, last: int, bases: Int32s, shapes: Int32s
) -> int:
    """The disguises in which a word is this listed one; -1 if it is another."""
    used = 0
    at = first
    run = 0
    before: Any = np.int64(-1)
    surplus = False
    i = start
    while i < stop:
        point, size = point_at(data, i)
        i += size
        kind = np.int64(bases[point])
        if kind & CLASS == BREAK or kind & CLASS == NOTHING:
            continue
        if kind == before:
            run += 1
        else:
            if surplus and run < 3:
                return -1
            run = 1
            surplus = False
        before = kind
        how = stands_for(kind, letters[at], shapes) if at < last else -1
        if how >= 0:
            at += 1
        else:
            how = stands_for(kind, letters[at - 1], shapes) if at > first else -1
            if how < 0 or how == MASKED:
                return -1
            how |= REPEATED
            surplus = True
        used |= how
    if at < last or (surplus and run < 3):
        return -1
    return used


@kernel
def put_found(
    data: Bytes, row: int, start: int, stop: int, how: int, bases: Int32s, shapes: Int32s, keys: Hashes, heads: Int32s,
    words: Int32s, others: Int32s, offsets: Int64s, letters: Int32s, entries: Int64s, wanted: int, out: Int64s, count: int,
) -> int:  # fmt: skip
    """Put the words that a suspicious one may be into `out`; how many places there are then."""
    h, signs, plain = shape_hash(data, start, stop, bases, shapes)
    # Half of it are letters; and a number before a unit, as in 5cm, is no word of three letters.
    if signs < SHORTEST or 2 * plain < signs or (signs == SHORTEST and 48 <= data[start] < 58):
        return count
    slot = slot_of(keys, len(keys), h)
    if keys[slot] == _NO:
        return count
    pattern = heads[slot]
    last = -1
    while pattern:
        word = int(words[pattern - 1])
        pattern = others[pattern - 1]
        if word == last:  # another of its masked shapes
            continue
        last = word
        used = disguise_of(data, start, stop, letters, offsets[word], offsets[word + 1], bases, shapes)
        if used < 0 or used | how == 0 or (used | how) & ~wanted:
            continue
        if count < out.shape[1]:
            out[0, count] = row
            out[1, count] = start
            out[2, count] = stop
            out[3, count] = entries[word]
            out[4, count] = used | how
        count += 1
    return count


@inlined
def next_suspect(data: Bytes, i: int, stop: int, bases: Int32s) -> tuple[int, int, int, int, bool]:
    """The next run of what may stand for letters: start (-1: none is left), stop, where to go on, signs, and is it strange?"""
    start = end = -1
    signs = solid = run = 0  # solid: up to the last sign that may end a word
    seen = classes = 0  # as bits: all, those up to there
    before: Any = np.int64(-1)
    latin = other = tripled = starred = star = False
    size: Any
    point: Any
    while i < stop:
        point, size = point_at(data, i)
        kind = np.int64(bases[point])
        sort = kind & CLASS
        if sort == BREAK:
            if start >= 0:
                break
        elif start < 0 and (sort in (MASK, NOTHING) or point == _BANG):
            pass
        elif sort == MASK:
            star = True
            before = kind
        elif sort != NOTHING:
            if start < 0:
                start = i
            run = run + 1 if bool(kind == before) else 1
            before = kind
            signs += 1
            seen |= 1 << int(sort)
            if point != _BANG:
                end = int(i + size)
                solid = signs
                classes = seen
                starred |= star
                tripled |= bool(run >= 3 and sort == PLAIN)
            if sort == PLAIN:
                latin |= bool(kind < _ASCII)
                other |= bool(kind >= _ASCII)
        i += size
    two = classes & _BOTH == _BOTH or classes & 1 << STYLED != 0
    return start, end, i, solid, bool(two or (latin and other) or tripled or starred)


@inlined
def parts_letters(data: Bytes, i: int, stop: int) -> int:
    """The sign that stands alone between two single letters: of ASCII, a middle dot, a dash or the like; 0 if none does."""
    point: Any = np.int64(0)
    if i < stop:
        point, size = point_at(data, i)
        if i + size != stop or not (32 <= point < 128 or point == 0xB7 or 0x2000 <= point < 0x2070):
            return 0
    return int(point)


@kernel
def scan_disguised(
    offsets: Int64s, data: Bytes, bases: Int32s, shapes: Int32s, keys: Hashes, heads: Int32s, words: Int32s, others: Int32s,
    borders: Int64s, letters: Int32s, entries: Int64s, wanted: int, out: Int64s,
) -> int:  # fmt: skip
    """Fill out[:, k] with row, start, stop, entry and disguises of each place; returns how many, also beyond its length."""
    count = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        # A row of single letters: where it, its second and its last letter start and where the last two stop.
        first = second = last = prior = singles = between = 0
        while True:
            start, stop, i, solid, strange = next_suspect(data, i, offsets[d + 1], bases)
            if solid == 1 and singles and not strange:
                sign = parts_letters(data, last, start)
                if sign and (singles == 1 or sign == between):
                    second = start if singles == 1 else second
                    singles += 1
                    between = sign
                    prior = last
                    last = stop
                    continue
            if singles >= SHORTEST and wanted & SPACED:
                # Beside spaced letters may stand a word of one letter: I, a.
                for turn in range(3 if between == _SPACE else 1):
                    count = put_found(
                        data, d, second if turn == 1 else first, prior if turn == 2 else last, SPACED, bases, shapes, keys,
                        heads, words, others, borders, letters, entries, wanted, out, count,
                    )  # fmt: skip
            singles = 0
            if start < 0:
                break
            if strange:
                count = put_found(
                    data, d, start, stop, 0, bases, shapes, keys, heads, words, others, borders, letters, entries, wanted,
                    out, count,
                )  # fmt: skip
            elif solid == 1:
                first = start
                last = stop
                singles = 1
    return count


def find_disguised(offsets: Int64s, data: Bytes, of: Shapes, wanted: int) -> Int64s:
    """Row, start, stop, entry and disguises of every place; a word that may be several entries is at several places."""
    room = 64 + (int(offsets[-1]) - int(offsets[0])) // 1000
    while True:
        out = np.empty((5, room), np.int64)
        found = scan_disguised(offsets, data, *of, wanted, out)
        if found <= room:
            return out[:, :found]
        room = found
