"""What a card warns of, sentence by sentence."""

from __future__ import annotations

from typing import Any

import pytest

from datapipe.engine.training.mixture.doubts import doubts
from datapipe.engine.training.mixture.methods import Asked


def group(weight: float, natural: float, most: float = 1.0) -> dict[str, float]:
    return {"weight": weight, "natural": natural, "most": most}


def facts(**changed: Any) -> dict[str, Any]:
    """Of an answer that nothing is to be said of."""
    losses = {"chosen": (1.0, 2.0), "natural": (1.5, 2.1), "uniform": (1.4, 2.2)}
    return {
        "groups": {"a": group(0.7, 0.5), "b": group(0.3, 0.5)},
        "stability": {"one_hot": [], "spread": {"a": 0.01, "b": 0.01}},
        "effective_groups": 1.8,
        "budget_given": True,
        "seeds": [{"facts": {"rank_correlation_held_out": 0.97}}],
        "parameters": {"smoothing": 0.01},
        "losses": {name: {"t": [target], "held out": [held]} for name, (target, held) in losses.items()},
        **changed,
    }


def losses(target: tuple[float, float, float], held: tuple[float, float, float]) -> dict[str, Any]:
    names = ("chosen", "natural", "uniform")
    return {name: {"t": [t], "held out": [h]} for name, t, h in zip(names, target, held, strict=True)}


def test_a_good_answer_has_none() -> None:
    assert doubts(Asked("dsir"), facts()) == []


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"losses": losses((1.0, 1.00001, 1.2), (2, 2, 2))}, "no gain: the loss on targets is 1.0000, and 1.0000 with nat"),
        ({"losses": losses((1.0, 1.2, 0.9), (2, 2, 2))}, "no gain: the loss on targets is 1.0000, and 0.9000 with uniform"),
        ({"losses": losses((1.0, 1.2, 1.2), (2.3, 2, 2))}, "the groups' own texts pay: their loss is 0.300 above that of"),
        ({"losses": losses((6.0, 6.2, 6.2), (2, 2, 2))}, "nothing here predicts t: its loss is 6.00, and 5.55 where byte"),
        ({"stability": {"one_hot": ["a"], "spread": None}}, "collapse: with one seed at least nearly all went to a (70.0%"),
        ({"groups": {"a": group(0.6, 0.6, 0.6), "b": group(0.4, 0.4, 0.4)}}, "the bounds leave no choice"),
        ({"effective_groups": 0.5}, "uneven: 0.5 effective groups, a has 70.0%"),
        ({"budget_given": False}, "no --budget: shares are bounded"),
        ({"seeds": [{"facts": {"rank_correlation_held_out": 0.1}}]}, "the regression predicts badly: rank correlation 0.10"),
        ({"stability": {"one_hot": [], "spread": {"a": 0.2, "b": 0.1}}}, "seeds differ by 0.200 in the share of a"),
        ({"seeds": [{"facts": {"settled": False, "rounds": [1, 2]}}]}, "not settled: weights still moved"),
    ],
)  # fmt: skip
def test_one_doubt(changed: dict[str, Any], said: str) -> None:
    (found,) = doubts(Asked("dsir"), facts(**changed))
    assert found.startswith(said)


def test_what_is_natural_is_no_collapse_and_doremi_is_held_against_what_groups_hold_out() -> None:
    groups = {"a": group(0.95, 0.95), "b": group(0.05, 0.05)}
    collapse = {"one_hot": ["a"], "spread": None}
    assert doubts(Asked("dsir"), facts(groups=groups, stability=collapse, effective_groups=1.2)) == []
    worse = facts(losses=losses((9.0, 1.0, 1.0), (2.0, 2.1, 2.1)))
    assert [line[:7] for line in doubts(Asked("doremi"), worse)] == ["nothing"]
    (said,) = doubts(Asked("doremi"), facts(losses=losses((1.0, 1.2, 1.2), (2.1, 2.0, 2.2))))
    assert said == "no gain: the loss on what the groups hold out is 2.1000, and 2.0000 with natural shares"
    assert (
        "; is the target that group alone? --set smoothing spreads"
        in doubts(Asked("dsir"), facts(stability=collapse))[0]
    )
    assert "--set smoothing" not in doubts(Asked("ablation"), facts(stability=collapse, parameters={}))[0]
    assert "target" not in doubts(Asked("doremi"), facts(stability=collapse))[0]
