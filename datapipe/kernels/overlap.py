"""N-grams of known texts found in documents: words are hashed, n-grams roll, two bits tell of most that they are not known.

Every hit is held against the known words, letter by letter: no hash is believed.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.eight import NONE
from datapipe.kernels.folded_words import next_word, same_word
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Shares = npt.NDArray[np.float64]

PER_GRAM = 32  # bits of the gate for a gram, which sets two: 4 words of 1,000 pass it by chance
_SIX, _BIT = np.uint64(6), np.uint64(63)


class Known(NamedTuple):
    """Texts that are looked for, as words, and their n-grams, sorted by hash.

    data, starts, stops  the words, where they stand       hashes        of the grams
    firsts, sizes        the words of each gram            lengths       the sizes there are
    gate                 two bits for a gram's last `least` words: a Bloom filter
    """

    data: Bytes
    starts: Int64s
    stops: Int64s
    hashes: Hashes
    firsts: Int64s
    sizes: Int64s
    lengths: Int64s
    gate: Hashes
    least: int


@inlined
def hash_gram(hashes: Hashes, first: int, size: int, mask: int) -> np.uint64:
    """The hash of so many words, in an array that is a ring of mask + 1 of them."""
    h = np.uint64(size)
    for t in range(first, first + size):
        h = h * BASE + hashes[t & mask]
    return mixed(h)


@inlined
def is_set(gate: Hashes, bit: np.uint64) -> bool:
    """Is this bit of the gate set?"""
    return bool(gate[bit >> _SIX] >> (bit & _BIT) & ONE)


@inlined
def place_of(hashes: Hashes, key: np.uint64) -> int:
    """Where the key is among sorted hashes, -1 if it is not."""
    low = 0
    high = len(hashes)
    while low < high:
        middle = (low + high) >> 1
        if hashes[middle] < key:
            low = middle + 1
        else:
            high = middle
    return low if low < len(hashes) and hashes[low] == key else -1


@kernel
def hash_grams(hashes: Hashes, firsts: Int64s, sizes: Int64s, least: int) -> tuple[Hashes, Hashes]:
    """Of each gram, given by words of these hashes: its hash, and two of its last `least` words for the gate."""
    whole = np.empty(len(firsts), np.uint64)
    tails = np.empty((2, len(firsts)), np.uint64)
    for g in range(len(firsts)):
        whole[g] = hash_gram(hashes, firsts[g], sizes[g], -1)
        roll = NONE
        for t in range(firsts[g] + sizes[g] - least, firsts[g] + sizes[g]):
            roll = roll * BASE + hashes[t]
        tails[0, g] = roll
        tails[1, g] = mixed(roll)
    return whole, tails


@kernel
def find_grams(offsets: Int64s, data: Bytes, classes: Classes, table: Int32s, known: Known) -> Int64s:
    """Where known grams stand: a row for each, by document and end: document, start, stop (bytes), gram."""
    longest = known.lengths[-1]
    ring = 1
    while ring <= longest:
        ring *= 2
    mask = ring - 1
    hashes = np.empty(ring, np.uint64)
    starts = np.empty(ring, np.int64)
    stops = np.empty(ring, np.int64)
    least = known.least
    gone = ONE
    for _ in range(least):
        gone *= BASE
    shift = np.uint64(64)
    bits = 64 * len(known.gate)
    while bits > 1:
        bits >>= 1
        shift -= ONE
    found = np.empty((16, 4), np.int64)
    n = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        roll = NONE
        t = 0
        while True:
            start, i, h = next_word(data, i, offsets[d + 1], classes, table)
            if start < 0:
                break
            roll = roll * BASE + h
            if t >= least:
                roll -= hashes[(t - least) & mask] * gone
            at = t & mask
            hashes[at] = h
            starts[at] = start
            stops[at] = i
            t += 1
            if t < least or not (is_set(known.gate, roll >> shift) and is_set(known.gate, mixed(roll) >> shift)):
                continue
            for size in known.lengths:
                if t < size:
                    break
                gram = place_of(known.hashes, hash_gram(hashes, t - size, size, mask))
                if gram < 0 or known.sizes[gram] != size:
                    continue
                same = True
                for k in range(size):
                    at = (t - size + k) & mask
                    word = known.firsts[gram] + k
                    begin = known.starts[word]
                    if not same_word(data, starts[at], stops[at], known.data, begin, known.stops[word], table):
                        same = False
                        break
                if not same:
                    continue
                if n == len(found):
                    more = np.empty((2 * n, 4), np.int64)
                    more[:n] = found
                    found = more
                found[n, 0] = d
                found[n, 1] = starts[(t - size) & mask]
                found[n, 2] = i
                found[n, 3] = gram
                n += 1
    return found[:n].copy()


@kernel
def attribute(
    hits: Int64s, documents: int, offsets: Int64s, units: Int64s, totals: Int64s, least: float
) -> tuple[Int64s, Int64s, Shares]:
    """Say of each hit which unit (a question, an answer) it is of: the one of which the document holds the largest share.

    hits     as of `find_grams`           totals  grams of each unit
    offsets  where in `units` those that have a gram are listed
    least    a unit of which a smaller share is found does not count

    Returns runs of hits of one unit (document, start, stop, unit), and for each document its hits and the largest share.
    """
    runs = np.empty((len(hits), 4), np.int64)
    n = 0
    counts = np.zeros(documents, np.int64)
    shares = np.zeros(documents)
    held = np.zeros(len(totals), np.int64)
    best = np.full(
        len(offsets) - 1, -1
    )  # unit of each gram; -1: not met in this document, -2: none known yet, -3: none
    first = 0
    while first < len(hits):
        d = hits[first, 0]
        last = first
        while last < len(hits) and hits[last, 0] == d:
            gram = hits[last, 3]
            if best[gram] == -1:
                best[gram] = -2
                for k in range(offsets[gram], offsets[gram + 1]):
                    held[units[k]] += 1
            last += 1
        for row in range(first, last):
            gram = hits[row, 3]
            if best[gram] == -2:
                best[gram] = -3
                most = 0.0
                for k in range(offsets[gram], offsets[gram + 1]):
                    unit = units[k]
                    share = held[unit] / totals[unit]
                    if share < least or share < most:
                        continue
                    if share > most or held[unit] > held[best[gram]]:
                        most = share
                        best[gram] = unit
                shares[d] = max(shares[d], most)
            unit = best[gram]
            if unit < 0:
                continue
            counts[d] += 1
            if n and runs[n - 1, 0] == d and runs[n - 1, 3] == unit and hits[row, 1] <= runs[n - 1, 2]:
                runs[n - 1, 2] = hits[row, 2]
                continue
            runs[n, 0] = d
            runs[n, 1] = hits[row, 1]
            runs[n, 2] = hits[row, 2]
            runs[n, 3] = unit
            n += 1
        for row in range(first, last):
            gram = hits[row, 3]
            if best[gram] != -1:
                best[gram] = -1
                for k in range(offsets[gram], offsets[gram + 1]):
                    held[units[k]] = 0
        first = last
    return runs[:n].copy(), counts, shares
