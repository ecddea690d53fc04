"""Hashed n-grams as DSIR counts them: words and pairs of words in lower case, by SHA-256 modulo BUCKETS.

Xie et al. 2023, arXiv:2302.03169, section 4; p-lambda/dsir, data_selection/hashed_ngram_dsir.py. Words are NLTK's
WordPunct, `\\w+|[^\\w\\s]+`: runs of letters, digits and _, and runs of other signs but white space.
"""

from functools import cache
from unicodedata import category

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, HEAD, NUMBER, SPACE, _points, class_table
from datapipe.kernels.decode import entry_at
from datapipe.kernels.eight import upto_eight_at
from datapipe.kernels.fold import LOWER_END, lower_table
from datapipe.kernels.hashing import BASE
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.sha256 import LANES, ROWS, SHORT, long_bucket, put_block, short_buckets

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Buckets = npt.NDArray[np.uint16]

WHITE, WORD, SIGN = 0, 1, 2  # above the code point, from bit KIND on
KIND = 21
_POINT = (1 << KIND) - 1
SEEN = 1 << 15  # n-grams that are remembered: 256 kB
_BUCKET = np.uint64(0xFFFF)
_KEY = ~_BUCKET
_SLOT = np.uint64(SEEN - 1)
_HALF = np.uint64(32)


CIRCLED = "24B6-24E9 1F130-1F149 1F150-1F169 1F170-1F189"  # letters to Unicode (Other_Alphabetic), symbols to Python


@cache
def point_table(marks: bool) -> Int32s:
    """Of each code point its lower case, one code point, and its kind; 90 ms, once a process.

    marks  as the package `regex` says, and NLTK since 3.10 with it: marks, joiners and circled letters are of words, ½ and
           ² are not, the separators U+001C to U+001F are no white space; otherwise as Python's `re`, and NLTK before
    """
    classes = class_table()
    points = np.arange(0x110000)
    kind = classes[HEAD + (classes[points >> 8].astype(np.int64) << 8) + (points & 255)]
    table = np.where(kind & (ALPHA | NUMBER) != 0, WORD, np.where(kind & SPACE != 0, WHITE, SIGN)).astype(np.int32)
    table[ord("_")] = WORD
    if marks:
        low = np.array([category(chr(point)) for point in range(0x20000)])  # above: Han, and variation selectors
        table[:0x20000][np.isin(low, ["Mn", "Mc", "Me", "Pc"])] = WORD
        table[:0x20000][low == "No"] = SIGN
        table[[0x200C, 0x200D, *range(0xE0100, 0xE01F0), *_points(CIRCLED)]] = WORD
        table[0x1C:0x20] = SIGN
    lower = points.astype(np.int32)
    lower[:LOWER_END] = lower_table()
    result: Int32s = table[lower] << KIND | lower
    result.flags.writeable = False
    return result


@inlined
def put_point(out: Bytes, w: int, point: int) -> int:
    """Write a code point as UTF-8; return where it ends."""
    if point < 0x80:
        out[w] = point
        return w + 1
    if point < 0x800:
        out[w] = 0xC0 | (point >> 6)
        out[w + 1] = 0x80 | (point & 63)
        return w + 2
    if point < 0x10000:
        out[w] = 0xE0 | (point >> 12)
        out[w + 1] = 0x80 | ((point >> 6) & 63)
        out[w + 2] = 0x80 | (point & 63)
        return w + 3
    out[w] = 0xF0 | (point >> 18)
    out[w + 1] = 0x80 | ((point >> 12) & 63)
    out[w + 2] = 0x80 | ((point >> 6) & 63)
    out[w + 3] = 0x80 | (point & 63)
    return w + 4


@inlined
def key_of(data: Bytes, start: int, stop: int) -> np.uint64:
    """64 bits of a short n-gram."""
    h = np.uint64(stop - start)
    i = start
    while i < stop:
        h = (h ^ upto_eight_at(data, i, stop)) * BASE
        h ^= h >> _HALF
        i += 8
    h *= BASE
    return h ^ (h >> _HALF)


@kernel
def hashed_ngrams(offsets: Int64s, data: Bytes, table: Int32s) -> tuple[Int64s, Buckets]:
    """The buckets of each document's words and pairs of words, as `(offsets, buckets)`: w0, w0 w1, w1, w1 w2, w2 …

    A document of n words has 2n - 1. Memory beside the answer is twice the longest document.
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    # The words with one space between: a pair of them is one slice. A byte gives two at most, with lengthened letters too.
    out = np.empty(2 * most + 16, np.uint8)
    buckets = np.empty(2 * (offsets[-1] - offsets[0]) + 2, np.uint16)  # pages that are never touched cost nothing
    ends = np.zeros(len(offsets), np.int64)
    seen = np.zeros(SEEN, np.uint64)  # the upper 48 bits of an n-gram's key (its slot has 15 more), its bucket
    s = np.empty(ROWS * LANES, np.uint32)
    one = np.empty(ROWS, np.uint32)
    found = np.empty(LANES, np.uint16)
    places = np.empty(LANES, np.int64)
    keys = np.empty(LANES, np.uint64)
    waiting = 0
    n = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        stop = offsets[d + 1]
        w = 0
        before = -1  # where the word before starts
        while True:
            entry = 0
            size = 0
            while i < stop:
                entry, size = entry_at(data, i, table)
                if entry >> KIND:
                    break
                i += size
            if i >= stop:
                break
            start = w
            kind = entry >> KIND
            while entry >> KIND == kind:
                w = put_point(out, w, entry & _POINT)
                i += size
                if i >= stop:
                    break
                entry, size = entry_at(data, i, table)
            for first in (before, start):
                if first < 0:
                    continue
                if w - first > SHORT:
                    buckets[n] = long_bucket(one, out, first, w)
                    n += 1
                    continue
                key = key_of(out, first, w)
                slot = key & _SLOT
                entry_seen = seen[slot]
                if (entry_seen ^ key) & _KEY == 0 and entry_seen != 0:
                    buckets[n] = np.uint16(entry_seen & _BUCKET)
                else:
                    put_block(s, LANES, waiting, out, first, w, w - first)
                    places[waiting] = n
                    keys[waiting] = key
                    waiting += 1
                    if waiting == LANES:
                        waiting = 0
                        short_buckets(s, found)
                        for lane in range(LANES):
                            buckets[places[lane]] = found[lane]
                            seen[keys[lane] & _SLOT] = (keys[lane] & _KEY) | np.uint64(found[lane])
                n += 1
            before = start
            out[w] = 32
            w += 1
        ends[d + 1] = n
    if waiting:
        short_buckets(s, found)
        for lane in range(waiting):
            buckets[places[lane]] = found[lane]
    return ends, buckets[:n]


@kernel
def sums(offsets: Int64s, buckets: Buckets, values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sum of each document's buckets' values, one after another: the same whatever stands beside it."""
    found = np.zeros(len(offsets) - 1, np.float64)
    for d in range(len(found)):
        for i in range(offsets[d], offsets[d + 1]):
            found[d] += values[buckets[i]]
    return found
