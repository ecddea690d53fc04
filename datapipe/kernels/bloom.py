"""A Bloom filter whose bits for one key lie in one cache line: a test costs one access to memory, not one a function.

Putze, Sanders and Singler, Cache-, Hash- and Space-Efficient Bloom Filters (2007), section 3: keys fall on blocks of 512
bits unevenly, so a block holds Poisson many and the false-positive rate is the mean over blocks; at a rate of 0.01 that
costs 0.4 bits a key more than bits all over the memory.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import ONE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel

Int64s = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]

BLOCK = 512  # bits: a cache line
WORDS = 8  # of 64 bits a block
DRAW = 7  # positions of 9 bits that a 64-bit number gives
MOST_FUNCTIONS = 28
MOST_BLOCKS = 1 << 32  # 256 GB: a block is chosen by 32 bits of the hash
_THIRTY_TWO, _NINE, _LOW_SIX, _SIX, _LAST = (np.uint64(x) for x in (32, 9, 63, 6, BLOCK - 1))
_SALT = np.uint64(0x9E3779B97F4A7C15)


def false_positive_rate(keys_a_block: float, functions: int) -> float:
    """The share of absent keys that a filter reports as present, with so many keys a block on average."""
    spread = 12 * np.sqrt(keys_a_block) + 12
    held = np.arange(max(0, int(keys_a_block - spread)), int(keys_a_block + spread) + 1)
    logs = held * np.log(keys_a_block) - keys_a_block - np.cumsum(np.log(np.maximum(np.arange(held[-1] + 1), 1)))[held]
    throws = functions * held
    unset, pairs = (1.0 - 1.0 / BLOCK) ** throws, (1.0 - 2.0 / BLOCK) ** throws
    ones = 1.0 - unset
    spread_of_ones = unset / BLOCK + (1.0 - 1.0 / BLOCK) * pairs - unset**2  # variance; without it 0.01 is 0.0101
    more = functions * (functions - 1) / 2 * ones ** max(functions - 2, 0) * spread_of_ones
    return float(np.sum(np.exp(logs) * (ones**functions + more)))


@cache
def keys_and_functions(rate: float) -> tuple[float, int]:
    """How many keys a block may hold, at most, and by how many functions, so that the rate is kept."""
    best = (0.0, 1)
    for functions in range(1, MOST_FUNCTIONS + 1):
        low, high = 0.1, 2048.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if false_positive_rate(middle, functions) <= rate else (low, middle)
        if false_positive_rate(low, functions) <= rate:
            best = max(best, (low, functions))
    return best


def blocks_for(keys: int, rate: float) -> int:
    """How many blocks so many keys need."""
    return int(np.ceil(max(keys, 1) / keys_and_functions(rate)[0]))


def empty_filter(blocks: int) -> Hashes:
    """All bits unset, a block on a cache line."""
    raw = np.zeros((blocks + 1) * WORDS, np.uint64)
    first = -raw.ctypes.data % (BLOCK // 8) // 8
    return raw[first : first + blocks * WORDS]


def realised_rate(bits: Hashes, functions: int) -> float:
    """The share of absent keys that this filter, filled as it is, reports as present."""
    total = 0.0
    for start in range(0, len(bits), 1 << 20):
        ones = np.bitwise_count(bits[start : start + (1 << 20)]).reshape(-1, WORDS).sum(axis=1)
        total += float(np.sum((ones / BLOCK) ** functions))
    return total * WORDS / len(bits)


@inlined
def block_of(key: np.uint64, blocks: int) -> int:
    """The first word of the block of a key, whose upper 32 bits choose it."""
    chosen: int = np.int64((key >> _THIRTY_TWO) * np.uint64(blocks) >> _THIRTY_TWO)  # type: ignore[assignment]
    return chosen * WORDS


@inlined
def holds(bits: Hashes, at: int, key: np.uint64, functions: int) -> bool:
    """Are all bits of a key set?"""
    drawn = draw = mixed(key * _SALT)
    for f in range(functions):
        if f and f % DRAW == 0:
            drawn = draw = mixed(drawn * _SALT)
        place = draw & _LAST
        draw >>= _NINE
        if not bits[at + np.int64(place >> _SIX)] >> (place & _LOW_SIX) & ONE:
            return False
    return True


@inlined
def put_key(bits: Hashes, at: int, key: np.uint64, functions: int) -> None:
    """Set all bits of a key."""
    drawn = draw = mixed(key * _SALT)
    for f in range(functions):
        if f and f % DRAW == 0:
            drawn = draw = mixed(drawn * _SALT)
        place = draw & _LAST
        draw >>= _NINE
        bits[at + np.int64(place >> _SIX)] |= ONE << (place & _LOW_SIX)


@kernel
def screen(
    bits: Hashes,
    functions: int,
    hashes: Hashes,
    counts: Counts,
    lines: Int64s,
    tests: Flags,
    inserts: Flags,
    threshold: float,
    seen: Int64s,
) -> None:
    """Take documents in order: write how many n-grams of each line the filter holds, then put in those of lines that stay.

    counts   n-grams of each line          lines    which lines a document has, [lines[d], lines[d + 1])
    tests    may lines of the document go  inserts  are its n-grams put in
    A line goes if its n-grams seen are at least `threshold` of all. Its own n-grams are no duplicates of each other.
    """
    blocks = len(bits) // WORDS
    n = 0
    for d in range(len(lines) - 1):
        for line in range(lines[d], lines[d + 1]):
            count: int = np.int64(counts[line])  # type: ignore[assignment]  # an int in the kernel
            found = 0
            if tests[d]:
                for i in range(n, n + count):
                    found += holds(bits, block_of(hashes[i], blocks), hashes[i], functions)
            seen[line] = found
            if inserts[d] and (count == 0 or found / count < threshold):
                for i in range(n, n + count):
                    put_key(bits, block_of(hashes[i], blocks), hashes[i], functions)
            n += count
