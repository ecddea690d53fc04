"""RegMix with proxies whose loss is a law: the search finds the best mixture there is, within the bounds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from datapipe.core.mixing.bound import limits
from datapipe.core.mixing.method import Domains, Proxy
from datapipe.core.mixing.regmix import RegMix

GROUPS = {"a": 500, "b": 300, "c": 150, "d": 50}
DOMAINS = Domains({name: ["text"] for name in GROUPS}, GROUPS, {"t": ["wanted"]})
WORTH = {"a": 0.1, "b": 0.0, "c": 0.3, "d": 0.6}


class Law(Proxy):
    """Cross-entropy of WORTH: least where the weights are WORTH."""

    def __init__(self) -> None:
        self.asked: list[Mapping[str, float]] = []

    def losses(self, domains: Domains, weights: Mapping[str, float], seed: int) -> Mapping[str, float]:
        self.asked.append(weights)
        loss = -sum(worth * np.log(weights[name] + 0.01) for name, worth in WORTH.items())
        return {"t": float(loss), "held out: a": 9.0}


def tell(said: str) -> None:
    """Nothing is shown."""


def loss(weights: Mapping[str, float]) -> float:
    return Law().losses(DOMAINS, weights, 0)["t"]


def test_it_finds_the_best_mixture() -> None:
    law = Law()
    found = RegMix(law, mixes=48, closer=16, draws=20_000, max_epochs=100.0).learn(DOMAINS, 3, tell)
    assert len(law.asked) == found.facts["proxies"] == 64
    assert found.facts["rank_correlation_held_out"] > 0.95
    for name, share in WORTH.items():
        assert found.weights[name] == pytest.approx(share, abs=0.08)
    assert loss(found.weights) < loss(WORTH) + 0.03
    assert loss(found.weights) < min(map(loss, law.asked)) + 0.02
    assert found.facts["loss_predicted"] == pytest.approx(loss(found.weights), abs=0.05)
    assert sum(found.weights.values()) == pytest.approx(1)


@pytest.mark.parametrize(("budget", "epochs"), [(None, 4.0), (1000.0, 4.0), (500.0, 1.0), (4000.0, 4.0)])
def test_no_share_goes_beyond_what_there_is(budget: float | None, epochs: float) -> None:
    law = Law()
    method = RegMix(law, mixes=32, closer=8, draws=2000, best=32, max_epochs=epochs, budget=budget)
    found = method.learn(DOMAINS, 3, tell)
    most = limits(DOMAINS, epochs, budget)
    assert all(w[name] <= most[name] + 1e-9 for w in [found.weights, *law.asked, *found.history] for name in most)
    if budget == 4000:  # all of it, four times: nothing can be chosen
        assert found.weights == pytest.approx({name: size / 1000 for name, size in GROUPS.items()})
    else:
        assert found.weights["d"] > 0.9 * most["d"]  # the best group is taken as far as it goes


def test_it_is_the_same_each_time_whatever_the_order() -> None:
    method = RegMix(Law(), mixes=32, closer=8, draws=2000, best=32)
    turned = Domains(dict(reversed(DOMAINS.texts.items())), dict(reversed(GROUPS.items())), DOMAINS.target)
    assert method.learn(DOMAINS, 3, tell) == method.learn(turned, 3, tell)
    assert method.learn(DOMAINS, 3, tell).weights != method.learn(DOMAINS, 4, tell).weights


def test_smoothing_leaves_no_group_out() -> None:
    found = RegMix(Law(), mixes=32, closer=8, draws=2000, best=32, smoothing=0.2, max_epochs=100.0)
    assert min(found.learn(DOMAINS, 3, tell).weights.values()) >= 0.05


@pytest.mark.parametrize("wrong", [{"mixes": 3}, {"best": 0}, {"best": 10, "draws": 5, "closer": 0}, {"closer": -1}])
def test_what_cannot_be(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="expected"):
        RegMix(Law(), **wrong)
