"""semantic_dedup and semantic_prototypes against all pairs in numpy, and with the vectors of a real model."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.errors import MissingDependency, RecipeError, RunFailed
from datapipe.core.vectors.centroids import CLUSTER_ROWS, k_means, lengths, nearest, products
from datapipe.core.vectors.embedding import NAMED, UNIT, hashed_trigrams
from datapipe.engine.asking import ask
from datapipe.ops.embed import Embed
from datapipe.ops.semantic_dedup import SemanticDedup
from datapipe.ops.semantic_prototypes import SemanticPrototypes
from tests.conftest import SAMPLE, Runs

rng = np.random.default_rng(11)
# Three clouds of directions, in each of which many are near each other.
CLOUDS = np.repeat(rng.normal(size=(40, 32)), 15, axis=0) + 0.25 * rng.normal(size=(600, 32))


def batch_of(vectors: np.ndarray, **more: Any) -> pa.RecordBatch:
    n = len(vectors)
    columns = {ADDR: pa.array(np.arange(n, dtype=np.uint64) + (2 << 40)), "id": pa.array([f"d{i}" for i in range(n)])}
    columns["v"] = pa.array(list(vectors.astype(np.float32)), pa.list_(pa.float32()))
    columns |= {name: pa.array(values) for name, values in more.items()}
    return pa.RecordBatch.from_pydict(columns)


def verdict_of(batch: pa.RecordBatch, **parameters: Any) -> Any:
    operator = SemanticDedup.model_validate({"column": "v", **parameters})
    return ask(operator.rounds(), [batch])[1].judge(batch)  # type: ignore[union-attr]


def unit(vectors: np.ndarray) -> np.ndarray:
    vectors = vectors.astype(np.float32).astype(np.float64)
    return np.rint(vectors / np.linalg.norm(vectors, axis=1)[:, None] * UNIT).astype(np.int16)


def all_pairs(vectors: np.ndarray, order: np.ndarray, epsilon: float) -> tuple[set[int], set[int]]:
    """The rows that go, one after another compared with all that stay; and those that go as published: with all before."""
    v = vectors.astype(np.int64)
    cosine = v @ v.T / np.sqrt(np.outer((v * v).sum(1), (v * v).sum(1)))
    stays: list[int] = []
    gone, published = set(), set()
    for place, row in enumerate(order.tolist()):
        if place and cosine[row, order[:place]].max() > 1 - epsilon:
            published.add(row)
        if stays and cosine[row, stays].max() > 1 - epsilon:
            gone.add(row)
        else:
            stays.append(row)
    return gone, published


@pytest.mark.parametrize("size", [3, 256, 4096])
def test_products_are_exact_in_any_order(size: int) -> None:
    vectors = unit(rng.normal(size=(70, size)) ** 3)
    exact = vectors.astype(np.int64) @ vectors.astype(np.int64).T
    assert (products(vectors, vectors) == exact).all()
    shuffled = vectors[:, rng.permutation(size)]
    assert (products(shuffled[:1], shuffled) == exact[:1]).all()
    assert abs(lengths(vectors) / UNIT - 1).max() < 0.01


@pytest.mark.parametrize("at_once", [7, 512])
@pytest.mark.parametrize("keep", ["farthest", "nearest", "first", {"quality": "desc"}])
def test_equals_all_pairs_in_one_cluster(keep: Any, at_once: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.ops.semantic_dedup.AT_ONCE", at_once)
    quality = np.random.default_rng(3).permutation(600).astype(float)
    vectors = unit(CLOUDS)
    centroid = k_means(vectors[np.random.default_rng(1).permutation(600)], 1)
    to_centroid = nearest(vectors, centroid)[1]
    rank = {"farthest": to_centroid, "nearest": -to_centroid, "first": np.arange(600)}
    order = np.argsort(-quality if isinstance(keep, dict) else rank[keep], kind="stable")
    found = verdict_of(batch_of(CLOUDS, quality=quality), clusters=1, epsilon=0.1, keep=keep)
    gone = np.flatnonzero(~found.keep)
    expected, published = all_pairs(vectors, order, 0.1)
    assert set(gone.tolist()) == expected
    assert expected < published  # there a chain of neighbours goes as a whole
    assert 200 < len(gone) < 580
    raw = CLOUDS / np.linalg.norm(CLOUDS, axis=1)[:, None]
    for row in gone.tolist():
        twin = int(found.duplicate_of[row].as_py()[1:])
        assert found.keep[twin]
        assert abs(found.scores["cosine"][row] - raw[row] @ raw[twin]) < 5e-4
        assert found.scores["cosine"][row] > 0.9


def test_clusters_and_splits_lose_few_pairs() -> None:
    whole = set(np.flatnonzero(~verdict_of(batch_of(CLOUDS), clusters=1, epsilon=0.1).keep).tolist())
    for more in ({"clusters": 8}, {"clusters": 1, "max_cluster": 60}):
        part = set(np.flatnonzero(~verdict_of(batch_of(CLOUDS), epsilon=0.1, **more).keep).tolist())
        assert len(part) > 0.93 * len(whole)


def test_datasets() -> None:
    vectors = np.vstack([CLOUDS[:15], CLOUDS[:15]])
    sources = ["web"] * 15 + ["books"] * 15
    found = verdict_of(batch_of(vectors, source=sources), prefer=["books"], epsilon=0.001)
    assert found.keep.tolist() == [False] * 15 + [True] * 15
    found = verdict_of(batch_of(np.vstack([vectors, CLOUDS[300:301], CLOUDS[300:301]]), source=[*sources, "web", "web"]),
                       against=["books"], epsilon=0.001)  # fmt: skip
    assert found.keep.tolist() == [False] * 15 + [True] * 17  # copies that `books` does not hold stay, both


def test_a_hundred_thousand_copies_and_no_direction() -> None:
    vectors = np.repeat(CLOUDS[:1], 100_000, axis=0)[:, :8]
    vectors[5] = 0
    found = verdict_of(batch_of(vectors), max_cluster=500, keep="first")
    assert found.keep.sum() == 2
    assert found.keep[[0, 5]].all()


def test_automatic_clusters() -> None:
    operator = SemanticDedup(embed="trigrams")
    assert operator._clusters(np.arange(5 * CLUSTER_ROWS, dtype=np.uint64)) == 5
    drawn = np.sort(rng.integers(0, 1 << 54, operator.sample, np.uint64))  # of a thousand times as many
    assert operator._clusters(drawn) == operator.sample // 40
    assert operator._clusters(drawn[:0]) == 1


def sentences(name: str = "web/web.jsonl.zst") -> list[str]:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO((SAMPLE / name).read_bytes())) as stream:
        return [orjson.loads(line)["text"] for line in stream.read().splitlines()]


def test_a_real_model_finds_what_was_reordered_and_reworded(runs: Runs) -> None:
    pytest.importorskip("wordllama")
    originals = [text for text in dict.fromkeys(sentences()) if 300 < len(text) < 3000][:80]
    rows = [{"id": f"a{i}", "text": text} for i, text in enumerate(originals)]
    for i, text in enumerate(originals[:40]):
        parts = re.split(r"(?<=[.!?])\s+|\n+", text)
        rows.append({"id": f"b{i}", "text": "\n".join(reversed(parts)).replace(" the ", " a ")})
    runs.jsonl("in.jsonl", rows)
    steps = "[{semantic_dedup: {embed: wordllama, epsilon: 0.03, keep: first}}]"
    recipe = f"read: {{jsonl: in.jsonl}}\nsteps: {steps}\nwrite: {{path: out}}\n"
    manifest = runs(recipe, "one")
    assert manifest["rows_read"] == len(rows)
    runs(f"input_split: 20KB\n{recipe}", "many")
    assert runs.table("data", "one") == runs.table("data", "many")
    one, many = ([{**r, "_addr": 0} for r in runs.table("ledger", out)] for out in ("one", "many"))  # other shards
    assert one == many
    dropped = {r["id"]: r for r in runs.table("ledger", "one")}
    assert sum(f"b{i}" in dropped for i in range(40)) >= 36
    assert sum(r["duplicate_of"] == f"a{name[1:]}" for name, r in dropped.items() if name[0] == "b") >= 32
    assert all(dict(r["scores"])["cosine"] > 0.97 for r in dropped.values())


def test_prototypes_are_the_nearest_to_their_centroids() -> None:
    batch = batch_of(CLOUDS)
    operator = SemanticPrototypes(column="v", clusters=5, drop=0.25)
    found = ask(operator.rounds(), [batch.slice(200), batch.slice(0, 200)])[1].judge(batch)  # type: ignore[union-attr]
    gone = ~found.keep
    assert 145 <= gone.sum() <= 150
    vectors = unit(CLOUDS)
    sketch = pa.Table.from_batches([operator.sketch(batch)]).sort_by("key")
    centroids = np.frombuffer(
        b"".join(operator.combine([operator.reduce(sketch)]).column("centroid").to_pylist()), np.int16
    )
    cosine = nearest(vectors, centroids.reshape(5, -1))[1]
    assert cosine[gone].min() > cosine[~gone].max() - 1e-5
    assert np.allclose(found.scores["cosine"][gone], cosine[gone])


def test_d4_with_vectors_made_once(runs: Runs) -> None:
    texts = [text for text in dict.fromkeys(sentences()) if len(text) > 200][:120]
    runs.jsonl("in.jsonl", [{"id": f"d{i}", "text": text} for i, text in enumerate([*texts, *texts[:30]])])
    semantic = "{semantic_dedup: {column: embedding, epsilon: 0.02, keep: first}}"
    steps = f"[{{embed: {{embed: trigrams}}}}, {semantic}, {{semantic_prototypes: {{column: embedding, drop: 0.2}}}}]"
    manifest = runs(f"read: {{jsonl: in.jsonl}}\nsteps: {steps}\nwrite: {{path: out}}\n")
    by_step = {step["operator"]: step["dropped"] for step in manifest["steps"]}
    left = 150 - by_step["semantic_dedup"]
    assert by_step["semantic_dedup"] >= 30
    assert 0.2 * left - 2 <= by_step["semantic_prototypes"] <= 0.2 * left
    row = runs.table("data")[0]
    expected = hashed_trigrams([row["text"]])[0]
    assert np.allclose(row["embedding"], expected / np.linalg.norm(expected), atol=2e-4)
    steps = "[{semantic_dedup: {embed: trigrams, epsilon: 0.02, keep: first}}]"
    again = runs(f"read: {{jsonl: in.jsonl}}\nsteps: {steps}\nwrite: {{path: out2}}\n", "out2")
    assert {step["operator"]: step["dropped"] for step in again["steps"]}["semantic_dedup"] == by_step["semantic_dedup"]


def test_vectors_of_the_input(runs: Runs) -> None:
    vectors = np.repeat(CLOUDS[:15], 2, axis=0)
    table = pa.table({"id": [f"d{i}" for i in range(30)], "text": ["x"] * 30, "v": list(vectors)})
    pq.write_table(table, runs.folder / "in.parquet")
    rows = [*table.to_pylist(), {"id": "d30", "text": "x", "v": None}, {"id": "d31", "text": "x", "v": ["a"]}]
    runs.jsonl("in.jsonl", rows)
    rest = "columns: {v: {field: v, type: floats}}}\nsteps: [{semantic_dedup: {column: v, epsilon: 0.001}}]\n"
    rest += "max_error_rate: 0.1\nwrite: {path: out}\n"
    assert runs(f"read: {{parquet: in.parquet, {rest}")["rows_written"] == 15
    manifest = runs(f"read: {{jsonl: in.jsonl, {rest}", "out2")
    assert (manifest["rows_written"], manifest["rows_quarantined"]) == (16, 1)
    assert "expected a list of numbers" in runs.table("quarantine", "out2")[0]["error"]


def test_what_is_wrong_is_said(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: list[dict[str, Any]] = [{}, {"embed": "wordllama", "column": "v"}, {"embed": "sentence-transformers"}]
    for parameters in [*wrong, {"embed": "trigrams", "epsilon": 0}, {"embed": "trigrams", "keep": "best"}]:
        with pytest.raises(ValidationError):
            SemanticDedup.model_validate(parameters)
    with pytest.raises(ValidationError):
        Embed.model_validate({"embed": "trigrams", "to": "text"})
    for name, said in (("no_such:model", "cannot be imported"), ("math:vectors", "has no function vectors")):
        with pytest.raises(RunFailed, match=said):
            SemanticDedup(embed=name).setup(None)  # type: ignore[arg-type]
    with pytest.raises(RunFailed, match="shape"):
        SemanticDedup(embed="builtins:len").vectors(pa.RecordBatch.from_pydict({"text": ["a", "b"]}))
    monkeypatch.setitem(sys.modules, "wordllama", None)
    with pytest.raises(MissingDependency, match=r"datapipe\[semantic\]"):
        NAMED["wordllama"]()
    runs.jsonl("in.jsonl", [{"id": "a", "text": "x"}])
    with pytest.raises(RecipeError, match="expected a list of floating-point numbers"):
        runs("read: {jsonl: in.jsonl}\nsteps: [{semantic_dedup: {column: lang}}]\nwrite: {path: out}\n")
