"""Up to where a quota reaches: the first rows of each group by two 64-bit keys, found among any number of rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]

DIGIT = 16  # bits of a key that one pass looks at


class Rows(NamedTuple):
    """Rows of any groups: the number of the group, two keys (greater ones come first), and what each takes of the quota."""

    group: Int64s
    first: Keys
    second: Keys
    weight: Int64s

    def take(self, rows: npt.NDArray[np.bool_]) -> Rows:
        """Those rows only."""
        return Rows(self.group[rows], self.first[rows], self.second[rows], self.weight[rows])


def last_within(rows: Callable[[], Iterator[Rows]], quota: Int64s) -> tuple[Keys, Keys]:
    """The two keys of each group's last row within its quota: the one with which the weights taken reach it, or exceed it.

    rows   gives all rows, in parts of any size and order, each time it is called; the answer is of their set
    quota  of each group, at least 1 and at most the sum of its weights

    Eight passes by digits of the keys, from the greatest on; in memory are one part, and a count for each digit that
    occurs in a group among the rows that may still be its last one.
    """
    found = [np.zeros(len(quota), np.uint64), np.zeros(len(quota), np.uint64)]
    left = quota.copy()
    for key in (0, 1):
        for shift in range(64 - DIGIT, -1, -DIGIT):
            slots, sums = np.zeros(0, np.int64), np.zeros(0, np.int64)
            for part in rows():
                some = _undecided(part, found, key, shift)
                digit = (some[1 + key] >> np.uint64(shift) & np.uint64((1 << DIGIT) - 1)).astype(np.int64)
                slot = some.group << DIGIT | ((1 << DIGIT) - 1 - digit)  # the greatest digit of a group comes first
                slots, sums = _added(np.append(slots, slot), np.append(sums, some.weight))
            digit, before = _reaching(slots, sums, left)
            left -= before
            found[key] = found[key] << np.uint64(DIGIT) | digit.astype(np.uint64)
    return found[0], found[1]


def _undecided(rows: Rows, found: list[Keys], key: int, shift: int) -> Rows:
    """The rows whose keys begin as the last one's of their group do."""
    if key:
        rows = rows.take(rows.first == found[0][rows.group])
    if shift + DIGIT < 64:
        rows = rows.take(rows[1 + key] >> np.uint64(shift + DIGIT) == found[key][rows.group])
    return rows


def _added(slots: Int64s, weights: Int64s) -> tuple[Int64s, Int64s]:
    """Each slot once, in order, with the sum of its weights."""
    order = np.argsort(slots, kind="stable")
    slots = slots[order]
    starts = np.flatnonzero(np.append(True, slots[1:] != slots[:-1])[: len(slots)])
    return slots[starts], np.add.reduceat(weights[order], starts) if len(starts) else weights


def _reaching(slots: Int64s, sums: Int64s, left: Int64s) -> tuple[Int64s, Int64s]:
    """Of each group the digit with which its sums reach what is left of its quota, and the sum of those before it."""
    group = slots >> DIGIT
    starts = np.searchsorted(group, np.arange(len(left)))
    total = np.cumsum(sums)
    base = total[starts] - sums[starts]
    reached = np.flatnonzero(total - base[group] >= left[group])
    at = reached[np.searchsorted(group[reached], np.arange(len(left)))]
    return (1 << DIGIT) - 1 - (slots[at] & ((1 << DIGIT) - 1)), total[at] - sums[at] - base
