"""More tokens for a model: ids that stay, new tokens that are reached, and the trainer that goes on against the library's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sentencepiece
import tokenizers

from datapipe.core.errors import RecipeError
from datapipe.core.tokenizer_training.extension import extended_byte_level
from datapipe.core.tokenizer_training.settings import Kind, TokenizerSettings
from datapipe.core.tokenizer_training.training import check, trained
from tests.core.test_tokenizer_training import CONTEXT, fuzzed, texts

BASES: list[tuple[Kind, str]] = [
    ("byte_level_bpe", "tokenizer.json"),
    ("sentencepiece_bpe", "tokenizer.model"),
    ("sentencepiece_unigram", "tokenizer.model"),
]
OLD, NEW = "abcdefghijklmnopqrstuvwxyzßäöü (){}0123456789\n", "коюмнст"


def old_texts() -> list[str]:
    return ["".join(c if c in OLD else " " for c in text) for text in texts(1)]


def new_texts() -> Iterator[tuple[tuple[str, str], str]]:
    for text in texts(2):
        yield ("web", "ru"), "".join(c if c not in OLD or c == " " else "" for c in text)


def extend(kind: Kind, name: str, folder: Path, size: int = 500) -> tuple[dict[str, bytes], dict[str, bytes], Any]:
    """Files before and after, and what the card says."""
    settings = TokenizerSettings(kind=kind, vocab_size=400)
    base, _ = trained(lambda: (((), text) for text in old_texts()), settings, "test", CONTEXT)
    (folder / name).write_bytes(base[name])
    settings = TokenizerSettings(extend=str(folder / name), vocab_size=size)
    files, said = trained(new_texts, settings, "test", CONTEXT)
    return base, files, said["extends"]


def loaded(files: dict[str, bytes]) -> tokenizers.Tokenizer:
    return tokenizers.Tokenizer.from_str(files["tokenizer.json"].decode())


@pytest.mark.parametrize(("kind", "name"), BASES)
def test_ids_stay_and_new_tokens_are_reached(kind: Kind, name: str, tmp_path: Path) -> None:
    base, files, said = extend(kind, name, tmp_path)
    before, after = loaded(base), loaded(files)
    vocabulary = after.get_vocab()
    assert sorted(vocabulary.values()) == list(range(500))
    assert all(vocabulary[token] == number for token, number in before.get_vocab().items())
    assert (said["tokens"], said["added"]) == (400, 100)
    roles = json.loads(files["special_tokens_map.json"])
    assert roles == json.loads(base["special_tokens_map.json"])
    (row,) = said["gain"]
    assert (row["source"], row["lang"]) == ("web", "ru")
    assert row["tokens_per_byte_after"] < row["tokens_per_byte_before"] / 1.5
    old, new = ([set(made.encode(text).ids) for _, text in new_texts()] for made in (before, after))
    assert max(map(max, old)) < 400
    assert len({number for ids in new for number in ids if number >= 400}) > 60
    for text in old_texts()[:50]:
        assert after.encode(text).ids == before.encode(text).ids
    for text in fuzzed(150):
        if kind == "byte_level_bpe" or "▁" not in text:
            assert after.decode(after.encode(text).ids, skip_special_tokens=False) == text
    if name == "tokenizer.model":
        native = sentencepiece.SentencePieceProcessor(model_proto=files[name])
        for text in fuzzed(300):
            assert after.encode(text).ids == native.encode(text), repr(text)


def test_from_bytes_on_it_learns_what_the_library_learns() -> None:
    def whole() -> list[str]:
        return texts(3)

    first = TokenizerSettings(kind="byte_level_bpe", vocab_size=257 + 200)
    expected, _ = trained(lambda: (((), text) for text in whole()), first, "test", CONTEXT)
    description = json.loads(expected["tokenizer.json"])
    wanted = [list(pair) for pair in description["model"]["merges"]]
    vocabulary = description["model"]["vocab"]
    description["model"]["merges"] = []
    description["model"]["vocab"] = {token: number for token, number in vocabulary.items() if number < 257}
    found = extended_byte_level(description, whole, first, "test")
    assert found["model"]["merges"] == wanted
    assert found["model"]["vocab"] == vocabulary


def test_further_special_tokens(tmp_path: Path) -> None:
    extend("byte_level_bpe", "tokenizer.json", tmp_path)
    more = {"additional_tokens": ("<|im|>",), "user_symbols": ("<x>",)}
    settings = TokenizerSettings(extend=str(tmp_path / "tokenizer.json"), vocab_size=450, **more)
    files, _ = trained(new_texts, settings, "test", CONTEXT)
    made = loaded(files)
    assert (made.token_to_id("<|im|>"), made.token_to_id("<x>"), made.get_vocab_size()) == (400, 401, 450)
    assert made.decode(made.encode("a<|im|><x>").ids) == "a<x>"
    assert json.loads(files["tokenizer_config.json"])["additional_special_tokens"] == ["<|im|>"]


@pytest.mark.parametrize(("kind", "name"), BASES)
def test_what_cannot_be_extended(kind: Kind, name: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="the model has 400 tokens already, of 400"):
        extend(kind, name, tmp_path, 400)
    full = TokenizerSettings(extend=str(tmp_path / name), vocab_size=400)
    with pytest.raises(RecipeError, match="the model has 400 tokens already, of 400"):
        check(full, "test", CONTEXT)  # before there is any text
    if kind != "byte_level_bpe":
        with pytest.raises(RecipeError, match="expected no additional_tokens or user_symbols"):
            check(full.model_copy(update={"vocab_size": 500, "user_symbols": ("x",)}), "test", CONTEXT)
    with pytest.raises(RecipeError, match=r"the sample gives [\d,]+ tokens, not 90,000"):
        extend(kind, name, tmp_path, 90_000)


@pytest.mark.parametrize(
    "data", [b"", b"no model", b"{}", b'{"model": {"type": "WordPiece"}, "added_tokens": []}', b"{"]
)
def test_no_model(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "base").write_bytes(data)
    settings = TokenizerSettings(extend=str(tmp_path / "base"), vocab_size=500)
    with pytest.raises(RecipeError, match=r"extend: .*byte-level BPE"):
        trained(new_texts, settings, "test", CONTEXT)
