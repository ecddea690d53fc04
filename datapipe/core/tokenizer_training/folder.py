"""A tokenizer as a folder of files that `transformers.AutoTokenizer` and `tokenizers` load."""

from __future__ import annotations

from typing import Any

import orjson

from datapipe.core.tokenizer_training.settings import Role

MODEL = "tokenizer.model"  # what models with SentencePiece call it
DESCRIPTION = "tokenizer.json"
_LONG = 1_000_000_000_000_000_019_884_624_838_656  # what transformers writes where no length is known


def folder_of(
    description: dict[str, Any], special: dict[Role, str], additional: tuple[str, ...], model: bytes | None = None
) -> dict[str, bytes]:
    """The files by name: the description, what transformers asks for, and the SentencePiece model if it is one."""
    roles = {f"{role}_token": token for role, token in special.items()}
    more = {"additional_special_tokens": list(additional)} if additional else {}
    config = {
        "added_tokens_decoder": {
            str(token["id"]): {key: value for key, value in token.items() if key != "id"}
            for token in description["added_tokens"]
        },
        **roles,
        **more,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 0,
        "tokenizer_class": "PreTrainedTokenizerFast",
    }
    files = {
        DESCRIPTION: packed(description),
        "tokenizer_config.json": packed(config).replace(b'"model_max_length": 0', b'"model_max_length": %d' % _LONG),
        "special_tokens_map.json": packed({**roles, **more}),
    }
    return files if model is None else {MODEL: model, **files}


def packed(value: Any) -> bytes:
    """JSON for people."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n"
