"""A budget shared by weights among groups that have room for so much: what finds none goes to the others."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]


def water_fill(budget: float | Numbers, weights: Numbers, room: Numbers) -> Numbers:
    """What each group takes: in proportion to the weights, never more than its room, until all with a weight are full.

    weights  (groups,), or (n, groups) for n budgets at once; `budget` is one number, or (n, 1)    room  (groups,)
    """
    full = np.zeros(weights.shape, np.bool_)
    while True:  # each time round at least one group more is full
        left = budget - np.where(full, room, 0.0).sum(-1, keepdims=True)
        free = np.where(full, 0.0, weights)
        total = free.sum(-1, keepdims=True)
        share = free * np.divide(left, total, out=np.zeros_like(total), where=total > 0)
        over = ~full & (share > room)
        if not over.any():
            return np.where(full, room, share)
        full |= over
