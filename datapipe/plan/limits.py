"""The recipe's `resources` as what the workers of each stage may take."""

from __future__ import annotations

from datapipe.core.errors import did_you_mean
from datapipe.plan.locate import Located
from datapipe.plan.plan import Limit, Stage
from datapipe.plan.recipe import Recipe

MEMORY = 2_000_000_000  # of a task at a barrier, where a recipe says nothing


def barrier_memory(recipe: Recipe) -> int:
    """Bytes that a task at a barrier may hold, about: a worker that grew beyond `resources.memory` would be replaced."""
    workers = [needs.memory for needs in (recipe.resources, *recipe.resources.datasets.values()) if needs.memory]
    return recipe.memory or min([MEMORY, *(memory // 2 for memory in workers)])


def limits_of(recipe: Recipe, located: Located, stages: list[Stage]) -> dict[str, Limit]:
    """What workers may take, by dataset; what a dataset does not say, the recipe's `resources` say for all."""
    asked = recipe.resources
    limits = {"": Limit(cpus=asked.cpus, gpus=asked.gpus, memory=asked.memory, time=asked.time)}
    own = dict.fromkeys(stage.dataset for stage in stages)
    for name, needs in asked.datasets.items():
        place = ("resources", "datasets", name)
        if name not in recipe.datasets:
            raise located.error(f"resources.datasets.{name}: unknown{did_you_mean(name, recipe.datasets)}", place)
        if name not in own:
            told = f"its steps run in stages of other datasets; say it for one that has stages: {', '.join(own)}"
            raise located.error(f"resources.datasets.{name}: would change nothing, for {told}", place)
        limits[name] = limits[""].model_copy(update=needs.model_dump(exclude_unset=True))
    return limits
