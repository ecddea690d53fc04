"""`datapipe schedule`: the picture of a mixture or a curriculum, before a run or after it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("what", metavar="RECIPE|RUN")
@click.option("--plot", type=click.Path(dir_okay=False), metavar="FILE", help="Draw it, too: FILE.svg or FILE.png.")
@click.option("--tokens", metavar="AMOUNT", help="With a recipe: as if the budget were this, such as 2T.")
@click.option("--step", "label", metavar="LABEL", help="Which step, where several order the rows; default: the last.")
@click.option("--json", "as_json", is_flag=True, help="JSON.")
def schedule(what: str, plot: str | None, tokens: str | None, label: str | None, as_json: bool) -> None:
    """Show which share of the stream each source has, over its tokens: a picture and a table.

    Of a recipe: what its `mixture` or `curriculum` asks for, by the sizes that it tells (`sizes`, `sizes_from`). Of the
    folder of a run: what the stream really has, stage by stage.
    """
    import orjson

    from datapipe.cli.schedule_plot import draw
    from datapipe.cli.schedule_png import write_png
    from datapipe.cli.schedule_text import show
    from datapipe.core.mixing.course import course_of

    if plot and not plot.endswith((".svg", ".png")):
        raise click.UsageError(f"--plot {plot}: expected a name that ends with .svg or .png")
    if what.endswith((".yaml", ".yml")):
        name, told = _of_recipe(what, tokens, label)
    elif tokens:
        raise click.UsageError("--tokens: only with a recipe")
    else:
        name, told = _of_run(what, label)
    course = course_of(told)
    if plot and plot.endswith(".svg"):
        Path(plot).write_text(draw(name, course), encoding="utf-8")
    elif plot:
        write_png(name, course, plot)
    if as_json:
        click.echo(orjson.dumps({"step": name, **told}, option=orjson.OPT_INDENT_2).decode())
    else:
        show(name, course, told, sys.stdout)


def _of_recipe(recipe: str, tokens: str | None, label: str | None) -> tuple[str, dict[str, Any]]:
    from datapipe.core.context import Context
    from datapipe.core.errors import RecipeError
    from datapipe.core.mixing.amounts import amount_of
    from datapipe.core.mixing.scheduling import Scheduling
    from datapipe.core.registry import operators
    from datapipe.io.opening import open_file
    from datapipe.plan.compile import compile_recipe
    from datapipe.plan.locate import load

    steps = [s for s in compile_recipe(load(recipe)).steps() if issubclass(operators.get(s.operator), Scheduling)]
    step = _chosen({s.label: s for s in steps}, label, recipe)
    facts = step.facts
    if tokens:
        try:
            budget = amount_of(tokens)
        except ValueError as error:
            raise click.UsageError(f"--tokens: {error}") from None
        if not isinstance(budget, int | float) or budget <= 0:
            raise click.UsageError(f"--tokens {tokens}: expected an amount above 0, such as 2T")
        asked = operators.get(step.operator).model_validate({**step.parameters, "budget": budget})
        try:
            facts = asked.facts(Context(step.label, 0, open_file))
        except RecipeError as error:
            raise RecipeError(f"{step.label}: {error}", recipe) from None
    if "schedule" not in facts:
        raise RecipeError(
            f"{step.label}: its weights follow from the sizes of its groups, which a run counts; give it `sizes`, such as "
            "{web: 1.2T}, or `sizes_from`, the manifest.json of a run",
            recipe,
        )
    return step.label, facts["schedule"]


def _of_run(folder: str, label: str | None) -> tuple[str, dict[str, Any]]:
    from datapipe.cli.runfolder import read_manifest
    from datapipe.core.errors import DatapipeError
    from datapipe.core.mixing.course import schedule_of_run

    manifest = read_manifest(folder)
    steps = {step["label"]: step for step in manifest["steps"] if step["operator"] in ("mixture", "curriculum")}
    step = _chosen(steps, label, folder)
    if not step["tallies"]:
        raise DatapipeError(f"{folder}: {step['label']} placed no rows")
    return step["label"], schedule_of_run(manifest, step)


def _chosen(steps: dict[str, Any], label: str | None, where: str) -> Any:
    from datapipe.core.errors import RecipeError, did_you_mean

    if not steps:
        raise RecipeError(f"{where}: no step `mixture` or `curriculum`; nothing is scheduled")
    if label is not None and label not in steps:
        raise RecipeError(f"--step {label}: no such step{did_you_mean(label, steps)}")
    return steps[label] if label is not None else list(steps.values())[-1]
