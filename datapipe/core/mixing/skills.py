"""Skills that build on each other: from what each one needs to stages and their weights."""

from __future__ import annotations

from math import exp
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from datapipe.core.errors import did_you_mean
from datapipe.core.mixing.stages import Stage


class Skills(BaseModel):
    """A graph of skills (groups) and the weights that follow from it, level by level.

    Skill-It (Chen et al. 2023, arXiv:2307.14430) gives skill i a weight in proportion to exp(eta * sum over j of A_ij * L_j),
    where A_ij is 1 for i = j and where j needs i, and L_j is the loss on j. There losses are measured while a model is
    trained; here a skill's loss counts (`losses`, or 1) until its own level is done, and is 0 after. So in each stage
    skills of its level have the most weight, those that it builds on come back for practice, and later ones wait.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    needs: dict[str, tuple[str, ...]] = Field(
        min_length=1, description="skill -> the skills it builds on, such as {algebra: [arithmetic], arithmetic: []}"
    )
    eta: float = Field(1.0, gt=0, description="how much more weight skills get whose loss is high")
    losses: dict[str, float] = Field(
        default_factory=dict, description="loss on each skill before training; 1 of others"
    )

    @field_validator("needs", mode="before")
    @classmethod
    def _lists(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {k: () if v is None else (v,) if isinstance(v, str) else v for k, v in value.items()}

    @model_validator(mode="after")
    def _a_graph(self) -> Self:
        for name in self.losses:
            if name not in self.skills():
                raise ValueError(f"losses: {name} is no skill of `needs`{did_you_mean(name, self.skills())}")
        self.levels()
        return self

    def skills(self) -> list[str]:
        """All of them, also those that only stand among the needs of others."""
        return sorted({*self.needs, *(name for needed in self.needs.values() for name in needed)})

    def levels(self) -> dict[str, int]:
        """Skill -> how many lie below it, one built on the other; a ValueError that names a cycle."""
        found: dict[str, int] = {}
        left = self.skills()
        while left:
            ready = [name for name in left if all(need in found for need in self.needs.get(name, ()))]
            if not ready:
                raise ValueError(f"needs: {' needs '.join(self._cycle(left))}: a cycle; nothing can come first")
            found |= {name: 1 + max((found[n] for n in self.needs.get(name, ())), default=-1) for name in ready}
            left = [name for name in left if name not in found]
        return found

    def stages(self) -> tuple[Stage, ...]:
        """A stage for each level, as long as it has skills."""
        levels = self.levels()
        out = []
        for level in range(max(levels.values()) + 1):
            loss = {name: self.losses.get(name, 1.0) if levels[name] >= level else 0.0 for name in levels}
            weights = {name: self._weight(name, loss) if levels[name] <= level else 0.0 for name in sorted(levels)}
            share = sum(at == level for at in levels.values()) / len(levels)
            out.append(Stage(name=f"level-{level + 1}", share=share, weights=weights))
        return tuple(out)

    def _weight(self, name: str, loss: dict[str, float]) -> float:
        dependants = [other for other, needed in self.needs.items() if name in needed]
        return exp(self.eta * (loss[name] + sum(loss[other] for other in dependants)))

    def _cycle(self, left: list[str]) -> list[str]:
        """One of those that are left, and what it needs among them, round to where it was before."""
        path = [left[0]]
        while path[-1] not in path[:-1]:
            path.append(next(need for need in self.needs[path[-1]] if need in left))
        return path[path.index(path[-1]) :]
