"""Small SentencePiece models of every kind, trained here in a second."""

import io
from functools import cache
from typing import Any

import sentencepiece

from tests.kernels.byte_level_models import TEXT

IDENTITY: dict[str, Any] = {
    "normalization_rule_name": "identity",
    "remove_extra_whitespaces": False,
    "allow_whitespace_only_pieces": True,
    "byte_fallback": True,
    "split_digits": True,
}
SYMBOLS = ["\n", "\n\n", "<table>", "<tab", "\u2581\u2581\u2581\u2581", "é", "fox jumps", "ﬁ"]
KINDS: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "bpe", **IDENTITY},
    "gemma": {"model_type": "bpe", **IDENTITY, "add_dummy_prefix": False, "user_defined_symbols": SYMBOLS},
    "bpe": {"model_type": "bpe", "normalization_rule_name": "nfkc"},
    "bpe behind": {"model_type": "bpe", "treat_whitespace_as_suffix": True},
    "bpe across": {"model_type": "bpe", "split_by_whitespace": False, "user_defined_symbols": SYMBOLS},
    "t5": {"model_type": "unigram", "control_symbols": ["<cls>"]},
    "unigram": {"model_type": "unigram", **IDENTITY},
    "unigram symbols": {"model_type": "unigram", **IDENTITY, "user_defined_symbols": SYMBOLS},
    "unigram behind": {"model_type": "unigram", "treat_whitespace_as_suffix": True, "byte_fallback": True},
    "unigram across": {
        "model_type": "unigram", "split_by_whitespace": False, "normalization_rule_name": "nmt_nfkc_cf",
        "user_defined_symbols": SYMBOLS,
    },
}  # fmt: skip


@cache
def model(kind: str) -> bytes:
    """The bytes of a model of some 500 pieces."""
    out = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([line for line in TEXT.split("\n") if line] * 3),
        model_writer=out,
        vocab_size=560 if KINDS[kind].get("byte_fallback") else 320,
        hard_vocab_limit=False,
        character_coverage=0.98,
        num_threads=1,
        minloglevel=2,
        **KINDS[kind],
    )
    return out.getvalue()


@cache
def library(kind: str) -> sentencepiece.SentencePieceProcessor:
    """The library's own processor."""
    return sentencepiece.SentencePieceProcessor(model_proto=model(kind))
