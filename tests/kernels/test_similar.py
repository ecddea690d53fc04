"""Joining by exact similarity equals brute force, however many rows are equal; a crowd of strangers takes its bound."""

from __future__ import annotations

import time
from itertools import combinations

import numpy as np
import pytest

from datapipe.kernels.similar import WINDOW, join_similar, similarities


def packed(sets: list[list[int]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    offsets = np.concatenate([[0], np.cumsum([len(s) for s in sets])]).astype(np.int64)
    values = np.array([v for s in sets for v in sorted(s)], np.uint32)
    digests = np.array([hash(tuple(sorted(s))) & 0xFFFFFFFFFFFF for s in sets], np.uint64)
    return offsets, values, digests


def joined(sets: list[list[int]], clusters: np.ndarray, threshold: float) -> np.ndarray:
    offsets, values, digests = packed(sets)
    order = np.lexsort((digests, np.diff(offsets), clusters))
    return join_similar(order, clusters, offsets, values, digests, threshold)


def jaccard(a: list[int], b: list[int]) -> float:
    return len({*a} & {*b}) / len({*a} | {*b})


@pytest.mark.parametrize("threshold", [0.5, 0.75, 1.0])
def test_equals_brute_force(threshold: float) -> None:
    random = np.random.default_rng(2)
    sets = [random.choice(30, size, replace=False).tolist() for size in random.integers(1, 30, 120)]
    sets += [list(sets[i]) for i in random.integers(0, 120, 60)]
    clusters = random.integers(0, 3, len(sets))
    label = np.arange(len(sets))
    for a, b in combinations(range(len(sets)), 2):
        if clusters[a] == clusters[b] and jaccard(sets[a], sets[b]) >= threshold:
            label[label == label[b]] = label[a]
    found = joined(sets, clusters, threshold)
    assert [[*np.flatnonzero(found == f)] for f in found] == [[*np.flatnonzero(label == n)] for n in label]
    assert len(set(found.tolist())) > 3


def test_similarities() -> None:
    sets = [[1, 2, 3, 4], [3, 4, 5, 6], [9], [], [], [1, 2, 3, 4]]
    offsets, values, digests = packed(sets)
    digests[4] += 1  # another document without shingles
    a, b = np.array([0, 0, 0, 3, 0]), np.array([1, 2, 3, 4, 5])
    assert similarities(a, b, offsets, values, digests).tolist() == [2 / 6, 0, 0, 0, 1]


def test_a_crowd_of_strangers_is_not_compared_all_with_all() -> None:
    count, size = 10_000, 50
    values = np.arange(count * size, dtype=np.uint32)
    offsets = np.arange(0, count * size + 1, size)
    digests = np.arange(count, dtype=np.uint64)
    clusters = np.zeros(count, np.int64)
    join_similar(np.arange(2), clusters, offsets, values, digests, 0.5)  # compiled
    start = time.process_time()
    found = join_similar(np.arange(count), clusters, offsets, values, digests, 0.5)
    assert time.process_time() - start < 20  # 2.5 million comparisons, not 50
    assert len(set(found.tolist())) == count
    assert WINDOW * count < 3_000_000
