"""Metrics against the values of scikit-learn 1.9."""

from __future__ import annotations

import numpy as np
import pytest

from datapipe.core.classifier.metrics import at_threshold, auc, average_precision, calibration, threshold_table

# Scores with many ties: numpy.random.default_rng(7), rounded to tenths.
SCORES = np.array([
    2, 5, 3, 7, 4, 3, 6, 6, 7, 1, 5, 8, 2, 3, 4, 7, 6, 3, 3, 3, 10, 5, 3, 7, 6, 4, 1, 4, 3, 7, 6, 6, 8, 6, 7, 6, 8, 3, 5,
    2, 1, 3, 2, 4, 10, 2, 5, 5, 5, 4, 6, 6, 8, 4, 6, 7, 1, 7, 2, 6,
]) / 10  # fmt: skip
POSITIVE = np.array([
    0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0,
    1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 1, 0, 0,
], np.bool_)  # fmt: skip


def test_they_equal_scikit_learn() -> None:
    assert auc(SCORES, POSITIVE) == pytest.approx(0.7085714285714286)  # roc_auc_score
    assert average_precision(SCORES, POSITIVE) == pytest.approx(0.6081414585414586)  # average_precision_score
    found = at_threshold(SCORES, POSITIVE, 0.5)
    expected = (0.5757575757575758, 0.76, 0.6551724137931034, 2 / 3)  # precision_recall_fscore_support, accuracy_score
    assert [found[name] for name in ("precision", "recall", "f1", "accuracy")] == pytest.approx(expected)


def test_the_calibration_error_is_the_mean_of_the_bins() -> None:
    found = calibration(SCORES, POSITIVE)
    assert found["expected_error"] == pytest.approx(0.13833333333333333)
    assert sum(row["rows"] for row in found["bins"]) == len(SCORES)
    perfect = calibration(np.array([0.0, 0.0, 1.0]), np.array([False, False, True]))
    assert perfect["expected_error"] == 0


def test_the_auc_is_the_share_of_pairs_in_order() -> None:
    scores, positive = np.array([0.3, np.nan, 0.3, 0.9, 0.1]), np.array([True, True, False, False, False])
    pairs = [(p, n) for p in (0.3, -1) for n in (0.3, 0.9, 0.1)]  # no score: below all
    assert auc(scores, positive) == pytest.approx(sum(1.0 if p > n else 0.5 if p == n else 0 for p, n in pairs) / 6)
    assert auc(scores, np.ones(5, np.bool_)) is None
    assert average_precision(scores, np.zeros(5, np.bool_)) is None


def test_thresholds_keep_the_top_of_the_negatives() -> None:
    scores = np.concatenate([np.linspace(0, 0.99, 100), np.linspace(0.5, 1, 50)])
    positive = np.arange(150) >= 100
    tops = {row["top_of_negatives"]: row for row in threshold_table(scores, positive) if "top_of_negatives" in row}
    assert sorted(tops) == [0.01, 0.05, 0.1, 0.2, 0.5]
    for share, row in tops.items():
        assert row["negatives_above"] == pytest.approx(share)
        assert row["positives_above"] == pytest.approx((scores[100:] >= row["threshold"]).mean())
    thresholds = [row["threshold"] for row in threshold_table(scores, positive)]
    assert thresholds == sorted(thresholds)


def test_without_rows_nothing_is_known() -> None:
    none = np.zeros(0)
    assert at_threshold(none, none.astype(np.bool_), 0.5)["precision"] is None
    assert calibration(none, none.astype(np.bool_)) == {"expected_error": 0.0, "bins": []}
    assert len(threshold_table(none, none.astype(np.bool_))) == 9
