"""Ablation: the candidates, their ranking by hand, and that a target gets what helps it."""

import numpy as np
import pytest

from datapipe.core.mixing.ablation import Ablation, ranking, standard_error
from datapipe.core.mixing.candidates import candidates, combined
from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.ngram_proxy import NgramProxy
from datapipe.core.seeds import step_seed

KINDS = ("law", "sea", "noise")
WORDS = {"law": "court statute appeal judge plea", "sea": "wave ship salt wind tide"}


def prose(kind: str, count: int, seed: int) -> list[str]:
    """Documents of 30 words; noise has letters alone."""
    random = np.random.default_rng([seed, len(kind)])
    if kind == "noise":
        return ["".join(random.choice(list("qxzjkvw "), 180)) for _ in range(count)]
    return [" ".join(random.choice(WORDS[kind].split(), 30)) + f" {random.integers(1e9)}" for _ in range(count)]


def domains(target: str) -> Domains:
    texts = {kind: prose(kind, 20, 1) for kind in KINDS}
    return Domains(texts, {"law": 3000, "sea": 3000, "noise": 6000}, {"wanted": prose(target, 8, 2)})


def test_candidates() -> None:
    natural = {"a": 0.6, "b": 0.3, "c": 0.1}
    limit = {"a": 1.0, "b": 1.0, "c": 0.2}
    found = candidates(natural, {"mine": {"a": 1, "c": 3}}, limit, True, 4.0)
    assert list(found) == ["mine", "natural", "uniform", *(f"{w}: {g}" for g in "abc" for w in ("without", "more"))]
    assert found["mine"] == pytest.approx({"a": 0.8, "b": 0.0, "c": 0.2})  # of c there is no more than a fifth
    assert found["uniform"] == pytest.approx({"a": 0.4, "b": 0.4, "c": 0.2})
    assert candidates(natural, {"mine": {"a": 1, "d": 0}}, limit, False, None)["mine"]["a"] == 1
    assert found["without: a"] == pytest.approx({"a": 0.0, "b": 0.8, "c": 0.2})  # 0.75 and 0.25 without a bound
    assert found["more: b"] == pytest.approx({"a": 0.6 / 1.9, "b": 1.2 / 1.9, "c": 0.1 / 1.9})
    assert set(candidates(natural, {}, limit, False, None)) == {"natural", "uniform"}
    with pytest.raises(ValueError, match="the mixture mine has a weight for d, of which there are no texts"):
        candidates(natural, {"mine": {"d": 1}}, limit, True, None)


def test_combined_makes_all_changes_that_were_gains() -> None:
    natural = {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1}
    limit = dict.fromkeys(natural, 1.0)
    gains = {"more: a": 0.1, "without: b": 0.2, "more: c": -0.1, "without: d": 0.0, "more: d": 0.3}
    found = combined(natural, gains, limit, 2.0)
    assert found == pytest.approx({"a": 0.8 / 1.2, "b": 0.0, "c": 0.2 / 1.2, "d": 0.2 / 1.2})
    assert combined(natural, {f"without: {name}": 1.0 for name in natural}, limit, 2.0) == natural


def test_ranking_by_hand() -> None:
    rows = ranking({"x": [2.0, 4.0], "y": [1.0, 2.0], "a": [1.5, 1.5]})
    assert [row["mixture"] for row in rows] == ["a", "y", "x"]  # equal means go by name
    assert rows[0] == {"mixture": "a", "loss": 1.5, "error": 0.0, "behind": 0.0, "behind_error": 0.0}
    assert rows[2]["loss"] == 3.0
    assert rows[2]["error"] == pytest.approx(1.0)  # deviation sqrt(2), of two
    assert rows[2]["behind_error"] == pytest.approx(1.0)  # 0.5 and 2.5
    assert standard_error([3.0]) is None


@pytest.mark.parametrize("target", ["law", "sea"])
def test_the_target_gets_what_helps_it(target: str) -> None:
    given = domains(target)
    proxy = NgramProxy()
    lines: list[str] = []
    found = Ablation(proxy, repeats=2).learn(given, 0, lines.append)
    assert found.weights[target] > 0.25 + 0.1  # its natural share is a quarter
    worth = found.facts["worth"]
    assert max(worth, key=lambda name: worth[name]["rise"]) == target
    ranked = {row["mixture"]: row["loss"] for row in found.facts["ranking"]}
    assert len(ranked) == 2 + 2 * 3 + 1
    assert next(iter(ranked)) in ("combined", "without: noise", f"more: {target}")
    assert ranked[f"more: {target}"] < ranked["natural"] < ranked["more: noise"]
    for seed in range(3):
        chosen = proxy.losses(given, found.weights, seed)["wanted"]
        assert chosen < proxy.losses(given, {"law": 1, "sea": 1, "noise": 2}, seed)["wanted"]
        assert chosen < proxy.losses(given, {"law": 1, "sea": 1, "noise": 1}, seed)["wanted"]
    assert len(lines) == 2 * len(ranked)


def test_losses_are_of_the_same_seeds_for_all_and_equal_runs_are_equal() -> None:
    given = domains("sea")
    found = Ablation(NgramProxy(), without=False, more=None, repeats=2, given={"mine": {"sea": 1}})
    learned = found.learn(given, 5, lambda line: None)
    assert learned == found.learn(given, 5, lambda line: None)
    assert learned.weights == {"law": 0.0, "noise": 0.0, "sea": 1.0}
    seeds = [step_seed(5, f"ablation {number}") for number in range(2)]
    losses = [NgramProxy().losses(given, {"sea": 1}, seed)["wanted"] for seed in seeds]
    row = learned.facts["ranking"][0]
    assert (row["mixture"], row["loss"]) == ("mine", pytest.approx(np.mean(losses)))
    assert learned.facts["worth"] == {}


def test_without_a_target_the_held_out_losses_count() -> None:
    given = Domains(domains("sea").texts, domains("sea").available)
    found = Ablation(NgramProxy(), repeats=1).learn(given, 0, lambda line: None)
    assert found.facts["ranking"][0]["error"] is None
    assert sum(found.weights.values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="repeats is 0"):
        Ablation(NgramProxy(), repeats=0)
