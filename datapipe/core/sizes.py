"""Sizes as people write them: 128MB."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

_UNITS = {"": 1, "b": 1}
_UNITS |= {f"{p}b": 1000**i for i, p in enumerate("kmgt", 1)} | {f"{p}ib": 1024**i for i, p in enumerate("kmgt", 1)}
_SIZE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?i?b?)\s*", re.IGNORECASE)


def size_of(value: Any) -> Any:
    """Bytes of a size such as 128MB; numbers as they are. ValueError for what is no size."""
    if isinstance(value, str):
        match = _SIZE.fullmatch(value)
        if match is None or match[2].lower() not in _UNITS:
            raise ValueError(f"expected a size such as 128MB, found {value!r}")
        return int(float(match[1]) * _UNITS[match[2].lower()])
    return value


Size = Annotated[int, BeforeValidator(size_of, json_schema_input_type=int | str), Field(ge=1)]
