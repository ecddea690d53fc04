"""The weights file: what every way to find weights writes, and `mixture` reads."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from typing import Annotated, Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from datapipe.core.errors import RecipeError

FORMAT = "datapipe weights"


class WeightsFile(BaseModel):
    """Weights by group, and where they come from.

    by       the column whose values the groups are
    unit     what the weights are shares of
    weights  group -> share; they sum to 1
    method   what found them: `manual`, `doremi`, `regmix`, …
    facts    what the method tells of itself: parameters, seeds, rounds, stability
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str = FORMAT
    version: Literal[1] = 1
    by: str = "source"
    unit: str = Field("tokens", pattern="^(tokens|bytes|documents)$")
    weights: dict[str, Annotated[float, Field(strict=True, ge=0, allow_inf_nan=False)]]
    method: str = "manual"
    facts: dict[str, Any] = {}

    @field_validator("weights")
    @classmethod
    def _shares(cls, value: dict[str, float]) -> dict[str, float]:
        return normalised(value)

    def to_bytes(self) -> bytes:
        """The file: JSON, the same bytes for the same weights."""
        return orjson.dumps(self.model_dump(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


def normalised(weights: Mapping[str, float]) -> dict[str, float]:
    """Shares that sum to 1, in the order of the names; a ValueError where nothing has a weight, or weights overflow."""
    total = sum(weights[name] for name in sorted(weights))
    if not total > 0:
        raise ValueError("no group has a weight above 0")
    if total == inf:
        raise ValueError("the weights are too large to be added; give shares")
    return {name: weights[name] / total for name in sorted(weights)}


def read_weights(data: bytes, path: str) -> WeightsFile:
    """The file of these bytes; a RecipeError that names it where it is none."""
    try:
        found = orjson.loads(data)
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            raise ValueError(f'expected a JSON object with "format": "{FORMAT}"')
        return WeightsFile.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where, said = ".".join(map(str, first["loc"])), first["msg"].removeprefix("Value error, ")
        raise RecipeError(f"{path}: {where}: {said}, found {first['input']!r:.80}") from None
    except ValueError as error:
        raise RecipeError(f"{path} is no weights file: {error}") from None
