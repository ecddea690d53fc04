"""Merging: rows of a shard go on as others; windows, counts and bytes depend on the rows alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datapipe.core.errors import ContractError, RecipeError, RunFailed
from datapipe.engine.output import weights
from tests.conftest import Runs, compile_text

PLUGIN = """
import numpy as np
import pyarrow as pa
from datapipe import Merge, Merged, Verdict

class Threes(Merge):
    '''Joins the texts of a window, three by three.'''
    name = "threes"
    unit = "characters"
    writes = {"joined": pa.string()}
    window: int = 100
    forget: bool = False

    def weights(self, batch):
        return np.array([len(text or "") for text in batch.column("text").to_pylist()], np.int64)

    def judge(self, batch):
        texts = batch.column("text").to_pylist()
        if "bad" in texts:
            raise ValueError("a bad text")
        return Verdict(len(texts), {"empty": np.array([not text for text in texts])})

    def merge(self, window):
        texts = window.column("text").to_pylist()
        if "worse" in texts:
            raise ValueError("a worse text")
        members = np.arange(len(texts))[: -1 if self.forget else None]
        ends = np.array([min(at + 3, len(members)) for at in range(0, len(members), 3)], np.int64)
        joined = ["|".join(texts[at : at + 3]) for at in range(0, len(members), 3)]
        return Merged(pa.record_batch({"joined": pa.array(joined, pa.string())}), ends, members, {"texts": len(texts)})
"""
RECIPE = """
plugins: [threes.py]
input_split: 3KB
datasets:
  a: {read: {jsonl: a.jsonl}}
  b: {read: {jsonl: b.jsonl}}
  all: {from: [a, b], steps: [length: {min_characters: 0}, threes: {window: 100}, sample: {fraction: 0.5}]}
write: {dataset: all, path: out, shard_size: 4KB}
"""


@pytest.fixture
def merging(runs: Runs) -> Runs:
    (runs.folder / "threes.py").write_text(PLUGIN)
    rows = [
        {"id": str(i), "text": "" if i % 17 == 3 else f"{i:x} " * (i % 23), "lang": f"l{i // 40}"} for i in range(600)
    ]
    runs.jsonl("a.jsonl", rows[:400])
    runs.jsonl("b.jsonl", rows[400:])
    return runs


def test_windows_are_cut_by_weight_and_every_row_is_in_one(merging: Runs) -> None:
    manifest = merging(RECIPE.replace("sample: {fraction: 0.5}", "sample: {fraction: 1}"))
    data, ledger = merging.table("data"), merging.table("ledger")
    texts = [row["text"] for name in ("a", "b") for row in _read(merging.folder / f"{name}.jsonl")]
    assert "|".join(row["joined"] for row in data) == "|".join(text for text in texts if text)
    assert len(ledger) == manifest["rows_dropped"] == sum(not text for text in texts)
    assert manifest["rows_merged"] == len(texts) - len(ledger)
    assert manifest["rows_added"] == manifest["rows_written"] == len(data)
    assert {row["text"] for row in data} == {None}
    assert len({row["id"] for row in data}) == len(data)
    assert {row["source"] for row in data if row["id"].startswith("all.02.threes-0-")} == {"a"}
    assert {len(row["joined"].split("|")) for row in data} == {1, 2, 3}
    step = next(step for step in manifest["steps"] if step["operator"] == "threes")
    assert step["tallies"] == {
        "a": {"texts": sum(bool(text) for text in texts[:400]), "characters_dropped": 0},
        "b": {"texts": sum(bool(text) for text in texts[400:]), "characters_dropped": 0},
    }
    langs = {row["lang"] for row in data}
    assert {"l0", "l14"} <= langs
    assert None not in {row["lang"] for row in data[:5]}


def test_workers_and_batches_leave_no_trace(
    merging: Runs, digests: Callable[[Path], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    merging(RECIPE, "one")
    merging(RECIPE, "two", workers=2)
    monkeypatch.setattr("datapipe.engine.shard.GATHER_ROWS", 7)
    monkeypatch.setattr("datapipe.engine.merging.OUT_BYTES", 50)
    monkeypatch.setattr("datapipe.io.readers.jsonl._ROWS", 5)
    merging(RECIPE, "three")
    assert digests(merging.folder / "one") == digests(merging.folder / "two") == digests(merging.folder / "three")


def test_columns_of_documents_do_not_go_on(merging: Runs) -> None:
    tagged = RECIPE.replace("min_characters: 0", "min_characters: 3, action: tag, label: size")
    merging(tagged)
    assert pq.read_schema(merging.folder / "out/data/part-00000.parquet").names[-1] == "joined"
    with pytest.raises(RecipeError, match="size.keep"):
        compile_text(tagged.replace("sample: {fraction: 0.5}", "select: {max: {size.keep: 1}}"), merging.folder)
    with pytest.raises(RecipeError, match="a merge operator does not take it"):
        compile_text(RECIPE.replace("window: 100", "window: 100, action: tag"), merging.folder)


def test_a_row_that_cannot_be_judged_is_set_aside(merging: Runs) -> None:
    rows = [{"id": str(i), "text": "bad" if i == 30 else f"text {i}"} for i in range(400)]
    merging.jsonl("a.jsonl", rows)
    manifest = merging(RECIPE)
    assert manifest["rows_quarantined"] == 1
    assert "a bad text" in merging.table("quarantine")[0]["error"]


@pytest.mark.parametrize("fault", ["worse", "forget"])
def test_a_window_that_fails_fails_the_run(merging: Runs, fault: str) -> None:
    if fault == "worse":
        merging.jsonl("a.jsonl", [{"id": "1", "text": "worse"}])
        with pytest.raises(
            RunFailed, match=r"all\.02\.threes: it failed on a window of rows: ValueError: a worse text"
        ):
            merging(RECIPE)
        return
    with pytest.raises((ContractError, RunFailed), match="every row of the window is a member"):
        merging(RECIPE.replace("window: 100", "forget: true"))


def test_nothing_to_merge(merging: Runs) -> None:
    (merging.folder / "a.jsonl").write_bytes(b"")
    (merging.folder / "b.jsonl").write_bytes(b"")
    assert merging(RECIPE)["rows_written"] == 0
    assert "joined" in pq.read_schema(merging.folder / "out/data/part-00000.parquet").names


def _read(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def test_lists_count_for_the_size_of_parts() -> None:
    base = {name: pa.array(["x", None], pa.string()) for name in ("id", "text", "metadata")}
    lists = {
        "fixed": pa.array([[1, 2, 3], [4, 5, 6]], pa.list_(pa.uint16(), 3)),
        "free": pa.array([[1], None], pa.list_(pa.uint32())),
        "named": pa.array([["abc"], None], pa.list_(pa.string())),
    }
    assert weights(pa.RecordBatch.from_pydict(base | lists)).tolist() == [3 + 6 + 4, 6]
