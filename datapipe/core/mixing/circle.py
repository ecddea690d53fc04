"""A group's documents on a circle, in the order of a hash of their ids: where each lies, known from a few points.

The stream takes from the circle round after round. So copies of two documents differ by one at most, which documents a
part of an epoch takes follows from their ids alone, and a stage goes on where the one before it stopped.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Keys = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
POINTS = 1 << 20  # of all groups together: 16 MB
MOST_BITS, FEWEST_BITS = 18, 8  # 262,144 arcs of a circle, where four groups or fewer share the points


def arc_bits(groups: int) -> int:
    """Into how many arcs, as a power of two, each circle is cut."""
    each = POINTS // max(1, groups)
    return max(FEWEST_BITS, min(MOST_BITS, each.bit_length() - 1))


@dataclass(frozen=True)
class Circle:
    """Points on a circle, in order.

    keys   of its documents, where there are few (`bits` is 64); else the beginnings of arcs, by the hash's first bits
    sizes  of the documents at each, or in each
    """

    keys: Keys
    sizes: Int64s
    bits: int

    @cached_property
    def before(self) -> Numbers:
        """What lies before each point, and before the end."""
        return np.concatenate([np.zeros(1), np.cumsum(self.sizes, dtype=np.float64)])

    @property
    def size(self) -> float:
        """All the way round."""
        return float(self.before[-1])

    def places(self, keys: Keys, sizes: Int64s) -> Numbers:
        """Where documents lie: the size of what comes before, and half their own; in an arc, as far as their hash is.

        So what lies before a place x adds up to x, but for half a document, or but for what is in one arc.
        """
        if self.bits == 64:
            return np.asarray(self.before[np.searchsorted(self.keys, keys)] + sizes / 2)
        shift = np.uint64(64 - self.bits)
        starts = keys >> shift << shift
        at = np.minimum(np.searchsorted(self.keys, starts), len(self.keys) - 1)
        share = (keys - starts).astype(np.float64) * 2.0 ** -(64 - self.bits)
        return np.asarray(self.before[at] + share * self.sizes[at])


def arcs(keys: Keys, sizes: Int64s, bits: int) -> tuple[Keys, Int64s]:
    """The arcs in which these documents lie, and what each holds. `keys` are sorted; they may be arcs themselves."""
    if not len(keys):
        return keys, sizes
    shift = np.uint64(64 - bits)
    starts = keys >> shift << shift
    first = np.flatnonzero(np.append(True, starts[1:] != starts[:-1]))
    return starts[first], np.add.reduceat(sizes, first)


def rounds(places: Numbers, whole: Numbers, start: Numbers, end: Numbers) -> tuple[Int64s, Int64s]:
    """How many times each document comes in a stretch of its unrolled circle, and the first round in which it does.

    whole  the circle's size, start and end  of the stretch: each a number for each document
    """
    size = np.maximum(whole, 1.0)
    first = np.maximum(0, np.ceil((start - places) / size)).astype(np.int64)
    last = np.maximum(0, np.ceil((end - places) / size)).astype(np.int64)
    return last - first, first
