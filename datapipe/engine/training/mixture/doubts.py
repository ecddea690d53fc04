"""What a reader should know before using learned weights, a sentence each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import log
from typing import Any

import numpy as np

from datapipe.core.mixing.portions import ALL_HELD_OUT
from datapipe.core.mixing.stability import ONE_HOT, effective_groups
from datapipe.engine.training.mixture.methods import AIMED, Asked

NATURAL = 2 * ONE_HOT - 1  # of the whole: where others had no more than twice what a collapse leaves them, it is none
APART = 0.05  # standard deviation of a group's share over seeds
UNEVEN = 0.3  # of the effective groups that natural shares have
WORTHLESS = 0.7  # rank correlation; RegMix reports 0.97 and more
SAME = 5e-5  # nats a byte: losses are shown to four digits
GUESSED = log(256)  # nats a byte


def doubts(asked: Asked, facts: Mapping[str, Any]) -> list[str]:
    """Collapse, seeds that differ, a fit that predicts badly, a loss that is not lower."""
    aimed = asked.method in AIMED
    said = [*_uneven(facts, aimed)]
    if not facts["budget_given"]:
        said.append(
            "no --budget: shares are bounded as if the training were as long as all the texts; say how long it will be"
        )
    spread = facts["stability"]["spread"] or {}
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
    return [*said, *_losses(facts["losses"], aimed)]


def _uneven(facts: Mapping[str, Any], aimed: bool) -> Iterator[str]:
    """Of a collapse, though the bound hides it, and of bounds that left no choice."""
    groups = facts["groups"]
    most = sum(row["most"] for row in groups.values())
    collapsed = [name for name in facts["stability"]["one_hot"] if groups[name]["natural"] < NATURAL]
    natural = effective_groups({name: row["natural"] for name, row in groups.items()})
    if most <= 1:
        yield "the bounds leave no choice: each group has what there is of it, --max-epochs times"
    elif collapsed:
        tops = ", ".join(f"{name} ({groups[name]['weight']:.1%} of the answer)" for name in collapsed)
        spreads = "--set smoothing spreads, " if "smoothing" in facts["parameters"] else ""
        alone = "is the target that group alone? " if aimed else ""
        yield f"collapse: with one seed at least nearly all went to {tops}; {alone}{spreads}--budget and --max-epochs bound"
    elif facts["effective_groups"] < UNEVEN * natural:
        top = max(sorted(groups), key=lambda name: groups[name]["weight"])
        yield (
            f"uneven: {facts['effective_groups']:.1f} effective groups, {top} has {groups[top]['weight']:.1%}; is that what "
            "was wanted?"
        )


def _losses(losses: Mapping[str, Mapping[str, Sequence[float]]], aimed: bool) -> Iterator[str]:
    """Of no gain, of a target that nothing here predicts, and of what the groups' own texts pay."""
    of_targets = _means(losses, lambda name: name != ALL_HELD_OUT)
    of_groups = _means(losses, lambda name: name == ALL_HELD_OUT)
    what, means = ("on targets", of_targets) if aimed else ("on what the groups hold out", of_groups)
    if not means:
        return  # no group had a text to hold out
    chosen = means["chosen"]
    if worse := [name for name in ("natural", "uniform") if means[name] < chosen + SAME]:
        yield f"no gain: the loss {what} is {chosen:.4f}, and {means[worse[0]]:.4f} with {worse[0]} shares"
    for name, values in losses["chosen"].items():
        if name != ALL_HELD_OUT and np.mean(values) > GUESSED:
            yield f"nothing here predicts {name}: its loss is {np.mean(values):.2f}, and {GUESSED:.2f} where bytes are guessed"
    if aimed and of_groups:
        paid, gained = of_groups["chosen"] - of_groups["natural"], means["natural"] - chosen
        if paid > gained > 0:
            yield (
                f"the groups' own texts pay: their loss is {paid:.3f} above that of natural shares, the targets' {gained:.3f} "
                "below; for a model of more than the targets give texts of the rest as a target, too"
            )


def _means(losses: Mapping[str, Mapping[str, Sequence[float]]], asked: Callable[[str], bool]) -> dict[str, float]:
    """Mixture -> the mean loss over what is asked and over seeds; nothing where nothing of it was judged."""
    found = {
        name: [v for judged, values in rows.items() if asked(judged) for v in values] for name, rows in losses.items()
    }
    return {name: float(np.mean(values)) for name, values in found.items() if values}
