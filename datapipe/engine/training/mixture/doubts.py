"""What a reader should know before using learned weights, a sentence each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datapipe.core.mixing.bound import effective_groups
from datapipe.engine.training.mixture.methods import AIMED, Asked

APART = 0.05  # standard deviation of a group's share over seeds
UNEVEN = 0.3  # of the effective groups that natural shares have
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
    elif facts["effective_groups"] < UNEVEN * effective_groups({name: row["natural"] for name, row in groups.items()}):
        top = max(sorted(groups), key=lambda name: groups[name]["weight"])
        said.append(
            f"uneven: {facts['effective_groups']:.1f} effective groups, {top} has {groups[top]['weight']:.1%}; is that what "
            "was wanted?"
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
            f"seeds differ by {spread[name]:.3f} in the share of {name} (standard deviation); more texts make it surer"
        )
    if any(one["facts"].get("settled") is False and len(one["facts"]["rounds"]) > 1 for one in facts["seeds"]):
        said.append("not settled: weights still moved in the last round")
    fits = [c for one in facts["seeds"] if (c := one["facts"].get("rank_correlation_held_out")) is not None]
    if fits and min(fits) < WORTHLESS:
        said.append(
            f"the regression predicts badly: rank correlation {min(fits):.2f} on mixtures held out; give more --set mixes, or "
            "a larger --sample"
        )
    return said + _no_gain(facts["losses"], asked.method in AIMED)


def _no_gain(losses: Mapping[str, Mapping[str, Sequence[float]]], aimed: bool) -> list[str]:
    means = {}
    for name, rows in losses.items():
        asked = [value for judged, values in rows.items() if (judged != "held out") == aimed for value in values]
        means[name] = float(np.mean(asked)) if asked else 0.0  # no group had a text to hold out
    what = "on targets" if aimed else "on what the groups hold out"
    worse = [name for name in ("natural", "uniform") if means[name] < means["chosen"]]
    if not worse:
        return []
    return [f"no gain: the loss {what} is {means['chosen']:.4f}, and {means[worse[0]]:.4f} with {worse[0]} shares"]
