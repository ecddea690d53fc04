"""Eight bytes at a time: one load, then tests of all eight in a 64-bit number, a byte's answer in its top bit.

After H. S. Warren, Hacker's Delight, 2nd ed., section 6-1, and S. E. Anderson, Bit Twiddling Hacks. LLVM makes one load of
`eight_at`; that a place is unsigned spares Numba's test for indexes that count from the end.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Eight = np.uint64

ONES = np.uint64(0x0101010101010101)
TOPS = np.uint64(0x8080808080808080)
LOWS = ~TOPS
CASE = np.uint64(0x2020202020202020)
NONE = np.uint64(0)
ALL = ~NONE
ONE = np.uint64(1)
SEVEN = np.uint64(7)
LAST = np.uint64(56)
# Added to a byte below 128, these set its top bit from the first sign of a range on, and past the last.
_FROM_A, _PAST_Z = ONES * np.uint64(128 - 97), ONES * np.uint64(127 - 122)
_FROM_0, _PAST_9 = ONES * np.uint64(128 - 48), ONES * np.uint64(127 - 57)


@inlined
def eight_at(data: Bytes, i: int) -> Eight:
    """The eight bytes from i on, the first lowest; all must lie in `data`."""
    at = np.uint64(i)
    low = np.uint64(data[at]) | np.uint64(data[at + np.uint64(1)]) << np.uint64(8)
    low |= np.uint64(data[at + np.uint64(2)]) << np.uint64(16) | np.uint64(data[at + np.uint64(3)]) << np.uint64(24)
    high = np.uint64(data[at + np.uint64(4)]) << np.uint64(32) | np.uint64(data[at + np.uint64(5)]) << np.uint64(40)
    high |= np.uint64(data[at + np.uint64(6)]) << np.uint64(48) | np.uint64(data[at + np.uint64(7)]) << np.uint64(56)
    return low | high


@inlined
def upto_eight_at(data: Bytes, i: int, stop: int) -> Eight:
    """The bytes from i to `stop`, at most eight, zeros above them."""
    size = min(stop - i, 8)
    if i + 8 <= len(data):
        return eight_at(data, i) & (ALL >> np.uint64(64 - 8 * size) if size else NONE)
    eight = NONE
    for k in range(size):
        eight |= np.uint64(data[i + k]) << np.uint64(8 * k)
    return eight


@inlined
def put_eight(data: Bytes, i: int, eight: Eight) -> None:
    """Write eight bytes from i on; one store."""
    at = np.uint64(i)
    data[at] = np.uint8(eight)
    data[at + np.uint64(1)] = np.uint8(eight >> np.uint64(8))
    data[at + np.uint64(2)] = np.uint8(eight >> np.uint64(16))
    data[at + np.uint64(3)] = np.uint8(eight >> np.uint64(24))
    data[at + np.uint64(4)] = np.uint8(eight >> np.uint64(32))
    data[at + np.uint64(5)] = np.uint8(eight >> np.uint64(40))
    data[at + np.uint64(6)] = np.uint8(eight >> np.uint64(48))
    data[at + np.uint64(7)] = np.uint8(eight >> np.uint64(56))


@inlined
def letters(eight: Eight) -> Eight:
    """Which are ASCII letters?"""
    low = eight & LOWS | CASE
    return (low + _FROM_A) & ~(low + _PAST_Z) & ~eight & TOPS


@inlined
def digits(eight: Eight) -> Eight:
    """Which are ASCII digits?"""
    low = eight & LOWS
    return (low + _FROM_0) & ~(low + _PAST_9) & ~eight & TOPS


@inlined
def zeros(eight: Eight) -> Eight:
    """Which are zero? The lowest answer is right, one above a zero byte may be too many."""
    return (eight - ONES) & ~eight & TOPS


@inlined
def nulls(eight: Eight) -> Eight:
    """Which are zero? All answers are right."""
    return ~((eight & LOWS) + LOWS | eight) & TOPS


@inlined
def controls(eight: Eight) -> Eight:
    """Which are below 32, the space? The lowest answer is right, one above it may be too many."""
    return (eight - CASE) & ~eight & TOPS


@inlined
def continuations(eight: Eight) -> Eight:
    """Which are inside a code point of UTF-8?"""
    return eight & ~(eight << ONE) & TOPS


@inlined
def number(marks: Eight) -> int:
    """How many bytes are marked."""
    return length(marks >> SEVEN)


@inlined
def below(marks: Eight) -> Eight:
    """All bits of the bytes before the first marked one; of all eight if none is."""
    low = marks >> SEVEN
    return (low - ONE) & ~low


@inlined
def length(mask: Eight) -> int:
    """How many bytes a mask of `below` covers."""
    covered: int = np.int64((mask & ONES) * ONES >> LAST)  # type: ignore[assignment]  # an int in the kernel
    return covered
