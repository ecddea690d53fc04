"""A curriculum: stages of a stream, each with its length, its mixture and its order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from datapipe.core.mixing.scheduling import Scheduling
from datapipe.core.mixing.skills import Skills
from datapipe.core.mixing.stages import Stage
from datapipe.core.path_parameters import FilePath


class Curriculum(Scheduling):
    """Order a corpus in stages, each with its own budget, mixture and order; what no stage takes is `not_sampled`.

        curriculum:
          budget: 10M                                        # scales all stages; without it they are as they say
          stages:
            - {name: general, budget: 2T, weights: {web: 0.8, code: 0.2}}
            - {name: code, budget: 500B, weights: {web: 0.1, code: 0.9}, interpolate: linear}
            - {name: anneal, budget: 20B, preset: llama, names: {web: CommonCrawl, code: Github}, …}

    A stage has `name`, `budget` or `share`, and `weights`, `preset` with `names`, or `file`, and `order`, said as those of
    `mixture`; and `interpolate`, `from`, `where`. Groups that it does not name have no part in it.
    Each group is taken round after round, and a stage goes on where the one before stopped: no document comes again before
    all of its group have come, over all stages (but within one that is sorted). `interpolate` lets weights go over the
    stage from those the stage before ended with (or from `from`: a warm-up) to its own, evenly (linear) or slowly at both
    ends (cosine).
    `where: {length: 8192}` lets a stage take only such rows; they are of no stage that does not ask for them. `skills`
    makes stages of a graph of prerequisites instead (Skill-It). Rows get `stage`, its name, and `epoch`, from 1 on.
    """

    name: ClassVar[str] = "curriculum"
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {
            "unit": "documents",
            "budget": 24,
            "max_epochs": 2,
            "stages": [
                {"name": "first", "share": 0.5, "order": {"by": "score"}},
                {
                    "name": "second",
                    "share": 0.5,
                    "weights": {"web": 1},
                    "interpolate": "cosine",
                    "order": "interleaved",
                },
            ],
        },
        {"unit": "documents", "by": "lang", "skills": {"needs": {"en": [""]}}, "shortfall": "cap", "budget": 9},
    )

    stages: tuple[Stage, ...] = Field((), description="in their order; see above")
    skills: Skills | None = Field(None, description="or a graph of skills, such as {needs: {algebra: [arithmetic]}}")
    weights_files: dict[str, FilePath] = Field(
        default_factory=dict, description="name -> weights file; a stage says `file: NAME`"
    )

    @model_validator(mode="after")
    def _either(self) -> Self:
        if bool(self.stages) == (self.skills is not None):
            raise ValueError("expected either stages or skills")
        return self

    def timeline(self) -> tuple[Stage, ...]:
        """As given, or as skills make them."""
        return self.stages if self.skills is None else self.skills.stages()

    def weights_paths(self) -> Mapping[str, str]:
        """By their names."""
        return self.weights_files
