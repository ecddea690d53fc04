"""DoReMi's update by hand, and what holds for any excess."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datapipe.core.mixing.group_dro import scores, updated


def test_update_by_hand() -> None:
    # log w + eta x score = log 1/2 + log 3, log 1/2: shares 3/4 and 1/4, then 0.9 of them and 0.1 / 2
    found = updated(np.array([0.5, 0.5]), np.array([np.log(3), 0.0]), eta=1.0, smoothing=0.1)
    assert found.tolist() == pytest.approx([0.725, 0.275])
    half = updated(np.array([0.2, 0.8]), np.array([2 * np.log(4), 0.0]), eta=0.5, smoothing=0.0)
    assert half.tolist() == pytest.approx([0.5, 0.5])


def test_two_steps_by_hand() -> None:
    first = updated(np.array([0.25, 0.75]), np.array([np.log(9), np.log(3)]), 1.0, 0.2)
    assert first.tolist() == pytest.approx([0.8 * 0.5 + 0.1, 0.8 * 0.5 + 0.1])
    again = updated(first, np.array([0.0, 0.0]), 1.0, 0.2)
    assert again.tolist() == pytest.approx([0.5, 0.5])


def test_an_absent_domain_keeps_its_score() -> None:
    last = np.array([np.log(512), 0.3, 0.1])
    found = scores(last, np.array([0.0, 6.0, 0.0]), np.array([0, 4, 5]))
    assert found.tolist() == pytest.approx([np.log(512), 1.5, 0.0])


def test_a_weight_that_has_vanished_is_no_infinity() -> None:
    found = updated(np.array([0.0, 1.0]), np.array([3.0, 0.0]), eta=1.0, smoothing=0.0)
    assert found.tolist() == pytest.approx([0.0, 1.0])


def test_large_scores_do_not_overflow() -> None:
    found = updated(np.array([0.5, 0.5]), np.array([5000.0, 0.0]), 1.0, 1e-3)
    assert found.tolist() == pytest.approx([0.9995, 0.0005])


_SCORES = st.lists(st.floats(0, 1000), min_size=1, max_size=12)


@settings(max_examples=200, deadline=None)
@given(_SCORES, st.floats(0, 10), st.floats(1e-6, 1), st.integers(0, 2**32))
def test_shares_stay_shares(score: list[float], eta: float, smoothing: float, seed: int) -> None:
    before = np.random.default_rng(seed).dirichlet(np.ones(len(score)))
    before = (1 - smoothing) * before + smoothing / len(score)
    after = updated(before, np.array(score), eta, smoothing)
    assert after.sum() == pytest.approx(1)
    assert (after >= smoothing / len(score) * (1 - 1e-9)).all()
    moved = updated(before, np.array(score) + 7.5, eta, smoothing)
    assert moved == pytest.approx(after, abs=1e-9)  # what all have in common moves nothing
    order = np.argsort(score)[::-1]
    assert updated(before[order], np.array(score)[order], eta, smoothing) == pytest.approx(after[order], abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(_SCORES)
def test_from_even_weights_the_larger_excess_weighs_more(score: list[float]) -> None:
    after = updated(np.full(len(score), 1 / len(score)), np.array(score), 1.0, 1e-3)
    order = np.argsort(score, kind="stable")
    assert (np.diff(after[order]) >= -1e-12).all()
