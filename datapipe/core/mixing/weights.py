"""Weights from sizes: proportional, tempered, uniform up to a cap of epochs."""

from __future__ import annotations

from collections.abc import Mapping

Weights = dict[str, float]


def uniform(sizes: Mapping[str, float]) -> Weights:
    """The same for every group there is something of."""
    return _normalised({name: float(size > 0) for name, size in sizes.items()})


def natural(sizes: Mapping[str, float]) -> Weights:
    """In proportion to the sizes."""
    return _normalised(sizes)


def tempered(sizes: Mapping[str, float], temperature: float) -> Weights:
    """In proportion to size^(1/T): T = 1 is natural, a great T nearly uniform (Arivazhagan et al. 2019, arXiv:1907.05019)."""
    largest = max(sizes.values(), default=0) or 1.0
    return _normalised({name: (size / largest) ** (1 / temperature) for name, size in sizes.items()})


def unimax(sizes: Mapping[str, float], budget: float, epochs: float) -> Weights:
    """Uniform, except that no group is taken more than `epochs` times (UniMax, Chung et al. 2023, arXiv:2304.09151, alg. 1).

    From the smallest group on each gets an equal part of the budget that is left, or its cap if that is less.
    """
    taken: Weights = {}
    left = float(budget)
    order = sorted((name for name in sizes if sizes[name] > 0), key=lambda name: (sizes[name], name))
    for place, name in enumerate(order):
        taken[name] = min(left / (len(order) - place), sizes[name] * epochs)
        left -= taken[name]
    return _normalised({name: taken.get(name, 0.0) for name in sizes})


def _normalised(values: Mapping[str, float]) -> Weights:
    """Shares that sum to 1; all 0 where there is nothing."""
    total = sum(values[name] for name in sorted(values))
    return {name: values[name] / total if total > 0 else 0.0 for name in sorted(values)}
