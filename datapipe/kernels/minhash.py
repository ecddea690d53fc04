"""MinHash signatures of shingles, equal bit for bit to those of datasketch 2.0 (scheme `affine32`), and their bands."""

from functools import cache

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel

Int64s = npt.NDArray[np.int64]
UInt32s = npt.NDArray[np.uint32]

SEED = 1  # datasketch's
_FIRST, _SECOND = np.uint32(0x85EBCA6B), np.uint32(0xC2B2AE35)


@cache
def permutations(count: int) -> tuple[UInt32s, UInt32s]:
    """Factors (odd, so that h -> a * h + b mod 2^32 permutes) and summands, drawn as datasketch draws them."""
    draw = np.random.RandomState(SEED)
    factors = draw.randint(0, 1 << 31, count, dtype=np.uint32) * np.uint32(2) + np.uint32(1)
    return factors, draw.randint(0, 1 << 32, count, dtype=np.uint32)


@inlined
def finished(h: np.uint32) -> np.uint32:
    """MurmurHash3's finalizer (fmix32), which datasketch puts before the permutations."""
    h = np.uint32((h ^ (h >> 16)) * _FIRST)
    h = np.uint32((h ^ (h >> 13)) * _SECOND)
    return np.uint32(h ^ (h >> 16))


@kernel
def minhash(offsets: Int64s, shingles: UInt32s, factors: UInt32s, summands: UInt32s, signatures: UInt32s) -> None:
    """Fill signatures[document, permutation] with the least permuted shingle; all ones where there is none.

    The inner loop is over permutations, so that a short document is as quick as a long one; four shingles at a time
    spare three of four loads and stores.
    """
    count = len(factors)
    least = np.empty(count, np.uint32)
    for d in range(len(offsets) - 1):
        least[:] = 0xFFFFFFFF
        stop = offsets[d + 1]
        for t in range(offsets[d], stop, 4):
            # The last shingle again where four do not come out: it cannot lower the least.
            u = finished(shingles[t])
            v = finished(shingles[min(t + 1, stop - 1)])
            w = finished(shingles[min(t + 2, stop - 1)])
            x = finished(shingles[min(t + 3, stop - 1)])
            for k in range(count):
                a = factors[k]
                b = summands[k]
                low = min(np.uint32(a * u + b), np.uint32(a * v + b))
                high = min(np.uint32(a * w + b), np.uint32(a * x + b))
                least[k] = min(least[k], min(low, high))
        signatures[d, :] = least


@kernel
def band_keys(signatures: UInt32s, rows: int, keys: Hashes) -> None:
    """Fill keys[document, band] with a hash of the band's number and its `rows` values of the signature."""
    for d in range(len(signatures)):
        for band in range(keys.shape[1]):
            h = np.uint64(band + 1)
            for r in range(rows):
                h = h * BASE + np.uint64(signatures[d, band * rows + r])
                h ^= h >> np.uint64(32)
            keys[d, band] = mixed(h)
