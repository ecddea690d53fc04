"""DoReMi's rounds, mean and bound, with learners whose losses are known."""

from collections.abc import Mapping

import numpy as np
import pytest

from datapipe.core.mixing.doremi import DoReMi, Learner, Update
from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.stability import effective_groups, stability

DOMAINS = Domains({"a": ["aa"], "b": ["bb"], "c": ["cc"], "empty": []}, {"a": 60, "b": 30, "c": 10, "empty": 0})


FREE = 1e9  # epochs: no bound


class Scripted(Learner):
    """Tells the excess of a script, and remembers what it was asked."""

    def __init__(self, excess: list[list[float]], tokens: list[list[int]]) -> None:
        self.script = list(zip(np.array(excess), np.array(tokens), strict=True))
        self.asked: list[dict[str, float]] = []
        self.told: list[list[float]] = []

    def groups(self, domains: Domains, seed: int) -> list[str]:
        return sorted(name for name, texts in domains.texts.items() if texts)

    def vocabulary(self, domains: Domains, seed: int) -> int:
        return 8

    def contest(self, domains: Domains, reference: Mapping[str, float], seed: int, update: Update) -> None:
        self.asked.append(dict(reference))
        for excess, tokens in self.script:
            self.told.append(update(excess.astype(float), tokens).tolist())


class Slow(Scripted):
    """Each group's loss falls to the reference's with what it is weighed; c falls ten times as slowly."""

    def contest(self, domains: Domains, reference: Mapping[str, float], seed: int, update: Update) -> None:
        over, pace = np.array([1.0, 1.0, 1.0]), np.array([1.0, 1.0, 0.1])
        for _ in range(200):
            weights = update(over * 10, np.full(3, 10))
            over *= np.exp(-0.3 * pace * weights)


def test_answer_is_the_mean_of_all_steps() -> None:
    learner = Scripted([[0, 0, 0], [0, 2 * np.log(4), 0]], [[1, 1, 0], [1, 2, 1]])
    found = DoReMi(learner, smoothing=0.0, rounds=1, max_epochs=FREE).learn(DOMAINS, 0, lambda line: None)
    # c was absent and counts log 8 at first: 1/10, 1/10, 8/10; then b four times: 1/13, 4/13, 8/13
    first, second = np.array([1, 1, 8]) / 10, np.array([1, 4, 8]) / 13
    assert learner.told[0] == pytest.approx(first.tolist())
    assert learner.told[1] == pytest.approx(second.tolist())
    assert [found.weights[name] for name in "abc"] == pytest.approx(((first + second) / 2).tolist())
    assert found.weights["empty"] == 0
    assert len(found.facts["course"]) == 2
    assert found.facts["course"][0] == pytest.approx(dict(zip("abc", first, strict=True)))
    assert found.history[0] == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1})
    assert found.history[1:] == [{name: found.weights[name] for name in "abc"}]


def test_first_reference_is_natural_and_the_next_the_answer_before() -> None:
    learner = Scripted([[0, 1, 0]], [[1, 1, 1]])
    lines: list[str] = []
    found = DoReMi(learner, rounds=5, tolerance=1e-6).learn(DOMAINS, 0, lines.append)
    assert learner.asked[0] == pytest.approx({"a": 0.6, "b": 0.3, "c": 0.1})
    assert learner.asked[1] == pytest.approx({name: found.weights[name] for name in "abc"})
    assert len(learner.asked) == len(lines) == 2  # the second round gives the same: it is the last
    assert [row["change"] > 1e-6 for row in found.facts["rounds"]] == [True, False]
    assert found.facts["settled"]
    assert not DoReMi(learner, rounds=1).learn(DOMAINS, 0, lines.append).facts["settled"]


def test_a_collapse_is_seen_and_bounded() -> None:
    learner = Scripted([[0, 0, 9.0]] * 30, [[1, 1, 1]] * 30)
    free = DoReMi(learner, rounds=1, max_epochs=FREE).learn(DOMAINS, 0, lambda line: None)
    assert free.weights["c"] > 0.99
    assert stability([free])["one_hot"] == ["c"]
    assert free.free == pytest.approx(free.weights)
    found = DoReMi(learner, rounds=1, max_epochs=4.0).learn(DOMAINS, 0, lambda line: None)
    assert found.weights["c"] == pytest.approx(0.4)  # a tenth of all there is, four times
    assert found.free == pytest.approx(free.weights)
    told = stability([found])
    assert told["one_hot"] == ["c"]
    assert told["seeds"][0]["largest"] != ("c", pytest.approx(free.weights["c"]))
    assert told["seeds"][0]["free"]["largest"] == ("c", pytest.approx(free.weights["c"]))
    even = DoReMi(learner, rounds=1, max_epochs=FREE, smoothing=0.5).learn(DOMAINS, 0, lambda line: None)
    assert effective_groups(even.weights) > 1.5


def test_weight_moves_to_what_is_learnt_slowly() -> None:
    found = DoReMi(Slow([], []), rounds=1, max_epochs=FREE, eta=0.1).learn(DOMAINS, 0, lambda line: None)
    assert found.weights["c"] > 2 * found.weights["a"]
    assert found.weights["a"] == pytest.approx(found.weights["b"])


def test_what_cannot_be() -> None:
    wrong = ({"rounds": 0}, {"eta": float("inf")}, {"tolerance": float("nan")}, {"smoothing": 2.0})
    for one in wrong:
        with pytest.raises(ValueError, match=f"{next(iter(one))} is .*, expected"):
            DoReMi(Scripted([], []), **one)
