"""How large a share a group can have: what there is of it, read a few times, in what the mixture is for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.water_filling import Numbers, water_fill

Weights = Mapping[str, float]
LEFT = 1e-12  # of a whole: a rest that is only rounding


def limits(domains: Domains, max_epochs: float, budget: float | None = None) -> dict[str, float]:
    """The largest share of each group: max_epochs x its bytes / the budget in bytes (None: all the bytes there are).

    Muennighoff et al. 2023 (Scaling data-constrained language models): to 4 epochs, repeated text is as good as new.
    """
    total = sum(domains.available[name] for name in domains.texts) if budget is None else budget
    return {name: min(1.0, max_epochs * domains.available[name] / total) for name in sorted(domains.texts)}


def within(weights: Numbers, most: Numbers) -> Numbers:
    """Shares that sum to 1, none above its limit: what is over goes to the others, by their weights, until all fit.

    Groups without weight stay so, unless the others cannot hold it all; then they share what is left by their limits,
    and where all limits together are below 1, the shares are those of the limits.

    weights  (groups,), or (n, groups) for n mixtures at once    most  (groups,)
    """
    if most.sum() <= 1:
        return np.broadcast_to(most / most.sum(), weights.shape).copy()
    shares = water_fill(1.0, weights, most)
    left = 1 - shares.sum(-1, keepdims=True)
    if (left > LEFT).any():
        shares = shares + water_fill(
            np.where(left > LEFT, left, 0.0), np.broadcast_to(most, shares.shape), most - shares
        )
    return np.asarray(shares / shares.sum(-1, keepdims=True))


def bounded(weights: Weights, limit: Weights) -> dict[str, float]:
    """`within`, by name."""
    names = sorted(weights)
    shares = within(np.array([weights[name] for name in names]), np.array([limit[name] for name in names]))
    return dict(zip(names, shares.tolist(), strict=True))
