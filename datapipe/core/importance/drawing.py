"""Drawing without replacement by weights: the greatest of log-weight + Gumbel noise, found among any number of rows.

Taking the k greatest of them is drawing k times with chances that are as the weights (Gumbel top-k: Kool, van Hoof and
Welling 2019, arXiv:1903.06059).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datapipe.core.ranks import ranks_of
from datapipe.core.seeds import uniform

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Keys = npt.NDArray[np.uint64]

DIGIT = 16  # bits of a number that one pass looks at


def gumbel(seed: int, ids: list[str]) -> Numbers:
    """Standard Gumbel noise of each id, by its hash."""
    return np.asarray(-np.log(-np.log(uniform(seed, ids) + 2.0**-54)))


def greatest(scores: Sequence[Numbers], addresses: Sequence[Keys], count: int) -> list[Flags]:
    """Which rows of each part are among the `count` greatest of all; of equal scores those of the least addresses.

    -inf is never among them. Selection by digits: four passes over the scores, in memory one part and a flag a row.
    """
    eligible = sum(int((part > -np.inf).sum()) for part in scores)
    count = min(count, eligible)
    if not count:
        return [np.zeros(len(part), np.bool_) for part in scores]
    least, left = np.uint64(0), count  # the digits of the last that is taken, and how many are still to be taken there
    for shift in range(64 - DIGIT, -1, -DIGIT):
        counts = np.zeros(1 << DIGIT, np.int64)
        for part in scores:
            ranks = ranks_of(part)
            if shift + DIGIT < 64:
                ranks = ranks[ranks >> np.uint64(shift + DIGIT) == least]
            digits = (ranks >> np.uint64(shift) & np.uint64((1 << DIGIT) - 1)).astype(np.int64)
            counts += np.bincount(digits, minlength=1 << DIGIT)
        above = np.cumsum(counts[::-1])[::-1]  # of this digit and of greater ones
        digit = int(np.flatnonzero(above >= left)[-1])
        left -= int(above[digit] - counts[digit])
        least = least << np.uint64(DIGIT) | np.uint64(digit)
    equal = [np.sort(there[ranks_of(part) == least])[:left] for part, there in zip(scores, addresses, strict=True)]
    last = np.sort(np.concatenate(equal))[left - 1]
    return [
        (ranks > least) | ((ranks == least) & (there <= last))
        for ranks, there in ((ranks_of(part), there) for part, there in zip(scores, addresses, strict=True))
    ]
