"""The tokens that mark where a document begins and ends: a model's own, or those a recipe names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

import numpy as np
import orjson
import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.tokenizers.tokenizer import Tokenizer

NONE, MODEL = "none", "model"
Role = Literal["bos", "eos"]

# What published models call them, by family: Llama 3 and Granite, GPT-2 to OLMo and Qwen, Llama 2 and T5, Gemma, DeepSeek,
# Command R. A file that holds two of one row does not say which ends its documents.
KNOWN: Mapping[Role, tuple[str, ...]] = {
    "bos": ("<|begin_of_text|>", "<s>", "<bos>", "<｜begin▁of▁sentence｜>", "<BOS_TOKEN>"),
    "eos": ("<|end_of_text|>", "<|endoftext|>", "</s>", "<eos>", "<｜end▁of▁sentence｜>", "<EOS_TOKEN>"),
}


class Mark(NamedTuple):
    """A token, and whether a text that spells it gives it, too."""

    token: str
    id: int
    forgeable: bool


def find_mark(role: Role, said: str, tokenizer: Tokenizer, configs: Iterable[str], ctx: Context) -> Mark | None:
    """The token that a recipe asks for; None for `none`, or for a model that has none. RecipeError if it cannot be told.

    said       none, model, or how the token is spelled
    tokenizer  one to which special tokens in a text are text
    configs    the model's tokenizer_config.json or special_tokens_map.json, which say it best
    """
    if said == NONE:
        return None
    if said != MODEL:
        mark = mark_of(said, tokenizer)
        if mark is None:
            raise RecipeError(f"{role}: {said} is no token of the model; name one of its tokens, or say none")
        return mark
    for config in configs:
        if (named := _configured(config, role, ctx)) is not None:
            if (mark := mark_of(named, tokenizer)) is None:
                raise RecipeError(f"{config}: {role}_token is {named}, which is no token of the model")
            return mark
    found = [mark for token in KNOWN[role] if (mark := mark_of(token, tokenizer)) and not mark.forgeable]
    if len(found) > 1:
        names = ", ".join(mark.token for mark in found)
        raise RecipeError(f"{role}: the model has {names}; name the one to use, or say none")
    return found[0] if found else None


def mark_of(token: str, tokenizer: Tokenizer) -> Mark | None:
    """A token as it is spelled; None if the tokenizer has none of this name."""
    number = tokenizer.id_of(token)
    if number is None:
        return None
    ids = tokenizer.encode(text_of(pa.array([token], pa.large_string()))).ids
    return Mark(token, number, bool(np.any(ids == number)))


def _configured(path: str, role: Role, ctx: Context) -> str | None:
    """What a file of Hugging Face's transformers names, which is a string or an object with its `content`."""
    try:
        with ctx.open(path) as stream:
            held: Any = orjson.loads(stream.read())
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: {error}") from None
    named = held.get(f"{role}_token") if isinstance(held, dict) else None
    named = named.get("content") if isinstance(named, dict) else named
    return named if isinstance(named, str) else None
