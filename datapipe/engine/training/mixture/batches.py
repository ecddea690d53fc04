"""Batches of a mixture: groups by their weights without chance in their number, texts in order from where a seed begins."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from datapipe.core.seeds import step_seed
from datapipe.engine.training.mixture.tokens import Tokens

Groups = npt.NDArray[np.int64]


class Batches:
    """Sequences of context + 1 tokens. A group that is read through begins anew: no text comes twice more than another.

    Equal seeds begin at the same places whatever the weights, so two mixtures differ by their weights alone.
    """

    def __init__(self, train: Mapping[str, Tokens], weights: Mapping[str, float], size: int, context: int, seed: int):
        self.names = [name for name in sorted(train) if weights.get(name, 0.0) > 0]
        self._rings = [train[name] for name in self.names]
        shares = np.array([weights[name] for name in self.names])
        self._ends = np.cumsum(shares / shares.sum())
        self._window = np.arange(context + 1)
        self._size = size
        self._at = [step_seed(seed, name) % len(train[name]) for name in self.names]
        self._chance = np.random.default_rng(step_seed(seed, "batches"))

    def next(self) -> tuple[Tokens, Groups]:
        """Tokens by sequence, and each sequence's place in `names`; a batch has each share but for less than one sequence."""
        points = (self._chance.random() + np.arange(self._size)) / self._size
        groups = np.minimum(np.searchsorted(self._ends, points, side="right"), len(self.names) - 1)
        rows = [self._read(group) for group in groups.tolist()]
        return np.stack(rows), groups

    def _read(self, group: int) -> Tokens:
        ring, at = self._rings[group], self._at[group]
        self._at[group] = (at + len(self._window) - 1) % len(ring)
        return ring[(at + self._window) % len(ring)]
