"""Which kind of tokenizer a file holds, told by how it begins and what it is called."""

from __future__ import annotations

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.huggingface import HuggingFace, Special
from datapipe.core.tokenizers.sentencepiece import SentencePiece
from datapipe.core.tokenizers.tiktoken_file import TiktokenFile, pattern_of
from datapipe.core.tokenizers.tokenizer import Tokenizer

WANTED_BY = "a tokenizer"


def read_tokenizer(path: str, ctx: Context, special: Special = "text") -> Tokenizer:
    """The tokenizer of a file: tokenizer.json, a SentencePiece model, or a .tiktoken file; RecipeError says what is wrong.

    special  what a tokenizer.json makes of special tokens that texts spell; by the other kinds they are always text
    """
    try:
        with ctx.open(path) as stream:
            content = stream.read()
        if content.lstrip()[:1] == b"{":
            return HuggingFace(content, WANTED_BY, special)
        if special == "split":
            raise RecipeError(f"{path}: special: split is for a tokenizer.json; by this file no text gives a special token")
        if path.endswith(".tiktoken"):
            return TiktokenFile(content, pattern_of(path))
        return SentencePiece(content, WANTED_BY)
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: {error}") from None
