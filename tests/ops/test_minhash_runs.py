"""Near de-duplication as runs: however the corpus is cut and worked on, the same rows stay; their clusters; rehydration."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.ops.minhash_dedup import MinhashDedup
from datapipe.ops.rehydrate import Rehydrate
from tests.conftest import SAMPLE, Runs

STEPS = "[{minhash_dedup: {verify: VERIFY, keep: {rank: desc}}}]"
RECIPE = f"""
input_split: SPLIT
ledger: {{text: none}}
read: {{jsonl: FOLDER/*.jsonl, columns: {{rank: {{field: rank, type: int}}}}}}
steps: {STEPS}
write: {{path: out}}
"""


def documents() -> list[dict[str, Any]]:
    """Real pages, copies of some, and what is short; each with a rank of its own."""
    data = zstandard.ZstdDecompressor().stream_reader((SAMPLE / "web/web.jsonl.zst").read_bytes()).read()
    texts = [orjson.loads(line)["text"] for line in data.splitlines()][:300]
    texts += texts[:20] + [text + " And more." for text in texts[20:40]] + ["", "", "word", "Word!", "a b c d e f"]
    order = np.random.default_rng(5).permutation(len(texts))
    return [{"id": f"d{i}", "text": text, "rank": int(order[i])} for i, text in enumerate(texts)]


def fates(runs: Runs, out: str) -> tuple[dict[str, int], dict[str, tuple[str, dict[str, float]]]]:
    kept = {row["id"]: row["cluster_size"] for row in runs.table("data", out)}
    scores = ("cluster_size", "similarity")
    gone = {
        row["id"]: (row["duplicate_of"], {k: v for k, v in row["scores"] if k in scores})
        for row in runs.table("ledger", out)
    }
    return kept, gone


@pytest.mark.parametrize("verify", ["false", "true"])
def test_any_order_size_and_number_of_workers(runs: Runs, verify: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = documents()
    runs.jsonl("one/a.jsonl", rows)
    for i in range(5):
        runs.jsonl(f"many/{i}.jsonl", rows[::-1][i::5])
    runs.jsonl("many/empty.jsonl", [])
    recipe = RECIPE.replace("VERIFY", verify)
    runs(recipe.replace("FOLDER", "one").replace("SPLIT", "100MB"), "one-out")
    monkeypatch.setattr("datapipe.engine.reduce.PARTITION_BYTES", 5000)
    for name, workers in (("many-out", 0), ("two-out", 2)):
        manifest = runs(recipe.replace("FOLDER", "many").replace("SPLIT", "100KB"), name, workers=workers)
        assert manifest["rows_read"] == len(rows) == manifest["rows_written"] + manifest["rows_dropped"]
    kept, gone = fates(runs, "one-out")
    assert fates(runs, "many-out") == fates(runs, "two-out") == (kept, gone)
    assert len(gone) > 40
    rank = {row["id"]: row["rank"] for row in rows}
    for name, (twin, scores) in gone.items():
        assert rank[twin] > rank[name]
        assert kept[twin] == scores["cluster_size"] > 1
    assert sum(kept.values()) == len(rows)
    assert {row["id"] for row in rows if not row["text"]} <= set(kept)


def test_workers_give_the_same_bytes(runs: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    runs.jsonl("in/a.jsonl", documents())
    recipe = RECIPE.replace("VERIFY", "true").replace("FOLDER", "in").replace("SPLIT", "50KB")
    for workers in (0, 2):
        runs(recipe, f"out{workers}", workers=workers)
    assert digests(runs.folder / "out0") == digests(runs.folder / "out2")


def test_datasets_against_each_other(runs: Runs) -> None:
    rows = documents()
    runs.jsonl("a.jsonl", rows)
    runs.jsonl("b.jsonl", [{**row, "id": f"b-{row['id']}"} for row in rows[:10]])
    recipe = """
datasets:
  a: {read: {jsonl: a.jsonl}}
  b: {read: {jsonl: b.jsonl}}
  all: {from: [a, b], steps: [{minhash_dedup: {CHOICE, cluster_size: false}}]}
write: {dataset: all, path: out}
"""
    manifest = runs(recipe.replace("CHOICE", "against: [b]"), "against")
    gone = {row["id"]: row["duplicate_of"] for row in runs.table("ledger", "against")}
    assert {f"d{i}": f"b-d{i}" for i in range(10)}.items() <= gone.items()
    assert manifest["rows_dropped"] < 40
    assert all(twin.startswith("b-") for twin in gone.values())
    runs(recipe.replace("CHOICE", "prefer: [b]"), "prefer")
    kept = {row["id"] for row in runs.table("data", "prefer")}
    assert not kept & {f"d{i}" for i in range(10)}
    assert "cluster_size" not in runs.table("data", "prefer")[0]


def test_rehydration(runs: Runs) -> None:
    rows = [{"id": f"d{i}", "text": "the same five words here again"} for i in range(6)]
    runs.jsonl("a.jsonl", [*rows, {"id": "x", "text": "quite another text of seven words here"}])
    recipe = "read: {jsonl: a.jsonl}\nsteps: [{minhash_dedup: {keep: first}}, rehydrate]\nwrite: {path: out}\n"
    manifest = runs(recipe)
    assert [row["id"] for row in runs.table("data")] == [*(f"d0#{n}" for n in range(1, 6)), "x"]
    assert manifest["rows_added"] == 4


def test_copies_by_size() -> None:
    sizes = pa.array([1, 2, 3, 4, 5, 99, 100, 999, 1000, 10**6, None, 0])
    batch = pa.RecordBatch.from_pydict({ADDR: pa.array(range(12), pa.uint64()), "cluster_size": sizes})
    _, parents = Rehydrate().expand(batch)
    assert np.bincount(parents, minlength=12).tolist() == [1, 2, 3, 3, 5, 5, 8, 8, 1, 1, 1, 1]
    _, parents = Rehydrate.model_validate({"copies": {10: 3, 2: 2}}).expand(batch)
    assert np.bincount(parents, minlength=12).tolist() == [1, 2, 2, 2, 2, 3, 3, 3, 3, 3, 1, 1]
    with pytest.raises(ValidationError, match="at least 1"):
        Rehydrate.model_validate({"copies": {1: 0}})
    assert "expected whole numbers" in (Rehydrate().check(pa.schema([("cluster_size", pa.string())])) or "")


def test_an_index_holds_what_earlier_dumps_held(runs: Runs) -> None:
    """Two dumps over an index keep what one run over both keeps; but an earlier document, once out, cannot be called back
    when a later one links it to another."""
    rows = documents()
    runs.jsonl("a/a.jsonl", rows[::2])
    runs.jsonl("b/b.jsonl", rows[1::2])
    recipe = "read: {jsonl: INPUT}\nsteps: [{minhash_dedup: STEP}]\nwrite: {path: out}\n"
    runs(recipe.replace("INPUT", "[a/a.jsonl, b/b.jsonl]").replace("STEP", "{keep: first}"), "whole")
    recipe = recipe.replace("STEP", "{keep: first, index: seen}")
    for dump in "ab":
        runs(recipe.replace("INPUT", f"{dump}/{dump}.jsonl"), dump, workers=1)
    (whole, _), (one, _), (two, late) = (fates(runs, out) for out in ("whole", "a", "b"))
    assert set(two) == set(whole) & {row["id"] for row in rows[1::2]}
    linked = set(one) - set(whole)
    assert set(one) - linked == set(whole) - set(two)
    assert len(linked) <= 2
    assert len(late) > 10
    assert all(twin in one or twin in two for twin, _ in late.values())


@pytest.mark.parametrize("other", ["verify: true", "against: [main]"])
def test_an_index_does_not_go_with_everything(other: str) -> None:
    with pytest.raises(ValidationError, match="leave out index, or"):
        MinhashDedup.model_validate({"index": "seen", other.split(":")[0]: ["x"] if "against" in other else True})
