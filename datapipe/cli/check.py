"""`datapipe check`: validate a recipe and print its plan."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from datapipe.cli.run import settings

if TYPE_CHECKING:
    import pyarrow as pa

    from datapipe.plan.plan import Lane, Plan, Stage, StepPlan

MANY_PIECES = 10_000_000  # of scattered rows: 150 µs each make 25 minutes of a core, 64 bytes each the driver's 640 MB


@click.command()
@click.argument("recipe")
@settings
@click.option(
    "--estimate",
    "estimated",
    is_flag=True,
    help="Run a sample; tell what the run will give and take.",
)
@click.option(
    "--sample",
    "fraction",
    type=click.FloatRange(0, 1, min_open=True),
    metavar="FRACTION",
    help="With --estimate: the part of the input to run; default: 0.03, or one full shard's worth if that is more.",
)
@click.option("--cores", type=click.IntRange(min=1), help="With --estimate: cores of the run; default: this machine's.")
@click.option("--json", "as_json", is_flag=True, help="With --estimate: JSON.")
def check(
    recipe: str, settings: tuple[str, ...], estimated: bool, fraction: float | None, cores: int | None, as_json: bool
) -> None:
    """Validate RECIPE and print its plan: stages, barriers, shards, columns, models and files needed."""
    from datapipe.cli.estimate import estimate
    from datapipe.engine.published_order import order_of
    from datapipe.plan.compile import compile_recipe
    from datapipe.plan.locate import load
    from datapipe.plan.overrides import apply_overrides
    from datapipe.plan.plan import Limit

    located = load(recipe)
    apply_overrides(located, settings)
    if estimated:
        estimate(located, fraction, cores, as_json)
        return
    for option, value in (("--sample", fraction), ("--cores", cores), ("--json", as_json)):
        if value:
            raise click.UsageError(f"{option}: only with --estimate")
    plan = compile_recipe(located)
    inputs = plan.inputs()
    size = sum(shard.weight for shard in inputs)
    click.echo(
        f"{plan.name}: {len(inputs)} shards, {size / 1e6:,.1f} MB on disk, {len(plan.stages)} stages, seed {plan.seed}"
    )
    for stage in plan.stages:
        _tell_stage(plan, stage)
    for publication in plan.publications:
        click.echo(f"\npublish {publication.dataset} to {publication.path}")
        click.echo(f"  {publication.format.name}, parts of {publication.shard_size / 1e6:,.0f} MB of text and tokens")
        if (order := order_of(plan, publication)) is not None:
            click.echo(f"  in the order of {order.step}; parts begin with {', '.join(s.name for s in order.segments)}")
        click.echo(f"  columns: {_columns(publication.format.published(plan.stage(publication.stage).published()))}")
    if plan.resources:
        click.echo("\nmodels and files needed")
        for resource in plan.resources:
            click.echo(
                f"  {resource.path}  {resource.bytes:,} bytes  sha256 {resource.sha256[:16]}…  for {', '.join(resource.steps)}"
            )
    asked = {name: limit for name, limit in plan.limits.items() if limit != Limit()}
    if asked:
        click.echo("\nresources of a worker")
        for name, limit in asked.items():
            memory = f", memory {limit.memory / 1e9:,.1f} GB" if limit.memory else ""
            time = f", time {timedelta(seconds=limit.time)}" if limit.time else ""
            gpus = f", {limit.gpus} GPU{'s' if limit.gpus > 1 else ''}" if limit.gpus else ""
            click.echo(
                f"  {name or 'all datasets'}: {limit.cpus} core{'s' if limit.cpus > 1 else ''}{gpus}{memory}{time}"
            )
    click.echo(f"\nfingerprint {plan.fingerprint}; nothing was run")


def _tell_stage(plan: Plan, stage: Stage) -> None:
    click.echo(f"\nstage {stage.number + 1}  {stage.dataset}  [{stage.key}]")
    for lane in stage.lanes:
        count = sum(b - a for a, b in lane.shards)
        if lane.reader is not None:
            inputs = [plan.shards[n] for a, b in lane.shards for n in range(a, b)]
            files = {piece.url for shard in inputs for piece in shard.pieces}
            size = sum(shard.weight for shard in inputs)
            click.echo(
                f"  read {lane.reader.source} ({lane.reader.reader}): {len(files)} files, {size / 1e6:,.1f} MB, {count} shards"
            )
            click.echo(f"    gives {', '.join(n for n in lane.reader.rows.names if n != '_addr')}")
        elif lane.gather:
            before = plan.stage(lane.input or "")
            groups = before.scatter is not None and before.scatter.coarse
            what = "groups of new shards" if groups else "new shards"
            click.echo(f"  gather {count} {what} from stage {before.number + 1}{'' if groups else ', in order'}")
        else:
            click.echo(f"  continue with {count} shards of stage {plan.stage(lane.input or '').number + 1}")
        _tell_chain(lane)
    for sketch in stage.sketches:
        again = " again" if sketch.step.round else ""
        what = "duplicate ids" if sketch.at == "read" else f"{sketch.step.label} looks at all rows{again}"
        click.echo(f"  barrier: {what}")
    if stage.scatter is not None:
        spans = [(f"{span.name} " if span.name else "", span.stop - span.start) for span in stage.scatter.segments]
        what = "groups of new shards" if stage.scatter.coarse else "new shards"
        click.echo(f"  scatter by {stage.scatter.step} to {what}: {', '.join(f'{name}{n}' for name, n in spans)}")
        pieces = len(stage.numbers()) * len(stage.scatter.shards)
        if pieces > MANY_PIECES:
            click.echo(f"    in up to {pieces:,} pieces; a larger input_split makes fewer of them")


def _tell_chain(lane: Lane) -> None:
    from datapipe.core.registry import operators

    for link in lane.chain:
        step = link.step
        if step is None:
            click.echo("    (columns of the datasets that meet here are brought together)")
            continue
        changes = [f"reads {', '.join(n for n in step.reads if n != '_addr')}"]
        if step.writes:
            changes.append(f"writes {', '.join(step.writes)}")
        if step.action == "tag":
            changes.append(f"tags {step.column}.keep, .reasons{''.join(f', .{s}' for s in step.scores)}")
        if step.where:
            changes.append(f"where {step.where}")
        if step.audited:
            changes.append("keep rates counted")
        if step.by_lang:
            changes.append(f"own thresholds for {', '.join(step.by_lang)}")
        click.echo(f"    {step.label}  ({_does(step)}; {'; '.join(changes)})")
        if step.index is not None:
            then = "added at the end" if step.index.extend else "not added"
            click.echo(f"      index {step.index.path}: {len(step.index.held)} earlier dumps; this one is {then}")
        own = operators.get(step.operator).model_validate(step.parameters).remarks()
        for remark in (*own, *step.facts.get("remarks", ())):
            click.echo(f"      {remark}")
        for name, counts in step.facts.get("benchmarks", {}).items():
            click.echo(f"      {name}: {counts['items']:,} items, {counts['searched']:,} long enough to be looked for")


def _columns(rows: pa.Schema) -> str:
    return ", ".join(f"{field.name} {field.type}" for field in rows)


def _does(step: StepPlan) -> str:
    """What a step does, in a word or two."""
    from datapipe.core.registry import operators
    from datapipe.plan.steps import orders

    if step.quarantine:
        return "quarantines duplicate ids"
    if step.artifact is None:
        return step.kind
    cls = operators.get(step.operator)
    if getattr(cls, "publishes", False):
        return f"published as models/{step.label}/"
    if orders(cls):
        return "places rows by what the barrier found"
    done = "tags" if step.action == "tag" else "cuts" if "text" in step.writes else "drops"
    return f"{done} what the barrier found"
