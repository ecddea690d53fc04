"""Mixtures worth a try: those given, uniform, natural, and natural without a group or with more of it."""

from __future__ import annotations

from collections.abc import Mapping

from datapipe.core.mixing.bound import bounded

Mixtures = dict[str, Mapping[str, float]]
WITHOUT, MORE, COMBINED = "without: ", "more: ", "combined"


def candidates(
    natural: Mapping[str, float],
    given: Mapping[str, Mapping[str, float]],
    limit: Mapping[str, float],
    without: bool,
    more: float | None,
) -> Mixtures:
    """Mixtures by name, each within the limits, for only such can be trained; two that are equal both stay.

    natural  the shares of what there is    given  mixtures by name, of any positive weights
    without  whether `without: GROUP` is asked: natural, and that group at 0
    more     `more: GROUP` is natural with the group's share so many times as large; None asks none

    A ValueError names a given mixture that has a group which is not there.
    """
    for name, mixture in given.items():
        unknown = sorted(group for group in mixture if mixture[group] > 0 and group not in natural)
        if unknown:
            raise ValueError(f"the mixture {name} has a weight for {unknown[0]}, of which there are no texts")
    found: dict[str, Mapping[str, float]] = {
        **{name: {group: mixture.get(group, 0.0) for group in natural} for name, mixture in given.items()},
        "natural": natural,
        "uniform": dict.fromkeys(natural, 1.0),
    }
    for group in sorted(natural) if len(natural) > 1 else []:
        if without:
            found[WITHOUT + group] = {**natural, group: 0.0}
        if more is not None:
            found[MORE + group] = {**natural, group: natural[group] * more}
    return {name: bounded(mix, limit) for name, mix in found.items()}


def combined(
    natural: Mapping[str, float], gains: Mapping[str, float], limit: Mapping[str, float], more: float
) -> Mapping[str, float]:
    """Natural with all changes made that were gains of their own: more of a group, or, where that was none, none of it.

    gains  by the name of a candidate, how far its loss is below natural's, less the doubt about it; those above 0 count
    """
    factors = {
        group: more if gains.get(MORE + group, 0.0) > 0 else 0.0 if gains.get(WITHOUT + group, 0.0) > 0 else 1.0
        for group in natural
    }
    if not any(factors.values()):
        return natural
    return bounded({group: natural[group] * factors[group] for group in natural}, limit)
