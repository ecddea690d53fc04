"""SHA-256 (FIPS 180-4) modulo BUCKETS, of many short messages at once: a lane of vector registers each.

One message after another takes 180 ns (hashlib 300), in LANES together 26 ns each.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.eight import upto_eight_at
from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]
Words = npt.NDArray[np.uint32]

BUCKETS = 10_000
LANES = 16  # the rows below are 13 kB then
SHORT = 55  # bytes of a message that fits one block
A, E, ROWS = 64, 132, 200  # rows of a lane: the 64 words of a block, each round's a, each round's e


def _primes(count: int) -> list[int]:
    found: list[int] = []
    n = 2
    while len(found) < count:
        if all(n % prime for prime in found):
            found.append(n)
        n += 1
    return found


def _root_bits(n: int, power: int) -> int:
    """The first 32 bits behind the point of the square or cube root of a number."""
    scaled = n << 32 * power
    low, high = 0, 1 << 40
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**power <= scaled else (low, middle - 1)
    return low & 0xFFFFFFFF


INITIAL = np.array([_root_bits(n, 2) for n in _primes(8)], np.uint32)
ROUNDS = np.array([_root_bits(n, 3) for n in _primes(64)], np.uint32)
# What each of the eight words of the digest, which is one number, counts modulo BUCKETS.
PLACES = np.array([pow(2, 32 * (7 - i), BUCKETS) for i in range(8)], np.uint64)
_THIRTY_TWO = np.uint32(32)
_MODULUS = np.uint64(BUCKETS)


@inlined
def turned(x: np.uint32, by: int) -> np.uint32:
    """Rotated to the right."""
    return np.uint32(x >> np.uint32(by)) | np.uint32(x << (_THIRTY_TWO - np.uint32(by)))


@inlined
def swapped(x: np.uint64) -> np.uint64:
    """The eight bytes the other way round."""
    x = (x & np.uint64(0x00FF00FF00FF00FF)) << np.uint64(8) | (x >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    x = (x & np.uint64(0x0000FFFF0000FFFF)) << np.uint64(16) | (x >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    return x << np.uint64(32) | x >> np.uint64(32)


@inlined
def compress(s: Words, lanes: int) -> None:
    """64 rounds on the state in rows E to E + 3 and A to A + 3 (d, c, b, a and h, g, f, e); the new one is 64 rows on.

    What FIPS calls b, c and d is a of the rounds before: as no row moves, one short loop does all rounds.
    """
    for t in range(16, 64):
        for lane in range(lanes):
            x = s[(t - 15) * lanes + lane]
            y = s[(t - 2) * lanes + lane]
            more = np.uint32(s[(t - 16) * lanes + lane] + s[(t - 7) * lanes + lane])
            more = np.uint32(more + (turned(x, 7) ^ turned(x, 18) ^ np.uint32(x >> np.uint32(3))))
            s[t * lanes + lane] = more + (turned(y, 17) ^ turned(y, 19) ^ np.uint32(y >> np.uint32(10)))
    for t in range(64):
        k = ROUNDS[t]
        for lane in range(lanes):
            e = s[(E + 3 + t) * lanes + lane]
            f, g = s[(E + 2 + t) * lanes + lane], s[(E + 1 + t) * lanes + lane]
            first = np.uint32(s[(E + t) * lanes + lane] + s[t * lanes + lane])
            first = np.uint32(first + k)
            first = np.uint32(first + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)))
            first = np.uint32(first + (g ^ (e & (f ^ g))))
            a = s[(A + 3 + t) * lanes + lane]
            b, c = s[(A + 2 + t) * lanes + lane], s[(A + 1 + t) * lanes + lane]
            second = np.uint32((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + ((a & b) | (c & (a | b))))
            s[(E + 4 + t) * lanes + lane] = s[(A + t) * lanes + lane] + first
            s[(A + 4 + t) * lanes + lane] = first + second


@inlined
def put_block(s: Words, lanes: int, lane: int, data: Bytes, start: int, stop: int, size: int) -> None:
    """A lane's next block: of a message of `size` bytes those from `start` on, and behind its last at `stop` the padding.

    A message that ends in this block has its end mark here, and its length, if there is room for it.
    """
    for pair in range(8):
        at = start + 8 * pair
        eight = np.uint64(0)
        if at < stop:
            eight = upto_eight_at(data, at, stop)
        if at <= stop < at + 8:
            eight |= np.uint64(0x80) << np.uint64(8 * (stop - at))
        eight = swapped(eight)
        if pair == 7 and stop - start <= SHORT:
            eight |= np.uint64(8 * size)
        s[2 * pair * lanes + lane] = np.uint32(eight >> np.uint64(32))
        s[(2 * pair + 1) * lanes + lane] = np.uint32(eight & np.uint64(0xFFFFFFFF))


@kernel
def short_buckets(s: Words, found: npt.NDArray[np.uint16]) -> None:
    """The bucket of the message in each of LANES lanes, each in one block."""
    for row in range(4):
        for lane in range(LANES):
            s[(A + row) * LANES + lane] = INITIAL[3 - row]
            s[(E + row) * LANES + lane] = INITIAL[7 - row]
    compress(s, LANES)
    for lane in range(LANES):
        total = np.uint64(0)
        for row in range(4):
            total += np.uint64(np.uint32(s[(A + 64 + row) * LANES + lane] + INITIAL[3 - row])) * PLACES[3 - row]
            total += np.uint64(np.uint32(s[(E + 64 + row) * LANES + lane] + INITIAL[7 - row])) * PLACES[7 - row]
        found[lane] = np.uint16(total % _MODULUS)


@kernel
def long_bucket(s: Words, data: Bytes, start: int, stop: int) -> int:
    """The bucket of a message of any length; `s` has ROWS words."""
    for row in range(4):
        s[A + row], s[E + row] = INITIAL[3 - row], INITIAL[7 - row]
    at = start
    while at <= stop + 8:  # the end mark and the length take nine bytes more
        put_block(s, 1, 0, data, at, stop, stop - start)
        compress(s, 1)
        for row in range(4):
            s[A + row] += s[A + 64 + row]
            s[E + row] += s[E + 64 + row]
        at += 64
    total = np.uint64(0)
    for row in range(4):
        total += np.uint64(s[A + row]) * PLACES[3 - row] + np.uint64(s[E + row]) * PLACES[7 - row]
    return np.int64(total % _MODULUS)  # type: ignore[return-value]  # an int
