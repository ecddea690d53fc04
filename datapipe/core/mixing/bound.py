"""How large a share a group can have: what there is of it, read a few times, in what the mixture is for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.weights_file import normalised

Weights = Mapping[str, float]


def limits(domains: Domains, max_epochs: float, budget: float | None = None) -> dict[str, float]:
    """The largest share of each group: max_epochs x its bytes / the budget in bytes (None: all the bytes there are).

    Muennighoff et al. 2023 (Scaling data-constrained language models): to 4 epochs, repeated text is as good as new.
    """
    total = sum(domains.available[name] for name in domains.texts) if budget is None else budget
    return {name: min(1.0, max_epochs * domains.available[name] / total) for name in sorted(domains.texts)}


def bounded(weights: Weights, limit: Weights) -> dict[str, float]:
    """The weights with none above its limit: what is over goes to the others, by their weights, until all fit.

    Groups without weight stay so, unless the others cannot hold it all; then they share what is left by their limits,
    and where all limits together are below 1, the shares are those of the limits.
    """
    names = sorted(weights)
    wanted, most = normalised(weights), {name: max(0.0, limit[name]) for name in names}
    if sum(most.values()) <= 1:
        return normalised(most)
    taken = dict.fromkeys(names, 0.0)
    for given in (wanted, most):
        free = {name for name in names if given[name] > 0 and taken[name] < most[name]}
        while free and (left := 1 - sum(taken.values())) > 1e-12:
            share = left / sum(given[name] for name in free)
            full = {name for name in free if taken[name] + share * given[name] > most[name]}
            for name in full or free:
                taken[name] = most[name] if full else taken[name] + share * given[name]
            free = free - full if full else set()
    return normalised(taken)


def entropy(weights: Weights) -> float:
    """Nats; 0 for one group alone."""
    shares = np.array([share for share in normalised(weights).values() if share > 0])
    return float(max(0.0, -(shares * np.log(shares)).sum()))


def effective_groups(weights: Weights) -> float:
    """The number of equal groups that have this entropy: its exponential."""
    return float(np.exp(entropy(weights)))


def distance(one: Weights, other: Weights) -> float:
    """Total variation: the share of a mixture that has to change to become the other, 0 to 1."""
    return sum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in sorted({*one, *other})) / 2
