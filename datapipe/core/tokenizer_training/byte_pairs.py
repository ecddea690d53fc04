"""Byte-level BPE, learnt by Hugging Face's `tokenizers`.

Its counts are sums of integers and equal pairs go by their ids, so neither threads nor the order of texts change a byte.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from datapipe.core.errors import TooLittleText
from datapipe.core.tokenizer_training.settings import TokenizerSettings
from datapipe.core.tokenizers.converted import added_tokens
from datapipe.core.tokenizers.huggingface import library

TWICE = 2  # a pair met once is no word of any language
# cl100k's, as tiktoken has it (openai/tiktoken, tiktoken_ext/openai_public.py), but for the digits of a piece.
_CL100K = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_byte_level(texts: Iterable[str], settings: TokenizerSettings, wanted_by: str) -> dict[str, Any]:
    """The description of the model, as `tokenizer.json` has it."""
    tokenizers = library(wanted_by)
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = _cut(tokenizers, settings)
    made.decoder = tokenizers.decoders.ByteLevel()
    made.normalizer = normalizer(tokenizers, settings)
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=settings.vocab_size,
        min_frequency=TWICE,
        special_tokens=[*settings.reserved, *settings.user_symbols],
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    made.train_from_iterator(texts, trainer)
    description: dict[str, Any] = json.loads(made.to_str())
    found = len(description["model"]["vocab"])
    if found < settings.vocab_size:
        raise TooLittleText(found, settings.vocab_size)
    description["added_tokens"] = named_tokens(settings)
    return description


def named_tokens(settings: TokenizerSettings) -> list[dict[str, Any]]:
    """Special tokens and user symbols, which have the first ids."""
    special = {token: number for number, token in enumerate(settings.reserved)}
    symbols = {token: len(special) + number for number, token in enumerate(settings.user_symbols)}
    return added_tokens(special, symbols)


def normalizer(tokenizers: Any, settings: TokenizerSettings) -> Any:
    """None for identity."""
    known = {"identity": lambda: None, "nfc": tokenizers.normalizers.NFC, "nfkc": tokenizers.normalizers.NFKC}
    return known[settings.normalization]()


def _cut(tokenizers: Any, settings: TokenizerSettings) -> Any:
    kinds = tokenizers.pre_tokenizers
    if settings.pattern == "gpt2":
        whole = kinds.ByteLevel(add_prefix_space=False, use_regex=True)
        return kinds.Sequence([kinds.Digits(individual_digits=True), whole]) if settings.split_digits else whole
    pattern = tokenizers.Regex(_CL100K % ("" if settings.split_digits else "{1,3}"))
    return kinds.Sequence(
        [kinds.Split(pattern, "isolated"), kinds.ByteLevel(add_prefix_space=False, use_regex=False)],
    )
