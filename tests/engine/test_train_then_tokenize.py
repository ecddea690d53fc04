"""A tokenizer trained and used in one run, by the step `tokenize`."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import tokenizers

from datapipe.core import working
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, RunFailed
from datapipe.core.tokenizer_training.sample import Share
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.ops.train_tokenizer import TrainTokenizer
from tests.conftest import Quiet, Runs, compile_text
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


@pytest.mark.parametrize("kind", ["byte_level_bpe", "sentencepiece_bpe", "sentencepiece_unigram", "wordpiece"])
def test_of_a_sample_less_can_be_asked(runs: Runs, kind: str) -> None:
    """`check --estimate` runs a part of the input, of which 70,000 tokens cannot be learnt; ids are as wide as planned."""
    runs.jsonl("0.jsonl", [{"id": str(k), "text": text} for k, text in enumerate(texts(1)[:60])])
    plan = compile_text(RECIPE.format(kind=kind, size=70_000), runs.folder)
    with pytest.raises(RunFailed, match=r"own: .*the sample gives [\d,]+ (tokens|pieces), not 70,000"):
        Driver(plan, str(runs.folder / "out"), InProcess(), Quiet()).run()
    Driver(plan.model_copy(update={"extends": False}), str(runs.folder / "part"), InProcess(), Quiet()).run()
    rows = runs.table("data", "part")
    assert len(rows) == 60
    assert all(row["tokens"] for row in rows)


def test_learning_shows_progress(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(working, "EVERY", 0.001)
    monkeypatch.setattr(working, "LEAST", 0.0)
    signs: list[int] = []
    operator = TrainTokenizer(vocab_size=SIZES["byte_level_bpe"])
    operator.setup(Context("own", 1, open, progress=lambda: signs.append(1)))  # type: ignore[arg-type]
    group, share = ("", ""), Share(1 << 20, 1 << 20)
    operator.files_from(lambda: ((group, share, text) for text in texts(1)))
    assert signs


def test_each_language_by_a_model_of_its_own(runs: Runs) -> None:
    rows = [{"id": str(k), "text": text, "lang": "de" if k % 3 else "en"} for k, text in enumerate(texts(1)[:90])]
    runs.jsonl("0.jsonl", rows)
    recipe = """
name: tokens
read: {jsonl: "*.jsonl"}
steps:
  - train_tokenizer: {vocab_size: 300, label: own}
  - train_tokenizer: {kind: sentencepiece_bpe, vocab_size: 420, where: {lang: de}, label: german}
  - tokenize: {model: {step: own}, eos: none, by_lang: {de: {model: {step: german}}}}
write: {path: out}
"""
    runs(recipe)
    made = {
        label: tokenizers.Tokenizer.from_file(str(runs.folder / "out" / "models" / label / "tokenizer.json"))
        for label in ("own", "german")
    }
    for row in runs.table("data"):
        assert row["tokens"] == made["german" if row["lang"] == "de" else "own"].encode(row["text"]).ids
    with pytest.raises(RecipeError, match=r"tokenize.by_lang.de.model: no earlier step germ trains a model"):
        compile_text(recipe.replace("{step: german}", "{step: germ}"), runs.folder)
