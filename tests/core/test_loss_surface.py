"""The regression: laws with a known answer, and Spearman's coefficient against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import spearmanr

from datapipe.core.mixing.dirichlet import dirichlet_mixes
from datapipe.core.mixing.regression import fit_surface, rank_correlation, rank_correlation_held_out

PRIOR = np.array([0.4, 0.3, 0.2, 0.07, 0.03])
TRIED = dirichlet_mixes(PRIOR, 64, 1, np.ones(5))
NEW = dirichlet_mixes(PRIOR, 300, 2, np.ones(5))


def exponential(mixes: np.ndarray) -> np.ndarray:
    """The law of Ye et al. 2024, Data mixing laws."""
    return 2.0 + 1.5 * np.exp(mixes @ np.array([-3.0, 0.5, -1.0, 1.0, 0.0]))


def logarithmic(mixes: np.ndarray) -> np.ndarray:
    """Each group helps ever less."""
    return 4.0 - np.log(mixes + 0.01) @ np.array([0.5, 0.3, 0.1, 0.1, 0.0])


@pytest.mark.parametrize("law", [exponential, logarithmic])
def test_it_predicts_a_law(law) -> None:
    surface = fit_surface(TRIED, law(TRIED))
    predicted = surface.predict(NEW)
    assert spearmanr(predicted, law(NEW))[0] > 0.99
    assert np.sqrt(((predicted - law(NEW)) ** 2).mean()) < 0.1 * law(NEW).std()
    assert rank_correlation_held_out(surface, TRIED, law(TRIED)) > 0.97


def test_noise_is_seen() -> None:
    noise = np.random.RandomState(0).standard_normal(64)
    assert rank_correlation_held_out(fit_surface(TRIED, noise), TRIED, noise) < 0.3
    even = np.full(64, 3.0)
    assert rank_correlation_held_out(fit_surface(TRIED, even), TRIED, even) == 0
    np.testing.assert_allclose(fit_surface(TRIED, even).predict(NEW), 3.0)
    noisy = logarithmic(TRIED) + 0.1 * noise
    assert spearmanr(fit_surface(TRIED, noisy).predict(NEW), logarithmic(NEW))[0] > 0.95


def test_the_rank_correlation_is_scipys() -> None:
    draw = np.random.RandomState(5)
    for size in (2, 3, 10, 100):
        a, b = draw.randint(0, size, size).astype(float), draw.standard_normal(size)
        expected = spearmanr(a, b)[0] if len(set(a)) > 1 else 0.0
        assert rank_correlation(a, b) == pytest.approx(expected)
