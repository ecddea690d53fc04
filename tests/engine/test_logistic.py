"""Logistic regression against scikit-learn's (golden values, 1.9), and what must hold at the minimum."""

from __future__ import annotations

import numpy as np
import pytest

from datapipe.engine.training.logistic import Rows, fit

X = np.array([
    [2, 0, 0, 0, 0, 3, 3, 0], [2, 3, 0, 0, 0, 1, 0, 0], [3, 2, 0, 3, 0, 0, 0, 0], [0, 1, 3, 0, 0, 2, 0, 0],
    [0, 2, 0, 0, 0, 0, 3, 3], [0, 0, 0, 0, 2, 3, 0, 3], [0, 0, 1, 0, 0, 2, 1, 0], [1, 0, 0, 3, 3, 0, 0, 0],
    [0, 0, 3, 0, 3, 0, 2, 0], [0, 1, 1, 0, 1, 0, 0, 0], [0, 2, 3, 0, 0, 0, 0, 1], [0, 0, 0, 0, 2, 0, 2, 2],
])  # fmt: skip
TARGET = np.array([1, 0, 1, 1, 0, 0, 1, 0, 1, 1, 0, 1], np.bool_)
GOLDEN = {  # LogisticRegression(C=…, tol=1e-12).fit(X, TARGET): coef_, intercept_
    1.0: ([0.250059, -0.891339, 0.200751, -0.187859, -0.388218, -0.070782, 0.492478, -0.798272], 1.662639),
    10.0: ([1.327186, -3.35076, 0.146826, -0.922421, -1.970773, -0.576863, 1.148151, -1.741309], 6.495692),
}


def sparse(matrix: np.ndarray) -> Rows:
    row, column = np.nonzero(matrix)
    ends = np.append(0, np.cumsum(np.bincount(row, minlength=len(matrix))))
    return Rows(ends, column.astype(np.int32), matrix[row, column].astype(np.float32), matrix.shape[1])


@pytest.mark.parametrize("strength", [1.0, 10.0])
def test_it_equals_scikit_learn(strength: float) -> None:
    weights, intercept = fit(sparse(X), TARGET, strength)
    expected, beside = GOLDEN[strength]
    assert weights.tolist() == pytest.approx(expected, abs=1e-5)
    assert intercept == pytest.approx(beside, abs=1e-5)


def test_the_gradient_is_zero_at_the_end() -> None:
    random = np.random.default_rng(2)
    matrix = random.poisson(0.02, (400, 1000)) * random.random((400, 1000))
    target = random.random(400) < 0.1
    rows = sparse(matrix)
    weights, intercept = fit(rows, target, 10.0)
    chance = 1 / (1 + np.exp(-rows.times(np.append(weights, intercept))))
    gradient = 10 * rows.sums(chance - target) + np.append(weights, 0)
    assert np.abs(gradient).max() < 1e-5
    assert chance.mean() == pytest.approx(target.mean(), abs=1e-6)  # as the intercept has no penalty
    again = fit(rows, target, 10.0)
    np.testing.assert_array_equal(again[0], weights)


def test_columns_nobody_has_weigh_nothing() -> None:
    weights, _ = fit(sparse(np.hstack([X, np.zeros((12, 3), np.int64)])), TARGET, 1.0)
    assert weights[-3:].tolist() == [0, 0, 0]
    assert weights[:8].tolist() == pytest.approx(GOLDEN[1.0][0], abs=1e-5)
