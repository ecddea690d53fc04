"""Shares within what there is, and how even and how stable they are."""

from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq

from datapipe.core.mixing.bound import bounded, limits, within
from datapipe.core.mixing.method import Domains, Learned
from datapipe.core.mixing.stability import distance, effective_groups, entropy, mean, stability


def test_limits_are_epochs_of_what_there_is() -> None:
    domains = Domains({"a": ["x"], "b": ["y"]}, {"a": 10, "b": 90})
    assert limits(domains, 4.0) == {"a": 0.4, "b": 1.0}
    assert limits(domains, 1.0, budget=200.0) == {"a": 0.05, "b": 0.45}


def test_what_is_over_goes_to_the_others_by_their_weights() -> None:
    assert bounded({"a": 0.8, "b": 0.15, "c": 0.05}, {"a": 0.6, "b": 1, "c": 1}) == pytest.approx(
        {"a": 0.6, "b": 0.3, "c": 0.1}
    )
    # b is full in its turn: 0.6 + 0.25, and c has the rest
    assert bounded({"a": 0.8, "b": 0.15, "c": 0.05}, {"a": 0.6, "b": 0.25, "c": 1}) == pytest.approx(
        {"a": 0.6, "b": 0.25, "c": 0.15}
    )


def test_a_one_hot_answer_spills_to_groups_without_weight_last() -> None:
    assert bounded({"a": 1, "b": 0, "c": 0}, {"a": 0.4, "b": 0.9, "c": 0.3}) == pytest.approx(
        {"a": 0.4, "b": 0.45, "c": 0.15}
    )
    assert bounded({"a": 1, "b": 0}, {"a": 0.2, "b": 0.3}) == pytest.approx({"a": 0.4, "b": 0.6})


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.floats(1e-3, 1), st.floats(0.05, 1)), min_size=2, max_size=10))
def test_bounded_is_the_water_filling(pairs: list[tuple[float, float]]) -> None:
    weights = {str(i): weight for i, (weight, _) in enumerate(pairs)}
    limit = {str(i): most for i, (_, most) in enumerate(pairs)}
    found = bounded(weights, limit)
    assert sum(found.values()) == pytest.approx(1)
    if sum(limit.values()) < 1.001:
        return
    # the same by solving for the level: sum of min(limit, level x weight) is 1
    level = brentq(lambda t: sum(min(limit[n], t * weights[n]) for n in weights) - 1, 0, 1e6, xtol=1e-12)
    assert found == pytest.approx({n: min(limit[n], level * weights[n]) for n in weights}, abs=1e-6)


def test_many_mixtures_are_bounded_as_each_alone() -> None:
    rows = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0], [0.2, 0.4, 0.4], [0.0, 3.0, 0.0]])
    most = np.array([0.4, 1.0, 0.5])
    found = within(rows, most)
    np.testing.assert_allclose(found[0], [0.4, 0.4, 0.2])
    np.testing.assert_allclose(found[1], [0.4, 0.4, 0.2])  # by their bounds, for they had nothing
    np.testing.assert_allclose(found[2:], [[0.2, 0.4, 0.4], [0, 1, 0]])
    np.testing.assert_allclose(found, [within(row, most) for row in rows], atol=1e-15)
    np.testing.assert_allclose(within(rows, most / 2), [most / most.sum()] * 4)


def test_a_collapse_that_the_bound_hides_is_told() -> None:
    hidden = stability([Learned({"a": 0.4, "b": 0.3, "c": 0.3}, free={"a": 0.97, "b": 0.01, "c": 0.02})])
    assert hidden["one_hot"] == ["a"]
    assert hidden["seeds"][0]["largest"] == ("a", 0.4)
    assert hidden["seeds"][0]["free"]["largest"] == ("a", 0.97)
    assert hidden["seeds"][0]["free"]["effective_groups"] < 1.2


def test_entropy_and_distance() -> None:
    assert entropy({"a": 3, "b": 3}) == pytest.approx(log(2))
    assert effective_groups({"a": 1, "b": 1, "c": 1, "d": 0}) == pytest.approx(3)
    assert entropy({"a": 1, "b": 0}) == 0
    assert distance({"a": 1.0}, {"b": 1.0}) == 1
    assert distance({"a": 0.7, "b": 0.3}, {"a": 0.5, "b": 0.5}) == pytest.approx(0.2)


def test_stability_over_seeds() -> None:
    one = Learned({"a": 0.6, "b": 0.3, "c": 0.1}, [{"a": 0.2, "b": 0.4, "c": 0.4}, {"a": 0.6, "b": 0.3, "c": 0.1}])
    two = Learned({"a": 0.4, "b": 0.5, "c": 0.1})
    found = stability([one, two])
    assert found["seeds"][0]["changes"] == pytest.approx([0.4])
    assert found["seeds"][0]["largest"] == ("a", 0.6)
    assert found["spread"] == pytest.approx({"a": np.std([0.6, 0.4], ddof=1), "b": np.std([0.3, 0.5], ddof=1), "c": 0})
    assert found["apart"] == pytest.approx(0.2)
    assert found["one_hot"] == []
    assert found["seeds"][0]["free"] is None
    assert mean([one.weights, two.weights]) == pytest.approx({"a": 0.5, "b": 0.4, "c": 0.1})
    assert stability([Learned({"a": 0.96, "b": 0.02, "c": 0.02}), one])["one_hot"] == ["a"]
    assert stability([Learned({"a": 0.04, "b": 0.96})])["one_hot"] == ["b"]
    assert stability([one])["spread"] is None
