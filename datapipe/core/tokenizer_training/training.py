"""From a sample to a tokenizer's files and its card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from datapipe import __version__
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, TooLittleText
from datapipe.core.language_model.pieces import sentencepiece
from datapipe.core.tokenizer_training.byte_pairs import train_byte_level
from datapipe.core.tokenizer_training.extension import (
    extended_byte_level,
    extended_pieces,
    room_in_byte_level,
    room_in_pieces,
)
from datapipe.core.tokenizer_training.folder import folder_of, packed
from datapipe.core.tokenizer_training.gain import gain
from datapipe.core.tokenizer_training.pieces import train_sentencepiece
from datapipe.core.tokenizer_training.sample import Group
from datapipe.core.tokenizer_training.settings import USUAL, Role, TokenizerSettings
from datapipe.core.tokenizer_training.wordpiece import train_wordpiece
from datapipe.core.tokenizers.byte_level import spelled_bytes
from datapipe.core.tokenizers.converted import converted
from datapipe.core.tokenizers.huggingface import library
from datapipe.core.tokenizers.sentencepiece_file import described

CARD = "card.json"
HELD_OUT = 50  # of so many windows one: what an extension buys is measured on it, not learnt from it

Windows = Callable[[], Iterable[tuple[Group, str]]]


def check(settings: TokenizerSettings, wanted_by: str, ctx: Context) -> None:
    """MissingDependency if the trainer is not installed, RecipeError if what is to be extended cannot be."""
    if settings.kind.startswith("sentencepiece"):
        sentencepiece(wanted_by, "tokenize")
    if settings.extend is not None or not settings.kind.startswith("sentencepiece"):
        library(wanted_by)
    if settings.extend is not None:
        base = Base.read(settings.extend, ctx)
        _roles(base.description, settings)
        if base.model is None:
            room_in_byte_level(base.description, settings)
        else:
            room_in_pieces(described(base.model), settings)


@dataclass(frozen=True)
class Base:
    """A model to be extended: its description, and its bytes if it is SentencePiece's."""

    description: dict[str, Any]
    digest: str
    model: bytes | None

    @classmethod
    def read(cls, path: str, ctx: Context) -> Base:
        """RecipeError for a file that is no model, or one that cannot be extended."""
        try:
            with ctx.open(path) as stream:
                data = stream.read()
        except IsADirectoryError:
            raise RecipeError(f"extend: {path}: a folder; name the tokenizer.model or tokenizer.json in it") from None
        except OSError as error:
            raise RecipeError(f"extend: {path}: {error.strerror or error}") from None
        try:
            native = None if data.lstrip()[:1] == b"{" else data
            description = json.loads(data) if native is None else converted(described(native))
            if native is None:
                _must_be_byte_level(description)
        except ValueError as error:
            raise RecipeError(
                f"extend: {path}: {error}; expected a SentencePiece model or a tokenizer.json of byte-level BPE"
            ) from None
        return cls(description, hashlib.sha256(data).hexdigest(), native)


def trained(
    windows: Windows, settings: TokenizerSettings, wanted_by: str, ctx: Context
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The tokenizer's files by name, and what the card says of an extension. The same texts give the same bytes.

    It has fewer tokens than are wanted only where the run is of a sample that has no more.
    """
    try:
        return _trained(windows, settings, wanted_by, ctx)
    except TooLittleText as error:
        if ctx.whole:
            raise
        fewer = settings.model_copy(update={"vocab_size": error.most})
        return _trained(windows, fewer, wanted_by, ctx)


def _trained(
    windows: Windows, settings: TokenizerSettings, wanted_by: str, ctx: Context
) -> tuple[dict[str, bytes], dict[str, Any]]:
    def texts() -> Iterator[str]:
        return (text for _, text in windows())

    if settings.extend is not None:
        return _extended(windows, Base.read(settings.extend, ctx), settings, wanted_by)
    model = None
    if settings.kind == "byte_level_bpe":
        description = train_byte_level(texts(), settings, wanted_by)
    elif settings.kind == "wordpiece":
        description = train_wordpiece(texts, settings, wanted_by)
    else:
        model = train_sentencepiece(texts(), settings, wanted_by)
        description = converted(described(model))
    return folder_of(description, settings.special, settings.additional_tokens, model), {}


def _extended(
    windows: Windows, base: Base, settings: TokenizerSettings, wanted_by: str
) -> tuple[dict[str, bytes], dict[str, Any]]:
    def learnt() -> Iterator[str]:
        return (text for number, (_, text) in enumerate(windows()) if number % HELD_OUT)

    def held_out() -> Iterator[tuple[Group, str]]:
        return (window for number, window in enumerate(windows()) if not number % HELD_OUT)

    before = json.loads(json.dumps(base.description))
    model = None
    if base.model is None:
        description = extended_byte_level(base.description, learnt, settings, wanted_by)
    else:
        model = extended_pieces(base.model, learnt, settings, wanted_by)
        description = converted(described(model))
    special, additional = _roles(description, settings)
    told = {
        "extends": {
            "sha256": base.digest,
            "tokens": _size(before),
            "added": _size(description) - _size(before),
            "gain": gain(before, description, held_out(), wanted_by),
        }
    }
    return folder_of(description, special, additional, model), told


def _must_be_byte_level(description: dict[str, Any]) -> None:
    model = description.get("model")
    if not isinstance(model, dict) or "added_tokens" not in description:
        raise ValueError("it has no model")
    if model.get("type") != "BPE" or any(letter not in model["vocab"] for letter in spelled_bytes()):
        raise ValueError(f"its model is {model.get('type')} without the 256 bytes, which cannot be extended")


def _size(description: dict[str, Any]) -> int:
    """Tokens of the vocabulary, with special ones that stand beside it."""
    vocab = description["model"]["vocab"]
    texts = vocab if isinstance(vocab, dict) else (text for text, _ in vocab)
    return len({*texts, *(token["content"] for token in description["added_tokens"])})


def _roles(description: dict[str, Any], settings: TokenizerSettings) -> tuple[dict[Role, str], tuple[str, ...]]:
    """Roles of special tokens that the model has, those declared or the usual ones; and the tokens without a role."""
    has = [token["content"] for token in description["added_tokens"] if token["special"]]
    roles: dict[Role, str] = {}
    if settings.special_tokens is None:
        for token in has:
            if token in USUAL:
                roles.setdefault(USUAL[token], token)
    else:
        roles = dict(settings.special_tokens)
        missing = set(roles.values()) - set(has)
        if missing:
            raise RecipeError(f"special_tokens: the model has no {min(missing)}; it has {', '.join(has) or 'none'}")
    return roles, tuple(token for token in has if token not in roles.values())


def with_card(
    files: dict[str, bytes], settings: TokenizerSettings, seed: int, sample: list[dict[str, Any]], more: dict[str, Any]
) -> dict[str, bytes]:
    """The files and a card: what they were learnt from, by which parameters and packages.

    sample  rows of source, lang, corpus_bytes and sample_bytes    more  what extending found
    """
    left_out = {"extend"} | ({"kind", "split_digits", "pattern", "special_tokens"} if settings.extend else set())
    parameters = settings.model_dump(mode="json", include=set(TokenizerSettings.model_fields) - left_out)
    if "special_tokens" in parameters:
        parameters["special_tokens"] = settings.special
    card = {
        "kind": "tokenizer",
        "parameters": parameters,
        "seed": seed,
        "sample_bytes": sum(row["sample_bytes"] for row in sample),
        "sample": sample,
        **more,
        "versions": {"datapipe": __version__, **_versions("sentencepiece", "tokenizers")},
        "files": [
            {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        ],
    }
    return {**files, CARD: packed(card)}


def _versions(*packages: str) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
