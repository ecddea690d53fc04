"""Runs that pack: the same bytes whatever the workers, every token found again, and what report and why say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import RecipeError
from datapipe.engine.estimate.forecast import forecast
from datapipe.engine.executors.local import InProcess
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import load
from tests.conftest import Quiet, Runs, compile_text

PLUGIN = """
import pyarrow as pa
from datapipe import Map

class Bytes(Map):
    '''A token for each byte.'''
    name = "bytes"
    writes = {"tokens": pa.list_(pa.uint16())}

    def apply(self, batch):
        tokens = [list((text or "").encode()) for text in batch.column("text").to_pylist()]
        return batch.append_column("tokens", pa.array(tokens, pa.list_(pa.uint16())))
"""
RECIPE = """
plugins: [bytes.py]
input_split: 12KB
datasets:
  web: {read: {jsonl: web.jsonl}}
  code: {read: {jsonl: code.jsonl}}
  all: {from: [web, code], steps: [bytes, {pack: {length: 128, method: best_fit, eos: 300, window: 3000}}]}
write: {dataset: all, path: out, shard_size: 30KB}
"""


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    (runs.folder / "bytes.py").write_text(PLUGIN)
    rows = [{"id": f"d{i}", "text": "" if i == 5 else f"document {i} " + "abcdé " * (i * 7 % 41)} for i in range(300)]
    runs.jsonl("web.jsonl", rows[:200])
    runs.jsonl("code.jsonl", rows[200:])
    return runs


def texts(corpus: Runs, manifest: dict[str, Any]) -> dict[str, bytes]:
    """The documents as they stand in the sequences, put together from their places."""
    found: dict[str, dict[int, bytes]] = {}
    for row in corpus.table("data"):
        segments = row["segment_ids"]
        for number, place in enumerate(row["documents"], 1):
            own = [t for t, s in zip(row["input_ids"], segments, strict=True) if s == number]
            assert len(own) == place["end"] - place["start"]
            found.setdefault(place["id"], {})[place["start"]] = bytes(t for t in own if t != 300)
    return {name: b"".join(parts[at] for at in sorted(parts)) for name, parts in found.items()}


def test_every_document_is_found_again(corpus: Runs) -> None:
    manifest = corpus(RECIPE)
    original = {
        row["id"]: row["text"].encode()
        for name in ("web.jsonl", "code.jsonl")
        for row in map(orjson.loads, (corpus.folder / name).read_bytes().splitlines())
    }
    assert texts(corpus, manifest) == {name: text for name, text in original.items() if text}
    assert [row["id"] for row in corpus.table("ledger")] == ["d5"]
    assert manifest["rows_merged"] == 299
    assert manifest["rows_read"] + manifest["rows_added"] == manifest["rows_written"] + 1 + 299
    assert len(manifest["files"]) > 3  # rows without text have a size, too
    schema = pq.read_schema(corpus.folder / "out/data/part-00000.parquet")
    assert schema.field("input_ids").type == pa.list_(pa.uint16(), 128)
    packed = Counter(row["source"] for row in corpus.table("data"))
    tallies = tallies_of(manifest)
    assert {source: t["sequences"] for source, t in tallies.items()} == packed
    assert tallies["web"]["tokens_dropped"] == 0
    assert sum(t["tokens_in"] for t in tallies.values()) == sum(map(len, original.values()))


@pytest.mark.parametrize(
    "parameters", ["length: [32, 128], method: concat", "length: 64, method: bos_aligned, bos: 301"]
)
def test_workers_leave_no_trace(corpus: Runs, digests: Callable[[Path], dict[str, str]], parameters: str) -> None:
    recipe = RECIPE.replace("length: 128, method: best_fit", parameters)
    one, two = corpus(recipe, "one"), corpus(recipe, "two", workers=2)
    assert digests(corpus.folder / "one") == digests(corpus.folder / "two")
    assert tallies_of(one) == tallies_of(two)


def test_rows_with_an_id_read_before_are_packed_no_more_than_once(corpus: Runs) -> None:
    rows = [{"id": f"d{i % 150}", "text": f"document {i}"} for i in range(200)]
    corpus.jsonl("web.jsonl", rows)
    manifest = corpus(RECIPE.replace("input_split: 12KB", "max_error_rate: 1"))
    assert manifest["rows_quarantined"] == 50
    web = [place["id"] for row in corpus.table("data") if row["source"] == "web" for place in row["documents"]]
    assert sorted(web) == sorted(row["id"] for row in rows[:150])


def test_stages_by_length(corpus: Runs) -> None:
    recipe = RECIPE.replace("length: 128", "length: [64, 128]").partition("write:")[0]
    manifest = corpus(
        f"""{recipe}
  short: {{from: [all], steps: [select: {{length: {{max: 64}}}}]}}
  long: {{from: [all], steps: [select: {{length: {{min: 128}}}}]}}
write: [{{dataset: short, path: out}}, {{dataset: long, path: long}}]
"""
    )
    lengths = tallies_of(manifest)["web"]["lengths"], tallies_of(manifest)["code"]["lengths"]
    for out, length in (("out", 64), ("long", 128)):
        rows = corpus.table("data", out)
        assert {len(row["input_ids"]) for row in rows} == {length}
        assert len(rows) == sum(of[str(length)]["sequences"] for of in lengths)


def test_report_and_why(corpus: Runs) -> None:
    for ending in ("", ", format: jsonl", ", format: huggingface"):
        corpus(RECIPE.replace("30KB", "30KB" + ending), fresh=True)
        out = str(corpus.folder / "out")
        said = CliRunner().invoke(datapipe, ["report", out]).output
        assert "all.02.pack: source" in said
        assert "padding" in said
        fate = CliRunner().invoke(datapipe, ["why", out, "d40"]).output.splitlines()
        assert all(line.startswith("d40 (web): packed in all.02.pack-") for line in fate)
        # 12 bytes, 34 times seven, EOS
        assert {line.split(", ")[1] for line in fate} == {"tokens 0 to 128 of 251", "tokens 128 to 251 of 251"}
        assert "dropped by all.02.pack (pack): no_tokens" in CliRunner().invoke(datapipe, ["why", out, "d5"]).output
        assert "kept, in" in CliRunner().invoke(datapipe, ["why", out, "all.02.pack-0-0"]).output


def test_why_speaks_of_sequences_that_are_not_there(corpus: Runs) -> None:
    last = "steps: [bytes, {pack: {length: [64, 128]}}, {select: {length: {max: 1}}}]"
    corpus(RECIPE.replace("steps: [bytes, {pack: {length: 128, method: best_fit, eos: 300, window: 3000}}]", last))
    said = CliRunner().invoke(datapipe, ["why", str(corpus.folder / "out"), "d40"])
    assert said.exit_code == 1
    assert "if it was packed, the sequences with it are not published" in str(said.exception)


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ("length: 128, column: words", "reads the column words, which no earlier step or reader makes"),
        ("length: 128, column: text", "the column text is large_string, expected lists of tokens"),
        ("length: 128, pad: 70000", "does not fit into uint16"),
        ("length: 128, pad: -1", "pack.pad: expected a token's id"),
    ],
)
def test_bad_recipes_stop_before_any_work(corpus: Runs, parameters: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        compile_text(RECIPE.replace("length: 128", parameters), corpus.folder)


def test_a_step_that_reads_texts_stands_before_packing(corpus: Runs) -> None:
    recipe = (
        RECIPE.partition("write:")[0]
        + "  late: {from: [all], steps: [exact_dedup]}\nwrite: {dataset: late, path: out}\n"
    )
    with pytest.raises(RecipeError, match=r"exact_dedup reads texts, and behind all\.02\.pack there are none"):
        compile_text(recipe, corpus.folder)


def test_estimates_count_sequences(corpus: Runs) -> None:
    (corpus.folder / "recipe.yaml").write_text(RECIPE)
    plan = compile_recipe(load(str(corpus.folder / "recipe.yaml")))
    found = forecast(plan, plan, 1.0, 1, 0.0, 1, InProcess(), Quiet())
    manifest = corpus(RECIPE)
    assert found["steps"][-1]["rows_out"]["likely"] == found["outputs"][0]["rows"]["likely"] == manifest["rows_written"]
    size = sum(file["bytes"] for file in manifest["files"])
    assert found["outputs"][0]["bytes"]["likely"] == pytest.approx(size, rel=0.1)


def tallies_of(manifest: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = next(step["tallies"] for step in manifest["steps"] if step["operator"] == "pack")
    return found
