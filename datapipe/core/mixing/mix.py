"""How a mixture's weights are said: by name, by a rule over the sizes, as published, or in a weights file."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from datapipe.core.errors import did_you_mean
from datapipe.core.mixing.presets import PRESETS
from datapipe.core.mixing.weights import Weights, natural, tempered, uniform, unimax
from datapipe.core.mixing.weights_file import WeightsFile, normalised

Files = Mapping[str, WeightsFile]  # name or path in the recipe -> what stands there
_RULES = ("temperature", "unimax")
_SAID = "natural, uniform, {temperature: T}, {unimax: EPOCHS}, or a weight for each group"


class Mix(BaseModel):
    """Weights of groups, said in one of four ways; without any they are natural."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    weights: str | dict[str, float] | None = Field(
        None,
        description="a weight for each group, such as {web: 0.7, code: 0.3} (0 is allowed; they are normalised); natural (in "
        "proportion to what there is; the default), uniform, {temperature: 2} (p^(1/T)) or {unimax: 4} (uniform, no "
        "group more than 4 epochs of the budget)",
    )
    preset: str | None = Field(None, description=f"a published mixture: {', '.join(sorted(PRESETS))}")
    names: dict[str, str] | None = Field(
        None, description="with preset: group here -> its name there, such as {web: CommonCrawl}"
    )
    file: str | None = Field(None, description="a weights file")

    @field_validator("weights", mode="before", json_schema_input_type=str | dict[str, float] | None)
    @classmethod
    def _known(cls, value: Any) -> Any:
        if value is None or value in ("natural", "uniform"):
            return value
        if not isinstance(value, dict) or not value:
            raise ValueError(f"expected {_SAID}, found {value!r}")
        for name, weight in value.items():
            if not isinstance(weight, int | float) or isinstance(weight, bool) or not isfinite(weight) or weight < 0:
                raise ValueError(f"{name}: expected a weight of 0 or more, found {weight!r}")
        if rule := _rule(value):
            if value[rule] <= 0:
                raise ValueError(f"{rule}: expected a number above 0, found {value[rule]!r}")
        elif not sum(value.values()) > 0:
            raise ValueError("no group has a weight above 0")
        return {str(name): float(weight) for name, weight in value.items()}

    @field_validator("preset")
    @classmethod
    def _published(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            raise ValueError(f"{value} is no published mixture known here{did_you_mean(value, PRESETS)}")
        return value

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        said = [name for name in ("weights", "preset", "file") if getattr(self, name) is not None]
        if len(said) > 1:
            raise ValueError(f"{said[1]}: stands beside {said[0]}; expected one of them")
        if self.names is not None:
            if self.preset is None:
                raise ValueError("names: only with preset")
            known = PRESETS[self.preset].weights
            for name in self.names.values():
                if name not in known:
                    raise ValueError(f"names: {self.preset} has no {name}{did_you_mean(name, known)}")
            if len(set(self.names.values())) < len(self.names):
                raise ValueError("names: two groups have one name there; bring them together before, or give weights")
        return self

    def rule(self) -> str | None:
        """natural, uniform, temperature or unimax, where weights follow from sizes; None: they are named."""
        if self.preset is not None or self.file is not None:
            return None
        return _rule(self.weights) if isinstance(self.weights, dict) else self.weights or "natural"

    def unmapped(self) -> dict[str, float]:
        """What the preset has and `names` leave out, with its share there."""
        if self.preset is None or self.names is None:
            return {}
        shares = normalised(PRESETS[self.preset].weights)
        return {name: share for name, share in shares.items() if name not in self.names.values()}

    def named(self, files: Files) -> Weights | None:
        """The weight of each group that is named, summing to 1; None where a rule gives them."""
        if self.rule() is not None:
            return None
        if self.file is not None:
            return normalised(files[self.file].weights)
        if self.preset is None:
            assert isinstance(self.weights, dict)
            return normalised(self.weights)
        shares = PRESETS[self.preset].weights
        names = self.names if self.names is not None else {name: name for name in shares}
        return normalised({here: shares[there] for here, there in names.items()})

    def over(self, sizes: Mapping[str, float], budget: float | None, files: Files) -> Weights:
        """Weights of these groups; they sum to 1 where anything is there. A named group of size 0 has none.

        budget  of the stage, in the unit of the sizes; only UniMax asks for it
        """
        named = self.named(files)
        if named is not None:
            there = {name: named.get(name, 0.0) if size > 0 else 0.0 for name, size in sizes.items()}
            return normalised(there) if sum(there.values()) > 0 else there
        if isinstance(self.weights, dict) and "temperature" in self.weights:
            return tempered(sizes, self.weights["temperature"])
        if isinstance(self.weights, dict):
            assert budget is not None
            return unimax(sizes, budget, self.weights["unimax"])
        return uniform(sizes) if self.weights == "uniform" else natural(sizes)


def _rule(weights: Mapping[str, Any]) -> str | None:
    """A mapping of one of these names alone is a rule; a group called so stands beside others, or is called otherwise."""
    return next((name for name in _RULES if set(weights) == {name}), None)
