"""A SentencePiece model as a `tokenizer.json`, which gives the same ids.

Where it does not: special tokens that a text spells (`tokenizers` finds them, SentencePiece takes them for text); with a
dummy prefix, a text that is nothing but a user symbol (SentencePiece puts the blank before it); and of a unigram model
texts so long, or with so many user symbols, that SentencePiece's sums of float32 lose their last bits.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from datapipe.core.tokenizers.sentencepiece_file import (
    BPE,
    CONTROL,
    NORMAL,
    UNIGRAM,
    UNKNOWN,
    UNUSED,
    USER_DEFINED,
    Description,
)

SPACE = "▁"


def converted(model: Description) -> dict[str, Any]:
    """The description; ValueError says what `tokenizers` cannot do."""
    if model.model_type not in (UNIGRAM, BPE):
        raise ValueError("a SentencePiece model of words or characters has no tokenizer.json")
    if model.space_behind or not model.escape:
        raise ValueError("a SentencePiece model with blanks after words, or blanks as they are, has no tokenizer.json")
    decoders: list[dict[str, Any]] = [
        {"type": "Replace", "pattern": {"String": SPACE}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    if model.dummy_prefix:
        decoders.append({"type": "Strip", "content": " ", "start": 1, "stop": 0})
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added_tokens(
            {text: number for number, text in _numbered(model, UNKNOWN, CONTROL)},
            {text: number for number, text in _numbered(model, USER_DEFINED)},
            normalized=model.dummy_prefix,  # or each part between two of them would begin with a blank
        ),
        "normalizer": _normalizer(model),
        "pre_tokenizer": {"type": "Metaspace", "replacement": SPACE, "prepend_scheme": "never", "split": False},
        "post_processor": None,
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": _unigram(model) if model.model_type == UNIGRAM else _byte_pairs(model),
    }


def added_tokens(
    special: Mapping[str, int], symbols: Mapping[str, int], normalized: bool = False
) -> list[dict[str, Any]]:
    """Entries of tokens that are found in the text before anything else; `special` ones are no part of the text.

    normalized  symbols are found in the text as it is normalised
    """
    flags = {"single_word": False, "lstrip": False, "rstrip": False}
    named = [(number, text, False, True) for text, number in special.items()]
    named += [(number, text, normalized, False) for text, number in symbols.items()]
    return [
        {"id": number, "content": text, **flags, "normalized": later, "special": own}
        for number, text, later, own in sorted(named)
    ]


def _numbered(model: Description, *types: int) -> list[tuple[int, str]]:
    return [(number, piece.text) for number, piece in enumerate(model.pieces) if piece.kind in types]


def _normalizer(model: Description) -> dict[str, Any] | None:
    steps: list[dict[str, Any]] = []
    if model.charsmap:
        steps.append({"type": "Precompiled", "precompiled_charsmap": base64.b64encode(model.charsmap).decode()})
    if model.collapse:
        steps.append({"type": "Strip", "strip_left": True, "strip_right": True})
        steps.append({"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": " "})
    if model.dummy_prefix:
        # Before the text, not before each symbol's own name, which is normalised, too. Metaspace and Prepend cannot:
        # the one puts no blank before a blank, the other puts one before every name.
        names = "|".join(["", *map(re.escape, sorted(text for _, text in _numbered(model, USER_DEFINED)))])
        steps.append({"type": "Replace", "pattern": {"Regex": rf"\A(?!(?:{names})\z)"}, "content": SPACE})
        steps.append({"type": "Replace", "pattern": {"String": " "}, "content": SPACE})
    return {"type": "Sequence", "normalizers": steps} if steps else None


def _unigram(model: Description) -> dict[str, Any]:
    """Pieces with scores; SentencePiece never finds the names of bytes and special tokens in a text, so they cost much."""
    lowest = min((piece.score for piece in model.pieces if piece.kind == NORMAL), default=0.0)
    never = 20 * min(lowest, -1.0)
    found = (NORMAL, USER_DEFINED)
    vocab = [[piece.text, piece.score if piece.kind in found else never] for piece in model.pieces]
    unknown = next((number for number, piece in enumerate(model.pieces) if piece.kind == UNKNOWN), None)
    return {"type": "Unigram", "unk_id": unknown, "vocab": vocab, "byte_fallback": model.byte_fallback}


def _byte_pairs(model: Description) -> dict[str, Any]:
    """Merges: SentencePiece joins any two neighbours that are a piece, the best score first, the leftmost of equal ones."""
    usable = {piece.text: piece.score for piece in model.pieces if piece.kind in (NORMAL, UNUSED)}
    ids = {piece.text: number for number, piece in enumerate(model.pieces)}
    merges = []
    for text, score in usable.items():
        for at in range(
            len(text) - 1, 0, -1
        ):  # of "aaa" the neighbours aa a come, never a aa: leftmost a a joined first
            left, right = text[:at], text[at:]
            if left in usable and right in usable:
                merges.append((-score, len(text) - at, left, right))
    merges.sort(key=lambda merge: merge[:2])
    unknown = next((piece.text for piece in model.pieces if piece.kind == UNKNOWN), None)
    return {
        "type": "BPE",
        "dropout": None,
        "unk_token": unknown,
        "continuing_subword_prefix": None,
        "end_of_word_suffix": None,
        "fuse_unk": True,
        "byte_fallback": model.byte_fallback,
        "ignore_merges": False,
        "vocab": ids,
        "merges": [[left, right] for _, _, left, right in merges],
    }
