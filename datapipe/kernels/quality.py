"""The measures of Gopher's quality rules, one pass over words and one over lines a document."""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, SYMBOL, Classes
from datapipe.kernels.decode import before
from datapipe.kernels.eight import ONES, eight_at, nulls, number, zeros
from datapipe.kernels.hashing import Hashes, hash_of, slot_of, word_table
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.joints import DOT, dots_end
from datapipe.kernels.lines import E2, break_at, stripped
from datapipe.kernels.words import CHARS, KIND, START, STOP, WIDTH, segment_by

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

HASH = 35
HASHES, DOTS, X80, XA6 = (ONES * np.uint64(byte) for byte in (HASH, DOT, 0x80, 0xA6))

MEASURES = (
    "words",
    "mean_word_length",
    "hashes_per_word",
    "ellipses_per_word",
    "bullet_lines",
    "ellipsis_lines",
    "alphabetic_words",
    "stop_words",
)


# Bullets and ellipses as the kernel compares them; beyond the published ones, RedPajama-v2's list of bullets (which
# Curator has, too), what word processors write, and the katakana and middle dots of East Asian lists.
SIGNS = {
    name: [np.array([int.from_bytes(sign.encode(), "little") for sign in signs]) for signs in (bullets, ellipses)]
    for name, bullets, ellipses in (
        ("published", "-•", "…"),
        ("unicode", "-•‣▶◀◦■□▪▫–—*·・･●○◆◇►➢➤✓", "…‥⋯᠁"),
    )
}


def stop_tables(lists: list[tuple[str, ...]]) -> tuple[Hashes, Hashes, Int64s]:
    """Lists of stop words for the kernel: tables of hashes, the shapes of the words, where each table starts."""
    tables, shapes = zip(*map(_table, lists), strict=True)
    return np.concatenate(tables), np.stack(shapes), np.cumsum([0, *map(len, tables)])


@cache
def _table(words: tuple[str, ...]) -> tuple[Hashes, Hashes]:
    """The hashes, and for each first byte the lengths of such words: a look-up for one word of ten, not every `t...`."""
    shapes = np.zeros(256, np.uint64)
    for word in filter(None, map(str.encode, words)):
        shapes[word[0]] |= np.uint64(1 << min(len(word), 63))
    return word_table(words), shapes


@inlined
def is_rune(data: Bytes, i: int, last: int) -> bool:
    """Is the code point at i of three bytes, E2 80 and `last`?"""
    rune: bool = data[i] == 0xE2 and data[i + 1] == 0x80 and data[i + 2] == last
    return rune


@inlined
def is_among(data: Bytes, i: int, stop: int, runes: Int64s) -> bool:
    """Is the code point at i one of these?"""
    rune = np.int64(data[i])
    shift = 8
    i += 1
    while i < stop and data[i] & 0xC0 == 0x80:
        rune |= np.int64(data[i]) << shift
        shift += 8
        i += 1
    found = False
    for k in range(len(runes)):
        found |= runes[k] == rune
    return found


@inlined
def measure_lines(
    data: Bytes, start: int, stop: int, classes: Classes, starting: Int64s, ending: Int64s
) -> tuple[int, int, int]:
    """Lines (as str.splitlines), lines that start with a bullet, lines that end in an ellipsis."""
    lines = bullets = trailing = 0
    i = start
    while i < stop:
        end, after = break_at(data, i, stop, classes)
        left, right = stripped(data, i, end, classes)
        if left < right:
            bullets += is_among(data, left, right, starting)
            if right - left >= 3:
                dots = data[right - 1] == DOT and data[right - 2] == DOT and data[right - 3] == DOT
                full = len(ending) > 1 and right - left >= 9 and stops_end(data, right - 9, right) == right
                trailing += dots or full or is_among(data, before(data, right), right, ending)
        lines += 1
        i = after
    return lines, bullets, trailing


@inlined
def stops_end(data: Bytes, i: int, stop: int) -> int:
    """Where the run of ideographic full stops (E3 80 82) that starts at i ends."""
    while i + 2 < stop and data[i] == 0xE3 and data[i + 1] == 0x80 and data[i + 2] == 0x82:
        i += 3
    return i


@inlined
def count_more_ellipses(data: Bytes, start: int, stop: int, ending: Int64s) -> int:
    """Ellipses other than three dots and U+2026: three ideographic full stops, and the signs given beyond the first."""
    ellipses = 0
    i = start
    while i < stop:
        end = stops_end(data, i, stop)
        ellipses += (end - i) // 9
        if end == i:
            end = i + 1
            ellipses += 0xE1 <= data[i] <= 0xE2 and is_among(data, i, stop, ending[1:])
        i = end
    return ellipses


@inlined
def count_signs(data: Bytes, start: int, stop: int) -> tuple[int, int]:
    """Hash signs; ellipses, of three dots or U+2026."""
    hashes = ellipses = 0
    i = start
    while i < stop:
        if i + 8 <= stop and i + 10 <= len(data):
            a = eight_at(data, i)
            b = eight_at(data, i + 1)
            c = eight_at(data, i + 2)
            if not zeros(a ^ DOTS | b ^ DOTS | c ^ DOTS):  # no run of three dots starts here
                hashes += number(nulls(a ^ HASHES))
                ellipses += number(nulls(a ^ E2 | b ^ X80 | c ^ XA6))
                i += 8
                continue
        if data[i] == DOT:
            end = dots_end(data, i, stop)
            ellipses += (end - i) // 3
            i = end
        else:
            hashes += data[i] == HASH
            ellipses += is_rune(data, i, 0xA6)
            i += 1
    return hashes, ellipses


@kernel
def gopher_quality(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    abbreviated: Hashes,
    stop_words: Hashes,
    shapes: Hashes,
    starts: Int64s,
    lists: Int64s,
    starting: Int64s,
    ending: Int64s,
    breaks: Bytes,
    out: Numbers,
) -> None:
    """Fill out[measure, document].

    stop_words, starts  tables of hashes, one after the other, and where each starts and the last one ends
    shapes              [list, first byte]: the set of the lengths of such words, in bits
    lists               for each document the number of its list, -1: it has none
    starting, ending    bullets and ellipses: code points as their bytes, little-endian
    breaks              what segmenters say (see `segment_by`)
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    words = np.empty((most, WIDTH), np.int64)
    seen = np.zeros(len(stop_words), np.bool_)
    distinct = np.zeros(len(starts) - 1, np.int64)
    for k in range(len(starts) - 1):
        for slot in range(starts[k], starts[k + 1]):
            distinct[k] += stop_words[slot] != np.uint64(0)
    for d in range(len(offsets) - 1):
        start = offsets[d]
        stop = offsets[d + 1]
        tokens = segment_by(data, start, stop, classes, abbreviated, words, breaks)
        chosen = max(lists[d], 0)
        table = stop_words[starts[chosen] : starts[chosen + 1]]
        seen[: len(table)] = False
        wanted = distinct[chosen] if lists[d] >= 0 else 0
        counted = chars = alphabetic = found = 0
        for t in range(tokens):
            kind = words[t, KIND]
            alphabetic += kind & ALPHA != 0
            if not kind & SYMBOL:
                counted += 1
                chars += words[t, CHARS]
            if found == wanted:
                continue
            size = min(words[t, STOP] - words[t, START], 63)
            if np.int64(shapes[chosen, data[words[t, START]]] >> np.uint64(size)) & 1:
                place = slot_of(table, len(table), hash_of(data, words[t, START], words[t, STOP]))
                if table[place] != np.uint64(0) and not seen[place]:
                    seen[place] = True
                    found += 1
        lines, bullets, trailing = measure_lines(data, start, stop, classes, starting, ending)
        hashes, ellipses = count_signs(data, start, stop)
        if len(ending) > 1:
            ellipses += count_more_ellipses(data, start, stop, ending)
        out[0, d] = counted
        out[1, d] = chars / counted if counted else np.nan
        out[2, d] = hashes / tokens if tokens else 0.0
        out[3, d] = ellipses / tokens if tokens else 0.0
        out[4, d] = bullets / lines if lines else 0.0
        out[5, d] = trailing / lines if lines else 0.0
        out[6, d] = alphabetic / tokens if tokens else 0.0
        out[7, d] = found if lists[d] >= 0 else np.nan
