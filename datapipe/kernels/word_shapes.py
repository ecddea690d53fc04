"""Shapes of listed words, by which kernels/disguised_words.py looks them up.

The shape of a word is its letters, each as the letter it looks like, every run of one as one; a word has one for each way to
mask some of its inner letters, too.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.disguised_signs import CLASS, LEET, PLAIN, bared, disguises
from datapipe.kernels.hashing import BASE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]

# Kinds of disguise, as bits.
AS_SIGN, AS_OTHER, REPEATED, MASKED, SPACED = 1, 2, 4, 8, 16
SHORTEST, LONGEST = 3, 40  # letters of a word that is looked for behind a disguise
SHORTEST_MASKED, MOST_MASKED = 4, 3
STAR = 42  # the shape of masked letters


class Shapes(NamedTuple):
    """What the scan reads: the tables of signs, and all shapes of all words with the words that have them."""

    bases: Int32s
    shapes: Int32s
    keys: Hashes
    heads: Int32s  # of each slot: number of its last pattern + 1
    words: Int32s  # of each pattern
    others: Int32s  # of each pattern: the one before of the same shape, + 1
    offsets: Int64s  # of the letters of each word
    letters: Int32s
    entries: Int64s  # number of each word


@inlined
def shape_of(shapes: Int32s, letter: int) -> int:
    """The letter that it looks like."""
    if letter < len(shapes):
        return np.int64(shapes[letter])  # type: ignore[return-value]  # an int in the kernel
    return letter


@inlined
def put_pattern(
    letters: Int32s, first: int, last: int, i: int, j: int, shapes: Int32s, keys: Hashes, heads: Int32s, words: Int32s,
    others: Int32s, n: int, word: int,
) -> int:  # fmt: skip
    """Add the shape of a word whose letters i to j are masked; returns n + 1."""
    h: Any = np.uint64(0)
    before = -1
    for k in range(first, last):
        shape = STAR if i <= k < j else shape_of(shapes, letters[k])
        if shape != before:
            h = (h + np.uint64(shape)) * BASE
            h ^= h >> np.uint64(32)
        before = shape
    key = mixed(h)
    slot = slot_of(keys, len(keys), key)
    keys[slot] = key
    words[n] = word
    others[n] = heads[slot]
    heads[slot] = n + 1
    return n + 1


@kernel
def build_shapes(
    offsets: Int64s,
    letters: Int32s,
    masked: bool,
    shapes: Int32s,
    keys: Hashes,
    heads: Int32s,
    words: Int32s,
    others: Int32s,
) -> int:
    """Put the shapes of all words, whole and with inner letters masked, into the table; returns how many there are."""
    n = 0
    for word in range(len(offsets) - 1):
        first = offsets[word]
        last = offsets[word + 1]
        n = put_pattern(letters, first, last, first, first, shapes, keys, heads, words, others, n, word)
        if masked and last - first >= SHORTEST_MASKED:
            for size in range(1, min(MOST_MASKED, (last - first) // 2) + 1):
                for i in range(first + 1, last - size):
                    n = put_pattern(letters, first, last, i, i + size, shapes, keys, heads, words, others, n, word)
    return n


def shapes_of(listed: Sequence[str], numbers: Int64s, wanted: int) -> Shapes:
    """Made ready to find those of the entries that are one word, behind these disguises; `numbers` are those of entries."""
    tables = disguises()
    found: dict[str, int] = {}
    for entry, number in zip(listed, numbers.tolist(), strict=True):
        word = bared(entry.strip())
        classes = {int(tables.bases[ord(c)]) & CLASS for c in word}
        # xxx is no word that somebody drew out.
        if number >= 0 and SHORTEST <= len(word) <= LONGEST and classes <= {PLAIN, LEET} and len(set(word)) > 1:
            found.setdefault(word, number)
    offsets = np.zeros(len(found) + 1, np.int64)
    np.cumsum([len(word) for word in found], out=offsets[1:])
    flat = np.frombuffer("".join(found).encode("utf-32-le"), np.int32)
    lengths = np.diff(offsets)
    masked = bool(wanted & MASKED)
    room = int((1 + masked * MOST_MASKED * lengths).sum()) + 1
    keys = np.zeros(table_size(room), np.uint64)
    heads = np.zeros(len(keys), np.int32)
    words, others = np.zeros(room, np.int32), np.zeros(room, np.int32)
    n = build_shapes(offsets, flat, masked, tables.shapes, keys, heads, words, others)
    entries = np.array(list(found.values()), np.int64)
    return Shapes(*tables, keys, heads, words[:n].copy(), others[:n].copy(), offsets, flat, entries)
