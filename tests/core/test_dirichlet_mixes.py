"""Mixtures at random: RegMix's law, and no share above its bound."""

from __future__ import annotations

import numpy as np
import pytest

from datapipe.core.mixing.dirichlet import LEAST, dirichlet_mixes

PRIOR = np.array([0.6, 0.3, 0.08, 0.02])
FREE = np.ones(4)


def test_they_are_mixtures_and_none_twice() -> None:
    mixes = dirichlet_mixes(PRIOR, 400, 7, FREE)
    assert mixes.shape == (400, 4)
    np.testing.assert_allclose(mixes.sum(1), 1)
    assert (mixes >= 0).all()
    apart = np.abs(mixes[:, None] - mixes[None]).sum(-1)[np.triu_indices(400, 1)]
    assert apart.min() > LEAST / 2


def test_they_go_from_one_group_alone_to_the_prior() -> None:
    mixes = dirichlet_mixes(PRIOR, 4000, 7, FREE)
    centre = PRIOR**0.5 / (PRIOR**0.5).sum()
    np.testing.assert_allclose(mixes.mean(0), centre, atol=0.03)
    assert (mixes.max(0) > 0.9).all()  # the smallest group, too
    assert (np.abs(mixes - centre).sum(1) < 0.3).any()


@pytest.mark.parametrize("most", [[0.5, 0.5, 0.5, 0.1], [0.3, 0.3, 0.3, 0.1], [1.0, 0.05, 0.05, 0.05]])
def test_no_share_is_above_its_bound(most: list[float]) -> None:
    mixes = dirichlet_mixes(PRIOR, 200, 3, np.array(most))
    assert len(mixes) == 1 if np.isclose(sum(most), 1) else len(mixes) == 200
    assert (mixes <= np.array(most) + 1e-9).all()
    np.testing.assert_allclose(mixes.sum(1), 1)


def test_the_seed_alone_decides() -> None:
    one, again, other = (dirichlet_mixes(PRIOR, 50, seed, FREE) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert not np.array_equal(one, other)


def test_where_there_are_few_mixtures_it_ends() -> None:
    few = dirichlet_mixes(np.array([0.98, 0.02]), 2000, 1, np.array([1.0, 0.08]))
    assert 300 < len(few) <= 401  # 0 to 0.08 in steps of 2e-4
    assert (few[:, 1] <= 0.08 + 1e-12).all()
