"""A tokenizer trained and used in one run, by the step `tokenize`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers

from tests.conftest import Runs, compile_text
from tests.core.test_tokenizer_training import SIZES, texts

RECIPE = """
name: tokens
read: {{jsonl: "*.jsonl"}}
steps:
  - train_tokenizer: {{kind: {kind}, vocab_size: {size}, label: own}}
  - tokenize: {{model: {{step: own}}}}
write: {{path: out}}
"""


@pytest.mark.parametrize("kind", ["byte_level_bpe", "sentencepiece_bpe", "sentencepiece_unigram"])
def test_ids_of_the_model_just_trained(runs: Runs, kind: str, digests: Callable[[Path], dict[str, str]]) -> None:
    for n in range(3):
        runs.jsonl(f"{n}.jsonl", [{"id": f"{n}-{k}", "text": text} for k, text in enumerate(texts(n)[:50])])
    recipe = RECIPE.format(kind=kind, size=SIZES[kind])  # type: ignore[index]
    manifest = runs(recipe)
    folder = runs.folder / "out" / "models" / "own"
    model = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    eos = model.token_to_id(json.loads((folder / "tokenizer_config.json").read_bytes())["eos_token"])
    rows = runs.table("data")
    assert len(rows) == 150
    for row in rows:
        assert row["tokens"] == [*model.encode(row["text"]).ids, eos]
    assert runs(recipe)["seconds"] == manifest["seconds"]
    if kind == "byte_level_bpe":
        runs(recipe, "two", workers=2)
        assert digests(runs.folder / "two") == digests(runs.folder / "out")


def test_ids_fit_what_will_be_trained(runs: Runs) -> None:
    runs.jsonl("0.jsonl", [{"text": "a"}])
    for size, dtype in ((65_536, "uint16"), (65_537, "uint32")):
        plan = compile_text(RECIPE.format(kind="byte_level_bpe", size=size), runs.folder)
        assert str(plan.stages[-1].rows.field("tokens").type) == f"list<item: {dtype}>"
