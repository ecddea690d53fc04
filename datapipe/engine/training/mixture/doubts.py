"""What a reader should know before using learned weights, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datapipe.engine.training.mixture.methods import AIMED, Asked

APART = 0.05  # standard deviation of a group's share over seeds
MOVING = 0.1  # of the whole, in the last round
WORTHLESS = 0.7  # rank correlation; RegMix reports 0.97 and more


def doubts(asked: Asked, facts: Mapping[str, Any]) -> list[str]:
    """Collapse, seeds that differ, a fit that predicts badly, a loss that is not lower."""
    said = []
    groups, held = facts["groups"], facts["stability"]
    if held["one_hot"]:
        top = max(sorted(groups), key=lambda name: groups[name]["weight"])
        said.append(
            f"nearly all is {top} ({groups[top]['weight']:.1%} on average) with one seed at least: is the target that group "
            "alone? --set smoothing spreads, --budget and --max-epochs bound"
        )
    if not facts["budget_given"]:
        said.append(
            "no --budget: shares are bounded as if the training were as long as all the texts; say how long it will be"
        )
    spread = held["spread"] or {}
    uneven = [name for name, value in spread.items() if value > APART]
    if uneven:
        name = max(uneven, key=lambda n: spread[n])
        said.append(
            f"seeds differ by {spread[name]:.3f} in the share of {name} (standard deviation): give a larger --sample"
        )
    last = [one["changes"][-1] for one in held["seeds"] if one["changes"]]
    if last and max(last) > MOVING:
        said.append(f"not settled: {max(last):.0%} of the whole moved in the last round")
    fits = [c for one in facts["seeds"] if (c := one["facts"].get("rank_correlation_held_out")) is not None]
    if fits and min(fits) < WORTHLESS:
        said.append(
            f"the regression predicts badly: rank correlation {min(fits):.2f} on mixtures held out; give more --set mixes, or "
            "a larger --sample"
        )
    return said + (_no_gain(facts["losses"]) if asked.method in AIMED else [])


def _no_gain(losses: Mapping[str, Mapping[str, Sequence[float]]]) -> list[str]:
    means = {
        name: float(np.mean([values for target, values in rows.items() if target != "held out"]))
        for name, rows in losses.items()
    }
    worse = [name for name in ("natural", "uniform") if means[name] <= means["chosen"]]
    if not worse:
        return []
    return [f"no gain: the loss on targets is {means['chosen']:.4f}, and {means[worse[0]]:.4f} with {worse[0]} shares"]
