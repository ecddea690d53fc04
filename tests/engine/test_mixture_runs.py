"""Mixtures and curricula in runs: the published order is the stream made in memory, whatever workers and shards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from datapipe.core.columns import ADDR
from datapipe.core.errors import RecipeError, RunFailed
from datapipe.core.mixing.weights_file import WeightsFile
from datapipe.core.seeds import step_seed
from datapipe.engine.placing import in_place
from tests.conftest import Runs, compile_text
from tests.mixing import stream

SIZES = {"web": 300, "code": 90, "books": 40}
STEP = """{unit: bytes, budget: 60K, max_epochs: 3, stages: [
    {name: general, budget: 2T, weights: {web: 0.8, books: 0.2}},
    {name: code, budget: 600B, weights: {code: 1}, interpolate: linear},
    {name: last, budget: 400B, weights: {books: 0.6, code: 0.4}, order: {by: hard}}]}"""


def write(runs: Runs) -> None:
    for name, count in SIZES.items():
        rows = [
            {"id": f"{name}-{i}", "text": "word " * (20 + i * 7 % 50), "hard": (i * 37 % 100) / 100}
            for i in range(count)
        ]
        runs.jsonl(f"{name}.jsonl", rows)


def recipe(step: str, split: str = "64MB", more: str = "") -> str:
    reads = "\n".join(
        f"  {name}: {{read: {{jsonl: {name}.jsonl, columns: {{hard: {{field: hard, type: float}}}}}}}}"
        for name in SIZES
    )
    return (
        f"name: t\nseed: 5\ninput_split: {split}\ndatasets:\n{reads}\n"
        f"  corpus: {{from: [web, code, books], steps: [{step}{more}]}}\n"
        "write: {dataset: corpus, path: out, shard_size: 20KB}\n"
    )


def test_the_published_order_is_the_stream(runs: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    write(runs)
    manifest = runs(recipe(f"curriculum: {STEP}"))
    published = [(row["id"].partition("#")[0], row["stage"], row["epoch"]) for row in runs.table("data")]
    rows = [
        {
            ADDR: 0,
            "id": f"{name}-{i}",
            "source": name,
            "text": "word " * (20 + i * 7 % 50),
            "hard": (i * 37 % 100) / 100,
        }
        for name, count in SIZES.items()
        for i in range(count)
    ]
    stages = [
        {"name": "general", "budget": "2T", "weights": {"web": 0.8, "books": 0.2}},
        {"name": "code", "budget": "600B", "weights": {"code": 1}, "interpolate": "linear"},
        {"name": "last", "budget": "400B", "weights": {"books": 0.6, "code": 0.4}, "order": {"by": "hard"}},
    ]
    seed = step_seed(5, "corpus.01.curriculum")
    expected = stream("curriculum", [pa.RecordBatch.from_pylist(rows)], seed, unit="bytes", budget="60K", max_epochs=3,
                      stages=stages)  # fmt: skip
    columns = (expected.column(name).to_pylist() for name in ("id", "stage", "epoch"))
    assert published == list(zip(*columns, strict=True))
    copies = [row["id"] for row in runs.table("data")]
    assert len(set(copies)) == len(copies)  # ID, ID#2, …
    assert manifest["rows_read"] + manifest["rows_added"] == manifest["rows_written"] + manifest["rows_dropped"]
    assert [s["name"] for s in manifest["outputs"][0]["order"]["segments"]] == ["general", "code", "last"]
    # what the step tells is what was written
    tallies = next(step["tallies"] for step in manifest["steps"] if step["operator"] == "curriculum")
    written = sum(cell["bytes"] for own in tallies.values() for cell in own["stages"].values())
    assert written == sum(len(row["text"]) for row in runs.table("data"))
    assert abs(written - 60_000) < 600
    assert {row["reason"] for row in runs.table("ledger")} == {"not_sampled"}
    one = digests(runs.folder / "out")
    runs(recipe(f"curriculum: {STEP}"), out="two", workers=2)
    assert digests(runs.folder / "two") == one
    runs(recipe(f"curriculum: {STEP}", split="3KB"), out="many")
    assert [(r["id"], r["stage"], r["epoch"]) for r in runs.table("data", "many")] == [
        (r["id"], r["stage"], r["epoch"]) for r in runs.table("data")
    ]


def test_what_is_not_there_fails_with_the_table(runs: Runs) -> None:
    write(runs)
    text = recipe("mixture: {unit: bytes, weights: {web: 0.5, code: 0.5, books: 0}, budget: 60K}")
    with pytest.raises(
        RunFailed,
        match=r"(?s)^mixture: code: 1\.\d\d epochs of its bytes.*stage +group +weight.*mixture +code +50\.00%",
    ):
        runs(text)
    runs(text.replace("60K}", "60K, shortfall: cap}"), out="capped")
    assert {row["reason"] for row in runs.table("ledger", "capped")} == {"not_sampled", "no_weight"}
    assert sum(row["source"] == "code" for row in runs.table("data", "capped")) == SIZES["code"]


def test_names_are_checked_before_work(runs: Runs) -> None:
    write(runs)
    for weights, complaint in (
        ("{web: 1, code: 1, book: 1}", "no rows read in book come here; did you mean books"),
        ("{web: 1, code: 1}", "'books' has no weight"),
    ):
        with pytest.raises(RecipeError, match=complaint):
            compile_text(recipe(f"mixture: {{unit: bytes, weights: {weights}}}"), runs.folder)
    compile_text(recipe("mixture: {unit: bytes, weights: {web: 1, code: 1}, others: drop}"), runs.folder)
    (runs.folder / "w.json").write_bytes(WeightsFile(weights={"web": 1, "code": 1, "book": 1}).to_bytes())
    with pytest.raises(RecipeError, match=r"w\.json: book has a weight of 0\.333, .*did you mean books\?"):
        compile_text(recipe("mixture: {unit: bytes, file: w.json}"), runs.folder)
    with pytest.raises(RecipeError, match="no rows read in cod come here; did you mean code"):
        compile_text(recipe("mixture: {unit: bytes, max_epochs: {cod: 2}}"), runs.folder)


def test_sizes_from_the_manifest_of_a_run(runs: Runs) -> None:
    write(runs)
    runs(recipe("length: {min_words: 1}"))
    said = "mixture: {unit: bytes, weights: {web: 1, code: 1, books: 1}, budget: BUDGET, sizes_from: out/manifest.json}"
    plan = compile_text(recipe(said.replace("BUDGET", "12K")), runs.folder)
    there = sum(len("word ") * (20 + i * 7 % 50) for i in range(SIZES["books"]))
    facts = plan.steps()[-1].facts
    assert facts["schedule"]["stages"][0]["groups"]["books"]["size"] == there
    fewer = recipe(said.replace("BUDGET", "12K").replace(", books: 1", ""))
    fewer = fewer.replace("[web, code, books]", "[web, code]").replace("  books:", "  # books:")  # that run had more
    assert set(compile_text(fewer, runs.folder).steps()[-1].facts["schedule"]["stages"][0]["groups"]) == {"web", "code"}
    with pytest.raises(RecipeError, match=r"books: 1\.89"):
        compile_text(recipe(said.replace("BUDGET", "50K")), runs.folder)
    (runs.folder / "no.json").write_text("[]")
    with pytest.raises(RecipeError, match=r"no\.json is no manifest of a run"):
        compile_text(recipe(said.replace("out/manifest", "no").replace("BUDGET", "12K")), runs.folder)


def test_another_mixture_leaves_what_is_before_it(runs: Runs) -> None:
    write(runs)
    first, second = (
        compile_text(
            recipe(f"normalize, mixture: {{unit: bytes, weights: {{web: {web}, code: 1, books: 1}}}}"), runs.folder
        )
        for web in (1, 2)
    )
    assert first.stages[0].key == second.stages[0].key
    assert [link.step.operator for link in first.stages[0].lanes[0].chain if link.step] == ["normalize"]
    assert first.stages[1].key != second.stages[1].key


def test_copies_of_copies_have_ids_of_their_own(runs: Runs) -> None:
    write(runs)
    step = "{mixture: {unit: documents, weights: {web: 1, code: 1, books: 1}, budget: 240, max_epochs: 2}}"
    stages = "[{name: a, budget: 700, weights: {books: 1, code: 4, web: 2}}]"
    again = f"{{curriculum: {{unit: documents, stages: {stages}, max_epochs: 5}}}}"
    runs(recipe(step, more=f", {again}"))
    ids = [row["id"] for row in runs.table("data")]
    assert len(set(ids)) == len(ids) == 700
    copies = {name.partition("#")[2] for name in ids}
    assert {"", "2", "#2", "2##2"} <= copies  # books: taken twice, and then less; code: 80 of 90, and then 5 times
    runs(recipe(step, more=", shuffle"), out="shuffled")
    ids = [row["id"] for row in runs.table("data", "shuffled")]
    assert len(set(ids)) == len(ids) == 240
    assert {name.partition("#")[2] for name in ids} == {"", "2"}


def test_copies_are_made_of_few_rows_at_once(
    runs: Runs, digests: Callable[[Path], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or 5 MB taken 200 times would be 1 GB in one piece."""
    rows = [{"id": f"chat-{i}", "text": "word " * 20} for i in range(100)]
    runs.jsonl("chat.jsonl", rows)
    text = "read: {jsonl: chat.jsonl}\nsteps: [{mixture: {unit: documents, budget: 4000, max_epochs: 40}}]\nwrite: {path: out}"
    runs(text)
    heaviest = 0

    def watched(batch: pa.RecordBatch, *rest: Any) -> pa.RecordBatch:
        nonlocal heaviest
        made = in_place(batch, *rest)
        heaviest = max(heaviest, made.nbytes)
        return made

    monkeypatch.setattr("datapipe.engine.step.in_place", watched)
    monkeypatch.setattr("datapipe.engine.placing.COPIES", 50_000)
    runs(text, out="few")
    assert 30_000 < heaviest < 100_000
    assert digests(runs.folder / "few") == digests(runs.folder / "out")
