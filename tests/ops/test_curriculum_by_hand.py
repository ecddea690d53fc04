"""Random curricula beside a walk round each group's circle, document by document, in plain Python."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import xxhash

from tests.mixing import corpus, stream

WAYS: tuple[Any, ...] = ("shuffled", "interleaved", "grouped", {"by": "score"}, {"by": "score", "within": "stage"})


def drawn(draw: np.random.Generator, groups: int, whole: int) -> list[dict[str, Any]]:
    """Stages of any length, weights (some of them 0) and order; some change their weights."""
    stages: list[dict[str, Any]] = []
    for number in range(int(draw.integers(1, 5))):
        weights = draw.dirichlet(np.full(groups, 0.5)) * (draw.random(groups) < 0.8)
        weights = weights / weights.sum() if weights.sum() > 0 else np.full(groups, 1 / groups)
        stage = {
            "name": f"s{number}",
            "budget": draw.random() * whole * 1.5 + 1,
            "weights": {f"g{i}": float(weight) for i, weight in enumerate(weights)},
            "order": WAYS[int(draw.integers(len(WAYS)))],
        }
        if number and stage["order"] in WAYS[:2] and draw.random() < 0.5:
            stage["interpolate"] = str(draw.choice(["linear", "cosine"]))
        stages.append(stage)
    return stages


def walked(rows: pa.RecordBatch, group: str, stages: list[dict[str, Any]]) -> Counter:
    """(id, epoch, stage) of each copy: round after round, while a document's middle is before what stages take by then."""
    ends, taken = [], 0.0
    for number, stage in enumerate(stages):
        weight = stage["weights"][group]
        if "interpolate" in stage:
            weight = (weight + stages[number - 1]["weights"][group]) / 2
        taken += weight * stage["budget"]
        ends.append(taken)
    columns = (rows.column(name).to_pylist() for name in ("id", "source", "n_tokens"))
    own = [(xxhash.xxh3_64_intdigest(i.encode(), seed=7), i, n) for i, s, n in zip(*columns, strict=True) if s == group]
    found: Counter = Counter()
    start, epoch = 0, 1
    while True:
        for _, name, size in sorted(own):
            stage = next((number for number, end in enumerate(ends) if start + size / 2 < end), None)
            if stage is None:
                return found
            found[name, epoch, f"s{stage}"] += 1
            start += size
        epoch += 1


@pytest.mark.parametrize("seed", range(12))
def test_every_copy_is_where_a_walk_puts_it(seed: int) -> None:
    draw = np.random.default_rng(seed)
    sizes = {f"g{i}": int(draw.integers(1, 150)) for i in range(int(draw.integers(1, 6)))}
    rows = corpus(sizes, seed=seed, mean=int(draw.choice([2, 50, 1000])))
    stages = drawn(draw, len(sizes), sum(rows.column("n_tokens").to_pylist()))
    found = stream("curriculum", [rows], stages=stages, max_epochs=1000)
    got = Counter(zip(*(found.column(name).to_pylist() for name in ("id", "epoch", "stage")), strict=True))
    assert got == sum((walked(rows, group, stages) for group in sizes), Counter())
    segment, score, epoch = (np.array(found.column(name)) for name in ("segment", "score", "epoch"))
    source = np.array(found.column("source").to_pylist())
    for number, stage in enumerate(stages):
        here = segment == number
        if stage["order"] == WAYS[4]:
            assert (np.diff(score[here]) >= 0).all()
        if stage["order"] == "grouped":
            assert list(dict.fromkeys(source[here])) == sorted(set(source[here]))
            assert (source[here][1:] != source[here][:-1]).sum() < len(sizes)
        for group in sizes:
            mine = here & (source == group)
            assert (np.diff((score if isinstance(stage["order"], dict) else epoch)[mine]) >= 0).all()
