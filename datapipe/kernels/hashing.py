"""64-bit hashes that can be cut out of a running sum, and tables of them by open addressing."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Hashes = npt.NDArray[np.uint64]

ONE = np.uint64(1)
# hash(bytes) = sum of (byte + 1) * BASE^position mod 2^64. BASE is odd, so it has an inverse and the hash of any
# slice is (sum at its end - sum at its start) * INVERSE^start: n-grams of every n from one pass.
BASE = np.uint64(0x9E3779B97F4A7C15)
INVERSE = np.uint64(pow(0x9E3779B97F4A7C15, -1, 1 << 64))
_MIX = np.uint64(0xD6E8FEB86659FD93)
_SHIFT = np.uint64(32)
IN_CACHE = 1 << 15  # slots, 256 kB


@inlined
def mixed(h: np.uint64) -> np.uint64:
    """Every bit of h in every bit of the answer, which is never 0, the mark of a free slot."""
    h = (h ^ (h >> _SHIFT)) * _MIX
    h = (h ^ (h >> _SHIFT)) * _MIX
    h = h ^ (h >> _SHIFT)
    if h == np.uint64(0):
        return ONE
    return h


@inlined
def hash_of(data: Bytes, start: int, stop: int) -> np.uint64:
    """The mixed hash of a slice."""
    h = np.uint64(0)
    power = ONE
    for i in range(start, stop):
        h += np.uint64(data[i] + 1) * power
        power *= BASE
    return mixed(h)


@inlined
def slot_of(keys: Hashes, size: int, key: np.uint64) -> np.uint64:
    """The slot of `key`, or the free one it may take, in the first `size` (a power of two, never full) slots."""
    mask = np.uint64(size - 1)
    slot = key & mask
    while keys[slot] != key and keys[slot] != np.uint64(0):
        slot = (slot + ONE) & mask
    return slot


@inlined
def table_size(n: int) -> int:
    """Slots for n keys: a power of two, at most half full, and a quarter while that fits the cache (a tenth faster)."""
    size = 4
    while size < 2 * n or size < min(4 * n, IN_CACHE):
        size *= 2
    return size


def word_table(words: Iterable[str]) -> Hashes:
    """A fixed set of words for `slot_of`; in plain Python, so that building it compiles nothing."""
    distinct = sorted(set(words))
    size = 4
    while size < 4 * len(distinct):  # sparse: most look-ups miss
        size *= 2
    keys = [0] * size
    for word in distinct:
        key = _hash_in_python(word.encode())
        slot = key % size
        while keys[slot]:
            slot = (slot + 1) % size
        keys[slot] = key
    return np.array(keys, np.uint64)


def _hash_in_python(word: bytes) -> int:
    """As `hash_of`."""
    base, mix, whole = int(BASE), int(_MIX), (1 << 64) - 1
    h = sum((byte + 1) * pow(base, i, 1 << 64) for i, byte in enumerate(word)) & whole
    for _ in range(2):
        h = (h ^ (h >> 32)) * mix & whole
    return (h ^ (h >> 32)) or 1
