"""Which kind of tokenizer a file holds, told by how it begins."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.huggingface import HuggingFace, Special
from datapipe.core.tokenizers.sentencepiece_file import described, is_model
from datapipe.core.tokenizers.sentencepiece_model import SentencePiece
from datapipe.core.tokenizers.tiktoken_file import TiktokenFile, is_ranks, pattern_of
from datapipe.core.tokenizers.tokenizer import Tokenizer

WANTED_BY = "a tokenizer"
ENDINGS = ("tokenizer.json", ".model", ".tiktoken")  # of a folder's files, the first that there are


def read_tokenizer(path: str, ctx: Context, special: Special = "text") -> Tokenizer:
    """The tokenizer of a file: tokenizer.json, a SentencePiece model, or a .tiktoken file; RecipeError says what is wrong.

    special  what a tokenizer.json makes of special tokens that texts spell; by the other kinds they are always text
    """
    try:
        with ctx.open(path) as stream:
            content = stream.read()
        if content.lstrip()[:1] == b"{":
            return _described(content, special)
        if special == "split":
            raise RecipeError(
                f"{path}: special: split is for a tokenizer.json; by this file no text gives a special token"
            )
        if path.endswith(".tiktoken") or is_ranks(content):  # the ranks of Llama 3 are called tokenizer.model
            return TiktokenFile(content, pattern_of(path, content))
        if is_model(content):
            try:
                described(content)  # of a broken file the library names a line of its own source
            except ValueError as error:
                raise ValueError(f"a SentencePiece model, but {error}: copy it again") from None
            return SentencePiece(content, WANTED_BY)
        raise ValueError(
            f"neither a tokenizer.json, nor a .tiktoken file, nor a SentencePiece model: it begins with {content[:20]!r}"
        )
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: {error}") from None


def _described(content: bytes, special: Special) -> HuggingFace:
    """ValueError that says whether it is a tokenizer.json at all, before what the library says of it."""
    try:
        found = json.loads(content)
    except ValueError as error:
        raise ValueError(f"it is no whole JSON ({error}); expected a tokenizer.json: copy it again") from None
    if not isinstance(found.get("model"), dict):
        raise ValueError(f"it is no tokenizer.json: it has no model; it has {', '.join(list(found)[:4]) or 'nothing'}")
    try:
        tokenizer = HuggingFace(content, WANTED_BY, special)
    except ValueError as error:
        raise ValueError(f"the package tokenizers does not read it as a tokenizer.json: {error}") from None
    if not tokenizer.size:
        raise ValueError("its vocabulary is empty")
    return tokenizer


def tokenizer_among(paths: Sequence[str]) -> str:
    """Of a folder's files the one that is the tokenizer; ValueError says what was found instead."""
    if len(paths) == 1:
        return paths[0]
    for ending in ENDINGS:
        found = [path for path in paths if PurePath(path).name.endswith(ending)]
        depth = min((len(PurePath(path).parts) for path in found), default=0)
        nearest = [path for path in found if len(PurePath(path).parts) == depth]
        if len(nearest) > 1:
            raise ValueError(f"model: {' and '.join(nearest[:2])}: name the one to use")
        if nearest:
            return nearest[0]
    raise ValueError(f"model: none of {len(paths)} files ends with {', '.join(ENDINGS)}: {', '.join(paths[:3])}")
