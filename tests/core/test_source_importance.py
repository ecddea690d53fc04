"""DSIR by source: shares of a mixture made by hand are found again, and are those of the least divergence."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from datapipe.core.importance.features import counts_of_texts
from datapipe.core.mixing.method import Domains
from datapipe.core.mixing.source_importance import PRIOR, SourceImportance

WORDS = {"a": "river stone water bank", "b": "def return import class", "c": "court law appeal judge"}


def texts(name: str, count: int, seed: int) -> list[str]:
    draw = np.random.RandomState(seed)
    vocabulary = [*WORDS[name].split(), "the", "of", "and"]
    return [" ".join(draw.choice(vocabulary, 60)) for _ in range(count)]


def tell(said: str) -> None:
    """Nothing is shown."""


SOURCES = {name: texts(name, 200, n) for n, name in enumerate(WORDS)}
SIZES = {name: sum(map(len, found)) for name, found in SOURCES.items()}
METHOD = SourceImportance(max_epochs=100.0, smoothing=0.0, share=1.0)


@pytest.mark.parametrize(
    "shares", [{"a": 100, "b": 50, "c": 50}, {"a": 10, "b": 190, "c": 0}, {"a": 0, "b": 0, "c": 90}]
)
def test_a_known_mixture_is_found(shares: dict[str, int]) -> None:
    target = [text for n, name in enumerate(shares) for text in texts(name, shares[name], 50 + n)]
    found = METHOD.learn(Domains(SOURCES, SIZES, {"t": target}), 0, tell)
    for name, count in shares.items():
        assert found.weights[name] == pytest.approx(count / sum(shares.values()), abs=0.03)
    assert found.facts["divergence"]["found"] < found.facts["divergence"]["uniform"]


@pytest.mark.parametrize("most", [{}, {"c": 0.3}, {"c": 0.3, "a": 0.5}])
def test_no_other_shares_come_nearer(most: dict[str, float]) -> None:
    """Against all shares of a grid within the bounds."""
    target = [*texts("a", 30, 8), *texts("c", 60, 9)]
    there = {name: round(1e6 * most.get(name, 1.0)) for name in SOURCES}
    method = replace(METHOD, max_epochs=1.0, budget=1e6)
    found = method.learn(Domains(SOURCES, there, {"t": target}), 0, tell)
    assert all(found.weights[name] <= share + 1e-9 for name, share in most.items())
    assert found.free is not None
    assert found.free["c"] == pytest.approx(2 / 3, abs=0.03)
    counts = np.array([counts_of_texts(SOURCES[name], True) for name in sorted(SOURCES)], float)
    whole = counts.sum(0) / counts.sum()
    chances = (counts + PRIOR * whole) / (counts.sum(1, keepdims=True) + PRIOR)
    aim = counts_of_texts(target, True) / counts_of_texts(target, True).sum()
    used = (aim > 0) & (whole > 0)

    def divergence(shares: np.ndarray) -> float:
        return float((aim[used] * np.log(aim[used] / (shares @ chances[:, used]))).sum())

    grid = [np.array([i, j, 20 - i - j]) / 20 for i, j in itertools.product(range(21), range(21)) if i + j <= 20]
    grid = [row for row in grid if all(row[n] <= most.get(name, 1) + 1e-9 for n, name in enumerate(sorted(SOURCES)))]
    best = divergence(np.array([found.weights[name] for name in sorted(SOURCES)]))
    assert best <= min(map(divergence, grid)) + 1e-4


@pytest.mark.parametrize(
    "signs", ["今天天气很好我们去公园散步看见许多花和树", "きょうはてんきがいいですね", "วันนี้อากาศดีมากเราไปเดินเล่น"]
)
def test_scripts_without_spaces(signs: str) -> None:
    """Clauses of pieces of four signs, no two clauses alike: their signs and pairs tell, not the clauses."""

    def clauses(count: int, seed: int) -> list[str]:
        draw = np.random.RandomState(seed)
        pieces = [signs[n : n + 4] for n in range(0, len(signs) - 3, 2)]
        return ["".join(draw.choice(pieces, 12)) + "。" for _ in range(count)]

    sources = {**SOURCES, "signs": clauses(60, 1)}
    domains = Domains(sources, dict.fromkeys(sources, 1000), {"t": clauses(20, 2)})
    assert METHOD.learn(domains, 0, tell).weights["signs"] > 0.95


def test_bounds_and_seeds() -> None:
    domains = Domains(SOURCES, SIZES, {"t": texts("a", 60, 8)})
    most = SourceImportance(max_epochs=1.0, budget=2.0 * SIZES["a"]).learn(domains, 0, tell)
    assert most.weights["a"] == pytest.approx(0.99 * 0.5 + 0.01 / 3)
    one, again, other = (SourceImportance(max_epochs=9.0).learn(domains, seed, tell) for seed in (0, 0, 1))
    assert one == again
    assert one.weights != other.weights
    assert min(one.weights.values()) > 0
