"""Orders: rows of all shards in one stream, the same whatever the shards, the workers, the batches or the memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import numpy as np
import pytest

from datapipe.core.errors import ContractError, RecipeError, RunFailed
from datapipe.core.seeds import hashes, step_seed
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from tests.conftest import Quiet, Runs, compile_text
from tests.engine.ordering import PLUGIN

SHUFFLE = """
seed: 11
input_split: 6KB
datasets:
  a: {read: {jsonl: a*.jsonl}}
  b: {read: {jsonl: b.jsonl}}
  all: {from: [a, b], steps: [{shuffle: {}}]}
write: {dataset: all, path: out, shard_size: 5KB}
"""
STAGES = SHUFFLE.replace("seed:", "plugins: [orders.py]\nseed:").replace("{shuffle: {}}", "stages")
Digests = Callable[[Path], dict[str, str]]


def documents(name: str, n: int) -> list[dict[str, Any]]:
    return [{"id": f"{name}-{i}", "text": f"{i} of {name}. " * (i % 7), "lang": "en"} for i in range(n)]


@pytest.fixture
def ordering(runs: Runs) -> Runs:
    (runs.folder / "orders.py").write_text(PLUGIN)
    runs.jsonl("a0.jsonl", documents("x", 200))
    runs.jsonl("a1.jsonl", documents("y", 150))
    runs.jsonl("b.jsonl", documents("x", 100))  # ids of another source's rows, too
    return runs


def test_a_shuffle_is_the_order_of_hashes(ordering: Runs) -> None:
    manifest = ordering(SHUFFLE)
    rows = ordering.table("data")
    seed = step_seed(11, "all.01.shuffle")
    expected = [("a", row["id"]) for name, n in (("x", 200), ("y", 150)) for row in documents(name, n)]
    expected += [("b", row["id"]) for row in documents("x", 100)]
    expected.sort(key=lambda row: (int(hashes(seed, [row[1]])[0]), row[1], row[0]))
    assert [(row["source"], row["id"]) for row in rows] == expected
    assert all(row["text"] == f"{row['id'][2:]} of {row['id'][0]}. " * (int(row["id"][2:]) % 7) for row in rows)
    parts = len(manifest["outputs"][0]["files"])
    assert parts > 2
    segment = {"name": "all", "first_row": 0, "rows": 450, "first_part": 0, "parts": parts}
    assert manifest["outputs"][0]["order"] == {"step": "all.01.shuffle", "segments": [segment]}
    assert (manifest["rows_read"], manifest["rows_added"], manifest["rows_written"]) == (450, 0, 450)


def test_workers_batches_memory_and_spills_leave_no_trace(
    ordering: Runs, digests: Digests, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordering(STAGES, "one")
    ordering(STAGES, "two", workers=2)
    monkeypatch.setattr("datapipe.engine.shard.GATHER_ROWS", 7)
    monkeypatch.setattr("datapipe.engine.placing.COPIES", 900)
    monkeypatch.setattr("datapipe.engine.scattered.PIECE", 300)
    monkeypatch.setattr("datapipe.engine.gathered.OUT", 500)
    monkeypatch.setattr("datapipe.engine.gathered.MAPPED", 3)
    monkeypatch.setattr("datapipe.io.readers.jsonl._ROWS", 5)
    ordering(STAGES, "three")
    ordering(STAGES.replace("seed:", "spill: zstd\nmemory: 9KB\nseed:"), "four")  # runs of 1 kB, shards in parts
    found = [digests(ordering.folder / name) for name in ("one", "two", "three", "four")]
    assert found[0] == found[1] == found[2] == found[3]


@pytest.mark.parametrize("recipe", [SHUFFLE, STAGES])
def test_rows_that_go_by_groups_come_to_the_same_places(
    ordering: Runs, digests: Digests, recipe: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From 4 million pairs of an old and a new shard on; ties, parts of a shard and the manifest's order, too."""
    recipe = recipe.replace("6KB", "600")
    at_once = ordering(recipe, "one")
    monkeypatch.setattr("datapipe.plan.ordered.PAIRS", 4)
    plan = compile_text(recipe, ordering.folder)
    coarse, fine = [stage.scatter for stage in plan.stages if stage.scatter]
    assert (coarse.coarse, fine.coarse, coarse.step) == (True, False, fine.step)
    assert 2 < len(coarse.shards) < len(fine.shards) < 2 * len(coarse.shards) ** 2
    by_groups = ordering(recipe, "two", workers=2)
    ordering(recipe.replace("seed:", "spill: zstd\nmemory: 9KB\nseed:"), "three")
    expected = digests(ordering.folder / "one")
    assert digests(ordering.folder / "two") == digests(ordering.folder / "three") == expected
    assert by_groups["outputs"][0]["order"] == at_once["outputs"][0]["order"]


def test_in_an_object_store(ordering: Runs) -> None:
    ordering(STAGES)
    files = fsspec.filesystem("memory")
    plan = compile_text(STAGES.replace("path: out", "path: memory://ordered"), ordering.folder)
    try:
        Driver(plan, "memory://ordered", InProcess(), Quiet()).run()
        found = {name.rpartition("/")[2]: files.cat(name) for name in files.ls("/ordered/data", detail=False)}
        assert found == {path.name: path.read_bytes() for path in ordering.folder.glob("out/data/*")}
    finally:
        files.rm("/ordered", recursive=True)


def test_where_rows_come_from_leaves_no_trace(ordering: Runs, digests: Digests) -> None:
    ordering(SHUFFLE, "one")
    rows = [*documents("x", 200), *documents("y", 150)]
    for name, part in (("a0", rows[:120:-1]), ("a1", rows[:60]), ("a2", rows[60:121])):
        ordering.jsonl(f"{name}.jsonl", part)
    ordering(SHUFFLE.replace("a*.jsonl", "[a2.jsonl, a1.jsonl, a0.jsonl]"), "two")
    assert digests(ordering.folder / "one") == digests(ordering.folder / "two")
    ordering(SHUFFLE.replace("6KB", "3KB"), "three")  # twice the shards: parts are cut elsewhere
    ids = [[(row["source"], row["id"]) for row in ordering.table("data", out)] for out in ("one", "three")]
    assert ids[0] == ids[1]


def test_rows_without_a_place_and_copies(ordering: Runs) -> None:
    manifest = ordering(STAGES)
    data, ledger = ordering.table("data"), ordering.table("ledger")
    numbers = [*range(200), *range(150), *range(100)]
    assert len(ledger) == manifest["rows_dropped"] == sum(n % 5 == 0 for n in numbers)
    assert {row["reason"] for row in ledger} == {"fifth"}
    twice = sum(n % 3 == 0 and n % 5 > 0 for n in numbers)
    assert manifest["rows_added"] == twice
    assert sum(row["id"].endswith("#2") for row in data) == twice == sum(row["epoch"] == 1 for row in data)
    assert {row["stage"] for row in data if row["id"].endswith("#2")} == {"s1"}
    first, second = manifest["outputs"][0]["order"]["segments"]
    assert [first["name"], second["name"]] == ["general", "rest"]
    assert [row["stage"] for row in data] == ["s0"] * first["rows"] + ["s1"] * second["rows"]
    assert (second["first_row"], second["first_part"]) == (first["rows"], first["parts"])
    files = manifest["outputs"][0]["files"]
    assert sum(f["rows"] for f in files[: first["parts"]]) == first["rows"]
    assert len(files) == first["parts"] + second["parts"]
    step = next(step for step in manifest["steps"] if step["operator"] == "stages")
    assert step["rows_in"] + step["added"] == step["rows_out"] + step["dropped"]


def test_an_answer_of_the_whole_corpus_orders(ordering: Runs, digests: Digests) -> None:
    manifest = ordering(STAGES.replace("stages", "counted"), "one")
    ordering(STAGES.replace("stages", "counted"), "two", workers=2)
    assert digests(ordering.folder / "one") == digests(ordering.folder / "two")
    ordering(STAGES, "three")
    ids = [[row["id"] for row in ordering.table("data", out)] for out in ("one", "three")]
    assert sorted(ids[0]) == sorted(ids[1])
    assert ids[0] != ids[1]
    assert manifest["outputs"][0]["order"]["step"] == "all.01.counted"


def test_steps_behind_an_order_and_two_outputs(ordering: Runs, digests: Digests) -> None:
    steps = "count, {shuffle: {seed: 5}}, {length: {min_characters: 1}}"
    steps += ", {pack: {length: 64, method: concat, too_long: split}}, {shuffle: {}}"
    recipe = STAGES.replace("[stages]", f"[{steps}]").replace(
        "write: {dataset: all, path: out, shard_size: 5KB}",
        "  again: {from: [all], steps: [{sample: {fraction: 0.5}}]}\n"
        "write: [{dataset: all, path: out, shard_size: 20KB}, {dataset: again, path: again, shard_size: 20KB}]",
    )
    manifest = ordering(recipe)
    rows, half = manifest["outputs"][0]["rows"], manifest["outputs"][1]["rows"]
    assert rows > half > 0
    for output in manifest["outputs"]:
        (segment,) = output["order"]["segments"]
        assert (output["order"]["step"], segment["rows"]) == ("all.05.shuffle", output["rows"])
    packed = next(step for step in manifest["steps"] if step["operator"] == "pack")
    tallies = packed["tallies"]
    assert set(tallies) >= {"a", "b", "mixed"}
    of = {name: tallies[name] for name in ("a", "b")}
    characters = {name: sum(t[name] for t in of.values()) for name in ("tokens_in", "tokens_packed", "documents")}
    assert characters["tokens_in"] == characters["tokens_packed"] == sum(t["tokens_packed"] for t in tallies.values())
    assert characters["documents"] == packed["merged"]
    assert sum(t["sequences"] for t in tallies.values()) == packed["added"] == rows
    assert {row["source"] for row in ordering.table("data")} <= {"a", "b", "mixed"}
    assert len({row["id"] for row in ordering.table("data")}) == rows
    ordering(recipe.replace("path: again", "path: again2"), "two", workers=2)
    assert digests(ordering.folder / "out") == digests(ordering.folder / "two")


@pytest.mark.parametrize("n", [0, 1, 2])
def test_few_rows(ordering: Runs, n: int) -> None:
    for name in ("a0", "a1", "b"):
        ordering.jsonl(f"{name}.jsonl", documents("x", n) if name == "a0" else [])
    manifest = ordering(STAGES)
    assert len(ordering.table("data")) == manifest["rows_written"] == (n > 1)
    segments = manifest["outputs"][0]["order"]["segments"]
    assert [segment["rows"] for segment in segments] == [0, int(n > 1)]
    assert ordering(SHUFFLE, "out2")["rows_written"] == n


def test_a_shuffle_is_uniform(ordering: Runs) -> None:
    """The order is a hash, so this is of the engine: no stretch of the stream has more of one place of the input."""
    n = 6000
    ordering.jsonl("a0.jsonl", [{"id": f"{i}", "text": ""} for i in range(n)])
    ordering.jsonl("a1.jsonl", [])
    ordering.jsonl("b.jsonl", [])
    ordering(SHUFFLE.replace("6KB", "40KB"))
    order = np.array([int(row["id"]) for row in ordering.table("data")])
    assert sorted(order) == list(range(n))
    seen, _, _ = np.histogram2d(np.arange(n), order, bins=12)
    chi_square = ((seen - n / 144) ** 2 / (n / 144)).sum()
    assert 121 - 4 * (2 * 121) ** 0.5 < chi_square < 121 + 4 * (2 * 121) ** 0.5  # 11 · 11 degrees of freedom
    assert abs(np.corrcoef(np.arange(n), order)[0, 1]) < 4 / n**0.5
    assert abs(np.corrcoef(order[1:], order[:-1])[0, 1]) < 4 / n**0.5


def test_a_bad_row_is_set_aside_and_a_broken_law_stops(ordering: Runs) -> None:
    ordering.jsonl("b.jsonl", [{"id": "bad", "text": "x"}, {"id": "good-1", "text": "y"}])
    manifest = ordering(STAGES.replace("seed:", "max_error_rate: 0.1\nseed:"))
    assert manifest["rows_quarantined"] == 1
    assert [row["id"] for row in ordering.table("quarantine")] == ["bad"]
    with pytest.raises((ContractError, RunFailed), match="no place exactly where the verdict drops it"):
        ordering(STAGES.replace("[stages]", "[{stages: {forget: true}}]"), "o2")


def test_what_an_order_does_not_take(ordering: Runs) -> None:
    for more in ("where: {lang: [en]}", "action: tag", "by_lang: {en: {}}"):
        with pytest.raises(RecipeError, match="an order operator does not take it"):
            compile_text(SHUFFLE.replace("{shuffle: {}}", f"{{shuffle: {{{more}}}}}"), ordering.folder)
        if "by_lang" not in more:
            with pytest.raises(RecipeError, match="an order operator does not take it"):
                compile_text(STAGES.replace("stages", f"{{counted: {{{more}}}}}"), ordering.folder)


def test_segments_have_shards_by_their_share(ordering: Runs) -> None:
    text = STAGES.replace("[stages]", "[{stages: {first: 0.2}}]")
    plan = compile_text(text, ordering.folder)
    scatter = next(stage.scatter for stage in plan.stages if stage.scatter)
    general, rest = (span.stop - span.start for span in scatter.segments)
    size = sum(shard.weight for shard in plan.inputs())
    assert (general, rest) == (-(-size * 0.2 // 6000), -(-size * 0.8 // 6000))
    other = compile_text(text.replace("0.2", "0.9"), ordering.folder)
    assert {stage.key for stage in plan.stages} & {stage.key for stage in other.stages} == {plan.stages[0].key}
