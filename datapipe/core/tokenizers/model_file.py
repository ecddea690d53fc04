"""Which kind of tokenizer a file holds, told by how it begins and what it is called."""

from __future__ import annotations

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.huggingface import HuggingFace, Special
from datapipe.core.tokenizers.sentencepiece import SentencePiece
from datapipe.core.tokenizers.tiktoken_file import TiktokenFile, pattern_of
from datapipe.core.tokenizers.tokenizer import Tokenizer

WANTED_BY = "a tokenizer"


def read_tokenizer(path: str, ctx: Context, special: Special = "split") -> Tokenizer:
    """The tokenizer of a file: tokenizer.json, a SentencePiece model, or a .tiktoken file; RecipeError says what is wrong.

    special  what `HuggingFace` makes of special tokens in texts; the others never make any of text
    """
    try:
        with ctx.open(path) as stream:
            content = stream.read()
        if content.lstrip()[:1] == b"{":
            return HuggingFace(content, WANTED_BY, special)
        if path.endswith(".tiktoken"):
            return TiktokenFile(content, pattern_of(path))
        return SentencePiece(content, WANTED_BY)
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: {error}") from None
