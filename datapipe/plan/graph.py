"""The graph of a recipe's datasets: who takes whose rows, and in which order they are made."""

from __future__ import annotations

from datapipe.core.errors import did_you_mean
from datapipe.plan.locate import Located
from datapipe.plan.recipe import Recipe


def published_datasets(recipe: Recipe, located: Located) -> list[str]:
    """The dataset of each `write`, in order."""
    names = []
    for index, write in enumerate(recipe.write):
        name = write.dataset or (next(iter(recipe.datasets)) if len(recipe.datasets) == 1 else None)
        if name is None:
            raise located.error(f"write.dataset: missing; which of {', '.join(recipe.datasets)}?", ("write", index))
        if name not in recipe.datasets:
            raise located.error(
                f"write.dataset: no dataset {name}{did_you_mean(name, recipe.datasets)}", ("write", index, "dataset")
            )
        names.append(name)
    paths = [write.path for write in recipe.write]
    if len(set(paths)) < len(paths):
        raise located.error("write: two outputs have one path", ("write",))
    return names


def check_uses(recipe: Recipe, located: Located, published: list[str]) -> dict[str, int]:
    """How many outputs and datasets take each dataset; one that nothing takes is an error."""
    uses = dict.fromkeys(recipe.datasets, 0)
    for name in published:
        uses[name] += 1
    for name, spec in recipe.datasets.items():
        for index, parent in enumerate(spec.from_ or []):
            if parent not in uses:
                raise located.error(
                    f"datasets.{name}.from: no dataset {parent}{did_you_mean(parent, recipe.datasets)}",
                    ("datasets", name, "from", index),
                )
            uses[parent] += 1
    for name, count in uses.items():
        if count == 0:
            raise located.error(f"datasets.{name}: no other dataset and no `write` uses it", ("datasets", name))
    return uses


def in_order(recipe: Recipe, located: Located) -> list[str]:
    """Parents before children, in the recipe's order; a cycle is an error that names it."""
    done: list[str] = []

    def visit(name: str, trail: tuple[str, ...]) -> None:
        if name in trail:
            cycle = " → ".join([*trail[trail.index(name) :], name])
            raise located.error(f"datasets.{name}: made from itself: {cycle}", ("datasets", name))
        if name not in done:
            for parent in recipe.datasets[name].from_ or []:
                visit(parent, (*trail, name))
            done.append(name)

    for name in recipe.datasets:
        visit(name, ())
    return done
