"""What a method found, kept from collapse: a little is spread evenly, and no share is above what there is to read."""

from __future__ import annotations

from collections.abc import Mapping

from datapipe.core.mixing.bound import bounded, limits
from datapipe.core.mixing.method import Domains


def check_smoothing(smoothing: float) -> None:
    """ValueError unless it is a share; what is spread beyond the whole would turn the weights round."""
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing is {smoothing:g}, expected a share from 0 to 1")


def kept(
    weights: Mapping[str, float], domains: Domains, smoothing: float, max_epochs: float, budget: float | None
) -> dict[str, float]:
    """(1 - smoothing) x weights + smoothing / groups, as DoReMi spreads, then within the limits."""
    spread = {name: (1 - smoothing) * weights[name] + smoothing / len(weights) for name in sorted(weights)}
    return bounded(spread, limits(domains, max_epochs, budget))
