"""top_fraction against sorting, quantiles of numpy, and DuckDB where it is installed."""

from __future__ import annotations

import math
from collections import defaultdict
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.quota import Rows, last_within
from datapipe.core.ranks import numbers_of, ranks_of
from datapipe.core.seeds import hashes
from datapipe.core.verdict import Verdict
from datapipe.engine.asking import ask
from datapipe.io.opening import open_file
from datapipe.ops.top_fraction import TopFraction
from tests.conftest import Runs, compile_text

SEED = 5


def batch_of(scores: list[float | None], langs: list[str | None] | None = None, sizes: Any = None) -> pa.RecordBatch:
    n = len(scores)
    texts = ["x" * int(size) for size in (sizes if sizes is not None else [1] * n)]
    return pa.RecordBatch.from_pydict({
        ADDR: pa.array(np.arange(n, dtype=np.uint64) + (2 << 40)),
        "id": pa.array([f"d{i}" for i in range(n)], pa.string()),
        "text": pa.array(texts, pa.large_string()),
        "lang": pa.array(langs or [None] * n, pa.string()),
        "quality_score": pa.array(scores, pa.float64()),
    })  # fmt: skip


def verdict_of(batch: pa.RecordBatch, cuts: tuple[int, ...] = (), **parameters: Any) -> Verdict:
    question = TopFraction.model_validate(parameters)
    question.setup(Context("top", SEED, open_file))
    pieces = [batch.slice(a, b - a) for a, b in pairwise([0, *cuts, batch.num_rows])]
    bound = ask([question], pieces)[1]
    verdict: Verdict = bound.judge(batch)  # type: ignore[union-attr]
    return verdict


def expected(batch: pa.RecordBatch, fraction: float, by_lang: bool, by_bytes: bool, lowest: bool) -> set[int]:
    """By sorting each group."""
    rows = batch.to_pylist()
    tie = hashes(SEED, [row["id"] for row in rows]).tolist()
    groups = defaultdict(list)
    for i, row in enumerate(rows):
        if row["quality_score"] is not None and not math.isnan(row["quality_score"]):
            groups[row["lang"] or "" if by_lang else ""].append(i)
    kept = set()
    for members in groups.values():
        members.sort(key=lambda i: ((1 if lowest else -1) * rows[i]["quality_score"], -tie[i]))
        weights = [len(rows[i]["text"]) if by_bytes else 1 for i in members]
        before = 0
        for i, weight in zip(members, weights, strict=True):
            if before < Fraction(str(fraction)) * sum(weights):
                kept.add(i)
            before += weight
    return kept


@pytest.mark.parametrize("kinds", [1, 3, 40, 5000])
@pytest.mark.parametrize("lowest", [False, True])
def test_equals_sorting(kinds: int, lowest: bool) -> None:
    rng = np.random.default_rng(kinds)
    values = np.concatenate([rng.normal(size=kinds), [0.0, -0.0, np.inf, -np.inf, 5e-324]])
    n = 700
    scores: list[float | None] = rng.choice(values, n).tolist()
    scores[::20], scores[7::20] = [None] * len(scores[::20]), [math.nan] * len(scores[7::20])
    langs = [[None, "", "en", "de", "zh"][k] for k in rng.choice(5, n, p=[0.05, 0.05, 0.6, 0.29, 0.01])]
    batch = batch_of(scores, langs, rng.integers(0, 50, n))
    for fraction in (0.001, 0.1, 0.5, 1.0):
        for by in ((), ("lang",)):
            for weight in ("documents", "bytes"):
                parameters = {"fraction": fraction, "by": by, "weight": weight, "lowest": lowest}
                verdict = verdict_of(batch, (3, 3, 500), **parameters)
                kept = expected(batch, fraction, bool(by), weight == "bytes", lowest)
                assert set(np.flatnonzero(verdict.keep)) == kept, parameters
                assert (verdict.keep == verdict_of(batch, **parameters).keep).all()


def test_exactly_the_fraction_stays() -> None:
    for n in (1, 9, 10, 11, 30, 70):
        assert verdict_of(batch_of([0.5] * n), fraction=0.1).keep.sum() == math.ceil(Fraction(1, 10) * n)


def test_the_threshold_is_numpys_quantile() -> None:
    scores = np.random.default_rng(1).beta(0.3, 2, 10_007)
    verdict = verdict_of(batch_of(scores.tolist()), fraction=0.1)
    assert verdict.keep.sum() == 1001
    threshold = verdict.scores["threshold"][0]
    assert threshold == np.quantile(scores, 1 - 1001 / 10_007, method="higher")
    assert (verdict.keep == (scores >= threshold)).all()
    assert {reason for reason in verdict.reason if reason} == {"low_score"}


def test_equals_duckdb() -> None:
    duckdb = pytest.importorskip("duckdb")
    rng = np.random.default_rng(2)
    batch = batch_of(rng.random(3000).tolist(), rng.choice(["en", "de", "ja"], 3000).tolist())
    found = batch.column("id").filter(pa.array(verdict_of(batch, fraction=0.07, by="lang").keep)).to_pylist()
    table = pa.Table.from_batches([batch.drop_columns([ADDR])])
    query = """select id from (select id, row_number() over (partition by lang order by quality_score desc) r,
               count(*) over (partition by lang) n from docs) where r <= ceil(7 * n / 100.0)"""
    assert sorted(found) == sorted(row[0] for row in duckdb.connect().register("docs", table).sql(query).fetchall())


def test_documents_without_a_score() -> None:
    batch = batch_of([None, 0.1, float("nan"), 0.9])
    assert verdict_of(batch, fraction=0.5).reason == ["no_score", "low_score", "no_score", None]
    assert verdict_of(batch, fraction=0.5, missing="keep").reason == [None, "low_score", None, None]
    assert verdict_of(batch, fraction=0.5, lowest=True).reason == ["no_score", None, "no_score", "high_score"]
    assert verdict_of(batch_of([None, None]), fraction=0.5).reason == ["no_score", "no_score"]
    assert not verdict_of(batch_of([0.5, 0.6], sizes=[0, 0]), fraction=0.5, weight="bytes").keep.any()


def test_many_groups() -> None:
    """Memory is of the groups, not of groups times digits: 20,000 groups take 16 kB each otherwise."""
    n = 40_000
    rng = np.random.default_rng(4)
    group = np.arange(n) // 2
    first = rng.integers(0, 2**63, n).astype(np.uint64)
    rows = Rows(group, first, first, np.ones(n, np.int64))
    early = np.arange(n) < 900
    parts = [rows.take(early), rows.take(~early)]
    found, tie = last_within(lambda: iter(parts), np.ones(n // 2, np.int64))
    assert (found == first.reshape(-1, 2).max(axis=1)).all()
    assert (tie == found).all()


def test_ranks_are_in_order_and_back() -> None:
    numbers = np.array([-np.inf, -1e300, -1.0, -5e-324, -0.0, 0.0, 5e-324, 1.0, np.inf])
    ranks = ranks_of(numbers)
    assert (np.diff(ranks.astype(object)) >= 0).all()
    assert ranks[4] == ranks[5]
    assert (numbers_of(ranks) == numbers).all()


RECIPE = """
read: {{jsonl: "{files}", columns: {{q: {{field: q, type: {type}}}}}}}
steps:
  - top_fraction: {{column: {column}, fraction: 0.25{more}}}
write: {{path: out}}
"""


def test_runs_alike_in_any_shards(runs: Runs) -> None:
    rows = [
        {"id": f"r{i}", "text": "t", "q": (i * 7919 % 200) / 200, "lang": "en" if i % 3 else "de"} for i in range(400)
    ]
    runs.jsonl("one/a.jsonl", rows)
    for part in range(4):
        runs.jsonl(f"four/{part}.jsonl", rows[3 - part :: 4])
    kept = []
    for out, files, workers in (("a", "one/*.jsonl", 0), ("b", "four/*.jsonl", 2)):
        recipe = RECIPE.format(files=files, type="float", column="q", more=", by: [lang]")
        manifest = runs(recipe, out, workers)
        kept.append({row["id"] for row in runs.table("data", out)})
        assert manifest["rows_written"] == math.ceil(134 / 4) + math.ceil(266 / 4)
        answer = manifest["steps"][-1]["answer"]
        least = {lang: min(r["q"] for r in runs.table("data", out) if r["lang"] == lang) for lang in ("de", "en")}
        assert answer["thresholds"] == [{"lang": lang, "threshold": q} for lang, q in least.items()]
        assert answer["remarks"] == [f"thresholds {least['en']:.6g} to {least['de']:.6g}, by lang"]
    assert kept[0] == kept[1]
    dropped = runs.table("ledger", "b")
    assert {row["reason"] for row in dropped} == {"low_score"}
    assert all(dict(row["scores"])["score"] <= dict(row["scores"])["threshold"] for row in dropped)


@pytest.mark.parametrize(
    ("column", "more", "said"),
    [
        ("lang", "", "column: lang is string, expected a number"),
        ("p", "", "reads the column p, which no earlier step"),
        ("q", ", by: [nothing]", "reads the column nothing"),
        ("q", ", fraction: 0", "greater than 0"),
    ],
)
def test_what_is_wrong_is_said_before_work(runs: Runs, column: str, more: str, said: str) -> None:
    runs.jsonl("a.jsonl", [{"id": "1", "text": "t", "q": 1.0}])
    recipe = RECIPE.format(files="a.jsonl", type="float", column=column, more=more)
    if "fraction" in more:
        recipe = recipe.replace("fraction: 0.25, ", "")
    with pytest.raises(RecipeError, match=said):
        compile_text(recipe, runs.folder)
