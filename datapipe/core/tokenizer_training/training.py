"""From a sample to a tokenizer's files and its card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from importlib.metadata import version
from typing import Any

from datapipe import __version__
from datapipe.core.context import Context
from datapipe.core.language_model.pieces import sentencepiece
from datapipe.core.tokenizer_training.byte_pairs import train_byte_level
from datapipe.core.tokenizer_training.folder import folder_of, packed
from datapipe.core.tokenizer_training.pieces import train_sentencepiece
from datapipe.core.tokenizer_training.settings import TokenizerSettings
from datapipe.core.tokenizer_training.wordpiece import train_wordpiece
from datapipe.core.tokenizers.converted import converted
from datapipe.core.tokenizers.huggingface import library
from datapipe.core.tokenizers.sentencepiece_file import read_model

CARD = "card.json"


def check_packages(settings: TokenizerSettings, wanted_by: str) -> None:
    """MissingDependency if the trainer is not installed."""
    (sentencepiece if settings.kind.startswith("sentencepiece") else library)(wanted_by)


def trained(
    texts: Callable[[], Iterable[str]], settings: TokenizerSettings, wanted_by: str, ctx: Context
) -> tuple[dict[str, bytes], dict[str, Any]]:
    """The tokenizer's files by name, and what the card says of an extension. The same texts give the same bytes."""
    model = None
    if settings.kind == "byte_level_bpe":
        description = train_byte_level(texts(), settings, wanted_by)
    elif settings.kind == "wordpiece":
        description = train_wordpiece(texts, settings, wanted_by)
    else:
        model = train_sentencepiece(texts(), settings, wanted_by)
        description = converted(read_model(model))
    return folder_of(description, settings.special, settings.additional_tokens, model), {}


def with_card(
    files: dict[str, bytes], settings: TokenizerSettings, seed: int, sample: list[dict[str, Any]], more: dict[str, Any]
) -> dict[str, bytes]:
    """The files and a card: what they were learnt from, by which parameters and packages.

    sample  rows of source, lang, corpus_bytes and sample_bytes    more  what extending found
    """
    packages = ["tokenizers"] if not settings.kind.startswith("sentencepiece") else ["sentencepiece"]
    parameters = settings.model_dump(mode="json", include=set(TokenizerSettings.model_fields))
    card = {
        "kind": "tokenizer",
        "parameters": {**parameters, "special_tokens": settings.special},
        "seed": seed,
        "sample_bytes": sum(row["sample_bytes"] for row in sample),
        "sample": sample,
        **more,
        "versions": {"datapipe": __version__, **{name: version(name) for name in packages}},
        "files": [
            {"file": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
            for name, data in sorted(files.items())
        ],
    }
    return {**files, CARD: packed(card)}
