"""Numbers as 64-bit integers in their order, whose digits a selection can look at one after another."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Keys = npt.NDArray[np.uint64]

_TOP = np.uint64(1 << 63)


def ranks_of(numbers: Numbers) -> Keys:
    """Integers in the order of the numbers, of which none is NaN; 0 and -0 are one."""
    bits = np.ascontiguousarray(numbers + 0.0).view(np.uint64)
    return np.where(bits & _TOP != 0, ~bits, bits | _TOP)


def numbers_of(ranks: Keys) -> Numbers:
    """The numbers of these ranks."""
    ranks = np.ascontiguousarray(ranks)
    return np.where(ranks & _TOP != 0, ranks ^ _TOP, ~ranks).view(np.float64)
