"""What a method found, kept from collapse: a little is spread evenly."""

from __future__ import annotations

from collections.abc import Mapping


def check_smoothing(smoothing: float) -> None:
    """ValueError unless it is a share; what is spread beyond the whole would turn the weights round."""
    if not 0 <= smoothing <= 1:
        raise ValueError(f"smoothing is {smoothing:g}, expected a share from 0 to 1")


def smoothed(weights: Mapping[str, float], smoothing: float) -> dict[str, float]:
    """(1 - smoothing) x weights + smoothing / groups, as DoReMi spreads."""
    return {name: (1 - smoothing) * weights[name] + smoothing / len(weights) for name in sorted(weights)}
