"""A tokenizer trained within a run: published, used by a later step, the same whatever the shards and workers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tokenizers

from datapipe.core.errors import RecipeError, RunFailed
from tests.conftest import Runs, compile_text

WORDS = [
    "the",
    "cat",
    "and",
    "dog",
    "house",
    "tree",
    "größe",
    "straße",
    "weg",
    "über",
    "кот",
    "дом",
    "собака",
    "猫は家に",
]
WORDS += ["木の上で", "12", "2024", "(", ")", "{", "}", "return"]

PLUGIN = '''
"""Tokens by a model that an earlier step trains."""
import json
from typing import ClassVar

import pyarrow as pa
from pydantic import PrivateAttr

from datapipe import Map
from datapipe.core.path_parameters import ModelPath
from datapipe.core.trained import TrainedModel


class Ids(Map):
    name: ClassVar[str] = "ids"
    examples: ClassVar = ({"model": "none"},)
    model: ModelPath | TrainedModel
    _vocab: dict = PrivateAttr(default_factory=dict)

    def columns_written(self):
        return {"ids": pa.list_(pa.uint16() if self.model.vocab_size < 1 << 16 else pa.uint32())}

    def setup(self, ctx):
        with ctx.open(self.model.file("tokenizer.json")) as file:
            vocab = json.loads(file.read())["model"]["vocab"]
        self._vocab = vocab if isinstance(vocab, dict) else {token: n for n, (token, _) in enumerate(vocab)}

    def apply(self, batch):
        ids = [[self._vocab.get(c, 0) for c in (text or "")] for text in batch.column("text").to_pylist()]
        return batch.append_column("ids", pa.array(ids, pa.list_(pa.uint16())))
'''

RECIPE = """
name: tokens
seed: 3
plugins: [ids.py]
datasets:
  web:
    read: {{jsonl: [{web}]}}
  books:
    read: {{jsonl: [books.jsonl]}}
  corpus:
    from: [web, books]
    steps:
      - train_tokenizer: {{kind: {kind}, vocab_size: {size}, sample: 60kB, temperature: 3, label: own}}
      - ids: {{model: {{step: own}}}}
write: {{dataset: corpus, path: out}}
"""


def documents(n: int, source: str) -> list[dict[str, Any]]:
    rng = random.Random(source)
    langs = ["en", "de", "ru", None]
    rows = []
    for i in range(n):
        text = " ".join(rng.choice(WORDS) for _ in range(rng.randint(0, 200))) + "\n"
        rows.append({"id": f"{source}-{i}", "text": text * rng.randint(1, 2), "lang": rng.choice(langs)})
    return rows


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    (runs.folder / "ids.py").write_text(PLUGIN)
    rows = documents(300, "web")
    runs.jsonl("web.jsonl", rows)
    for k in range(5):
        runs.jsonl(f"many/web-{k}.jsonl", rows[k::5])
    runs.jsonl("books.jsonl", [*documents(40, "books"), {"id": "books-0", "text": "a second one of this id"}])
    return runs


def recipe(kind: str = "byte_level_bpe", size: int = 300, web: str = "web.jsonl") -> str:
    return RECIPE.format(kind=kind, size=size, web=web)


def test_it_is_published_and_used(corpus: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    manifest = corpus(recipe())
    (model,) = manifest["trained"]
    assert model["step"] == "own"
    folder = corpus.folder / "out" / "models" / "own"
    assert {f["path"] for f in model["files"]} == {f"models/own/{path.name}" for path in folder.iterdir()}
    vocab = json.loads((folder / "tokenizer.json").read_bytes())["model"]["vocab"]
    rows = corpus.table("data")
    assert len(rows) == manifest["rows_written"] == 340 - 1 + (manifest["rows_quarantined"] == 1)
    for row in rows[:50]:
        assert row["ids"] == [vocab.get(c, 0) for c in row["text"]]
    card = json.loads((folder / "card.json").read_bytes())
    assert {row["source"] for row in card["sample"]} == {"web", "books"}
    assert abs(card["sample_bytes"] - 60_000) < 8_000
    small = {row["source"]: 0 for row in card["sample"]}
    for row in card["sample"]:
        small[row["source"]] += row["sample_bytes"]
        assert row["sample_bytes"] <= row["corpus_bytes"]
    assert small["books"] > 60_000 * 40 / 340 * 1.5  # temperature lifts what there is little of
    assert corpus(recipe(), "two", workers=2)["trained"] == manifest["trained"]
    assert digests(corpus.folder / "two") == digests(corpus.folder / "out")


@pytest.mark.parametrize(
    ("kind", "size"),
    [("wordpiece", 115), ("sentencepiece_unigram", 330)],  # whose trainers depend on order, if they may
)
def test_other_shards_give_the_same_model(corpus: Runs, kind: str, size: int) -> None:
    one = corpus(recipe(kind, size))["trained"]
    assert corpus(recipe(kind, size, "many/*.jsonl"), "two")["trained"] == one


def test_again_and_with_another_model(corpus: Runs) -> None:
    manifest = corpus(recipe())
    assert corpus(recipe())["seconds"] == manifest["seconds"]  # nothing is done again
    lost = corpus.folder / "out" / "models" / "own" / "tokenizer.json"
    before = lost.read_bytes()
    lost.unlink()
    corpus(recipe())
    assert lost.read_bytes() == before
    rows = corpus.table("data")
    again = corpus(recipe(size=310))
    assert again["fingerprint"] != manifest["fingerprint"]
    assert again["trained"] != manifest["trained"]
    assert [row["id"] for row in corpus.table("data")] == [row["id"] for row in rows]
    corpus(recipe(size=310).replace("own", "other"))
    assert [path.name for path in (corpus.folder / "out" / "models").iterdir()] == ["other"]


def test_the_native_model_has_the_same_ids(corpus: Runs) -> None:
    corpus(recipe("sentencepiece_bpe", 340))
    folder = corpus.folder / "out" / "models" / "own"
    native = sentencepiece.SentencePieceProcessor(model_file=str(folder / "tokenizer.model"))
    ours = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    for row in corpus.table("data")[:40]:
        assert ours.encode(row["text"]).ids == native.encode(row["text"])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("{step: own}", "{step: owm}"), "no earlier step owm trains a model; did you mean own?"),
        (("kind: byte_level_bpe", "kind: byte_bpe"), "kind"),
        (("vocab_size: 300", "vocab_size: 300, special_tokens: {eos: ''}"), "a token is empty"),
        (("vocab_size: 300", "vocab_size: 300, special_tokens: {eos: <a>}, user_symbols: [<a>]"), "<a> is named twice"),
        (("vocab_size: 300", "vocab_size: 300, special_tokens: {end: <a>}"), "special_tokens"),
        (("vocab_size: 300", "vocab_size: 300, source_weights: {wbe: 2}"), "did you mean web?"),
        (("label: own", "label: own, action: tag"), "drops nothing"),
    ],
)
def test_what_cannot_be_is_told_before_any_work(corpus: Runs, change: tuple[str, str], said: str) -> None:
    with pytest.raises(RecipeError, match=r"recipe\.yaml:1\d: ") as told:
        compile_text(recipe().replace(*change), corpus.folder)
    assert said in str(told.value)


def test_too_little_text(corpus: Runs) -> None:
    with pytest.raises(RunFailed, match=r"the sample gives \d+ tokens, not 9,000; take at most \d+, or more text"):
        corpus(recipe(size=9000))
