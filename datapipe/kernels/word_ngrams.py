"""Words and n-grams of words in lower case, hashed as Spark's HashingTF does: MurmurHash3 (x86, 32 bits, seed 42).

The features of GPT-3's quality filter (Brown et al. 2020, arXiv:2005.14165, appendix A: Spark's standard tokenizer and
HashingTF), with n-grams of words joined by a space. Lower case is one code point for one, where Java has `i̇` for `İ`.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import HEAD, NO_SPACES, class_table
from datapipe.kernels.decode import entry_at
from datapipe.kernels.eight import eight_at
from datapipe.kernels.hashed_ngrams import KIND, WHITE, WORD, point_table, put_point
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Buckets = npt.NDArray[np.int32]

ALONE = 3  # a word of one code point: beside WHITE, WORD and SIGN of kernels/hashed_ngrams.py
SEED = np.uint64(42)
SLACK = 16  # bytes that are read past the last word
_POINT = (1 << KIND) - 1
_WHOLE = np.uint64(0xFFFFFFFF)
_C1, _C2 = np.uint64(0xCC9E2D51), np.uint64(0x1B873593)
_FIVE, _PLUS = np.uint64(5), np.uint64(0xE6546B64)
_F1, _F2 = np.uint64(0x85EBCA6B), np.uint64(0xC2B2AE35)
_13, _15, _16, _17, _19 = (np.uint64(n) for n in (13, 15, 16, 17, 19))


@cache
def token_table(words: bool) -> Int32s:
    """Of each code point its lower case and its kind; 90 ms, once a process.

    words  runs of letters and digits, runs of other signs, and each sign of a script without spaces by itself;
           otherwise what stands between white space, as Spark's Tokenizer has it
    """
    table = point_table(True)
    points = np.arange(len(table))
    kind = table >> KIND
    if words:
        classes = class_table()
        unspaced = classes[HEAD + (classes[points >> 8].astype(np.int64) << 8) + (points & 255)] & NO_SPACES != 0
        kind = np.where(unspaced & (kind == WORD), ALONE, kind)
    else:
        kind = np.where(kind == WHITE, WHITE, WORD)
    result: Int32s = (kind << KIND | table & _POINT).astype(np.int32)
    result.flags.writeable = False
    return result


@inlined
def scrambled(k: np.uint64) -> np.uint64:
    """A block of four bytes before it is mixed in."""
    k = k * _C1 & _WHOLE
    k = (k << _15 | k >> _17) & _WHOLE
    return k * _C2 & _WHOLE


@inlined
def murmur3(data: Bytes, start: int, stop: int) -> np.uint64:
    """MurmurHash3_x86_32 of data[start:stop] (Austin Appleby, public domain); reads up to 8 bytes past the end."""
    h = SEED
    i = start
    while i + 4 <= stop:
        h ^= scrambled(eight_at(data, i) & _WHOLE)
        h = (h << _13 | h >> _19) & _WHOLE
        h = (h * _FIVE + _PLUS) & _WHOLE
        i += 4
    if i < stop:
        left = np.uint64(8 * (stop - i))
        h ^= scrambled(eight_at(data, i) & ((np.uint64(1) << left) - np.uint64(1)))
    h ^= np.uint64(stop - start)
    h = (h ^ h >> _16) * _F1 & _WHOLE
    h = (h ^ h >> _13) * _F2 & _WHOLE
    return h ^ h >> _16


@kernel
def word_ngrams(offsets: Int64s, data: Bytes, table: Int32s, longest: int, buckets: int) -> tuple[Int64s, Buckets]:
    """The buckets of each document's n-grams of up to `longest` words, as `(ends, buckets)`: those that end with a word
    follow one another, the longest first.

    buckets  how many there are: a power of two. Memory beside the answer is twice the longest document.
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    out = np.empty(2 * most + SLACK, np.uint8)  # one space between: an n-gram is one slice
    found = np.empty(longest * (offsets[-1] - offsets[0]) + 1, np.int32)  # pages that are never touched cost nothing
    ends = np.zeros(len(offsets), np.int64)
    starts = np.empty(longest, np.int64)  # of the last words
    mask = np.uint64(buckets - 1)
    n = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        stop = offsets[d + 1]
        w = 0
        words = 0
        while True:
            entry = 0
            size = 0
            while i < stop:
                entry, size = entry_at(data, i, table)
                if entry >> KIND != WHITE:
                    break
                i += size
            if i >= stop:
                break
            kind = entry >> KIND
            for k in range(longest - 1):
                starts[k] = starts[k + 1]
            starts[longest - 1] = w
            words += 1
            while entry >> KIND == kind:
                w = put_point(out, w, entry & _POINT)
                i += size
                if i >= stop or kind == ALONE:
                    break
                entry, size = entry_at(data, i, table)
            for k in range(longest - min(words, longest), longest):
                found[n] = np.int32(murmur3(out, starts[k], w) & mask)
                n += 1
            out[w] = 32
            w += 1
        ends[d + 1] = n
    return ends, found[:n]
