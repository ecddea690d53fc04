"""Where scores lie among those of their group, known from a sample of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from datapipe.core.mixing.circle import Int64s, Keys, Numbers


@dataclass(frozen=True)
class Quantiles:
    """Distinct scores, as ranks in increasing order, and the share of [0, 1) that each takes with what follows it.

    ranks   one for each distinct score; where they are a sample, 0 stands before the first of them
    starts  where the share of each begins; one more at the end, which is 1
    own     the part of its share for documents with just this score; the rest is for those between it and the next
    """

    ranks: Keys
    starts: Numbers
    own: Numbers

    @classmethod
    def of(cls, ranks: Keys, sizes: Int64s, whole: bool) -> Quantiles:
        """From the scores of some documents, or of all (`whole`), and the documents' sizes."""
        order = np.argsort(ranks, kind="stable")
        ranks, weights = ranks[order], np.maximum(sizes[order], 1).astype(np.float64)
        first = np.flatnonzero(np.append(True, ranks[1:] != ranks[:-1])[: len(ranks)])
        if not len(first):
            return cls(np.zeros(1, np.uint64), np.array([0.0, 1.0]), np.ones(1))
        times = np.diff(np.append(first, len(ranks)))
        taken = np.add.reduceat(weights, first)
        ranks = ranks[first]
        own = np.ones(len(first))
        if not whole:  # scores outside the sample are rarer than any in it, the more so the more often that one came
            own = 1 - 1 / (1 + times)
            ranks = np.append(np.zeros(1, np.uint64), ranks)
            taken, own = np.append(weights.mean(), taken), np.append(0.0, own)
        starts = np.append(0.0, np.cumsum(taken))
        return cls(ranks, starts / starts[-1], own)

    @classmethod
    def merged(cls, parts: Sequence[Quantiles], weights: Sequence[float]) -> Quantiles:
        """Those of several groups together, of each as much as its weight."""
        ranks = np.concatenate([part.ranks for part in parts])
        taken = np.concatenate([np.diff(part.starts) * weight for part, weight in zip(parts, weights, strict=True)])
        own = np.concatenate([part.own for part in parts])
        order = np.argsort(ranks, kind="stable")
        ranks, taken, own = ranks[order], taken[order], own[order]
        first = np.flatnonzero(np.append(True, ranks[1:] != ranks[:-1])[: len(ranks)])
        sums = np.add.reduceat(taken, first)
        mean = np.add.reduceat(taken * own, first) / np.maximum(sums, 1e-300)
        if own.min() < 1:  # one group's scores may lie between those of another, of which there is nothing between
            mean = np.minimum(mean, 1 - 2.0**-6)
        starts = np.append(0.0, np.cumsum(sums))
        return cls(ranks[first], starts / max(starts[-1], 1e-300), mean)

    def places(self, ranks: Keys, draws: Numbers) -> Numbers:
        """Numbers in [0, 1), in the order of the scores; equal scores are spread by a draw from [0, 1).

        In order without exception for scores of single precision; doubles nearer to each other may fall on one place.
        """
        at = np.maximum(np.searchsorted(self.ranks, ranks, "right") - 1, 0)
        start, wide = self.starts[at], self.starts[at + 1] - self.starts[at]
        own = self.own[at]
        low = self.ranks[at]
        high = np.append(self.ranks[1:], np.uint64(2**64 - 1))[at]
        between = (ranks - low).astype(np.float64) / np.maximum((high - low).astype(np.float64), 1.0)
        inside = np.where(ranks == low, own * draws, own + (1 - own) * between)
        found: npt.NDArray[np.float64] = np.minimum(start + wide * inside, np.nextafter(1.0, 0.0))
        return found
