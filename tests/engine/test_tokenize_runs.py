"""Runs with `tokenize`: the same bytes on any number of workers, tokens counted by source and language."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from tokenizers import Tokenizer

from datapipe.cli.main import datapipe
from datapipe.core.errors import RecipeError
from tests.conftest import SAMPLE, Runs, compile_text
from tests.kernels.byte_level_models import model

RECIPE = f"""
name: tokens
input_split: 100KB
datasets:
  web: {{read: {{jsonl: {SAMPLE}/web/*.jsonl.zst}}}}
  books: {{read: {{parquet: {SAMPLE}/books/*.parquet}}}}
  corpus:
    from: [web, books]
    steps: [{{tokenize: {{model: models/tokenizer.json, where: {{source: [books]}}}}}}, {{tokenize: {{model: models}}}}]
write: {{dataset: corpus, path: out, shard_size: 300KB}}
"""
Digests = Callable[[Path], dict[str, str]]


@pytest.fixture
def tokenizer(runs: Runs) -> Tokenizer:
    (runs.folder / "models").mkdir()
    (runs.folder / "models" / "tokenizer.json").write_bytes(model("gpt2"))
    (runs.folder / "models" / "weights.bin").write_bytes(b"\0")
    return Tokenizer.from_str(model("gpt2").decode())


def test_any_number_of_workers_gives_the_same_bytes(
    runs: Runs, digests: Digests, tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    manifest = runs(RECIPE, "out0", workers=0)
    runs(RECIPE, "out2", workers=2)
    monkeypatch.setattr("datapipe.io.readers.jsonl._ROWS", 7)
    monkeypatch.setattr("datapipe.io.arrow_chunks._ROWS", 5)
    runs(RECIPE, "small")
    assert digests(runs.folder / "out0") == digests(runs.folder / "out2") == digests(runs.folder / "small")
    rows = runs.table("data", "out0")
    end = tokenizer.token_to_id("<|endoftext|>")
    expected = tokenizer.encode_batch([row["text"] for row in rows], add_special_tokens=False)
    assert [row["tokens"] for row in rows] == [[*one.ids, end] for one in expected]
    some, every = (step for step in manifest["steps"] if step["operator"] == "tokenize")
    assert set(some["tallies"]) == {"books"}
    counted = [own for langs in every["tallies"].values() for own in langs.values()]
    assert sum(own["n_tokens"] for own in counted) == sum(row["n_tokens"] for row in rows)
    assert sum(own["rows"] for own in counted) == len(rows)
    assert every["facts"]["eos"] == {"token": "<|endoftext|>", "id": end}
    assert [one["name"] for one in manifest["models"]] == ["tokenizer.json"]
    shown = CliRunner().invoke(datapipe, ["report", str(runs.folder / "out0")]).output
    assert f"{sum(own['n_tokens'] for own in counted):,}" in shown


def test_check_says_what_will_be_done_and_refuses_before_work(runs: Runs, tokenizer: Tokenizer) -> None:
    (runs.folder / "recipe.yaml").write_text(RECIPE)
    shown = CliRunner().invoke(datapipe, ["check", str(runs.folder / "recipe.yaml")])
    assert shown.exit_code == 0, shown.output
    assert "537 tokens, ids uint16; eos <|endoftext|> = 0" in shown.output
    with pytest.raises(RecipeError, match=r"recipe.yaml:9: tokenize: eos: </s> is no token of the model"):
        compile_text(RECIPE.replace("model: models}", 'model: models, eos: "</s>"}'), runs.folder)


def test_text_goes_where_it_is_not_wanted(runs: Runs, tokenizer: Tokenizer) -> None:
    path = runs.jsonl("in.jsonl", [{"id": "a", "text": "The fox", "lang": "en"}, {"id": "b", "text": ""}])
    runs(
        f"read: {{jsonl: {path}}}\nsteps: [{{tokenize: {{model: models, eos: none, keep_text: false}}}}]\n"
        "write: {path: out}"
    )
    kept = [(row["text"], row["tokens"]) for row in runs.table("data")]
    assert kept == [(None, tokenizer.encode("The fox").ids), (None, [])]


def test_languages_with_models_of_their_own(runs: Runs, tokenizer: Tokenizer) -> None:
    """Their ids share a column: of one type, which the recipe says where the vocabularies differ so much."""
    vocab = dict(json.loads(model("gpt2")))
    vocab["model"]["vocab"][max(vocab["model"]["vocab"], key=vocab["model"]["vocab"].get)] = 70_000
    (runs.folder / "large.json").write_text(json.dumps(vocab))
    runs.jsonl("in.jsonl", [{"id": "a", "text": "Hund", "lang": "de"}, {"id": "b", "text": "Hund", "lang": "en"}])
    recipe = """
name: tokens
read: {jsonl: in.jsonl}
steps: [{tokenize: {model: models, eos: none, %sby_lang: {de: {model: large.json}}}}]
write: {path: out}
"""
    said = (
        r"tokenize: by_lang.de: its column tokens is list<item: uint32>, .* uint16>; say one dtype for the whole step"
    )
    with pytest.raises(RecipeError, match=said):
        compile_text(recipe % "", runs.folder)
    with pytest.raises(
        RecipeError, match=r"by_lang.de: its column tokens is absent, the step's is list<item: uint16>$"
    ):
        compile_text(recipe.replace("large.json", "models, column: x") % "", runs.folder)
    runs(recipe % "dtype: uint32, ")
    rows = runs.table("data")
    assert [row["tokens"] for row in rows] == [tokenizer.encode("Hund").ids] * 2
