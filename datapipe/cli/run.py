"""`datapipe run`: run a recipe, or resume it, or do one member's part of it."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datapipe.engine.executors.base import Executor

settings = click.option(
    "--set", "settings", multiple=True, metavar="KEY=VALUE", help="Change the recipe; may be repeated."
)


@click.command()
@click.argument("recipe")
@click.option("--out", metavar="DIR", help="The run folder or URL, in place of the recipe's first write.path.")
@click.option("--workers", type=click.IntRange(min=0), help="Processes; default: one a core. 0: none but this one.")
@click.option(
    "--shards", metavar="I/N", help="Do part I of N (I from 0) of each stage; exit code 75: others are not done."
)
@click.option("--wait", is_flag=True, help="With --shards: wait for the others instead of ending with code 75.")
@click.option(
    "--executor", type=click.Choice(["local", "ray"]), default="local", show_default=True, help="Where tasks run."
)
@click.option(
    "--ray-address", metavar="ADDRESS", help="A Ray cluster: auto, or host:port. Default: RAY_ADDRESS, or this machine."
)
@click.option("--stages", type=click.IntRange(min=1), help="With --shards: work on the first so many stages only.")
@settings
@click.option("--fresh", is_flag=True, help="Ignore work done by earlier runs.")
@click.option("--quiet", is_flag=True, help="No progress, no funnel.")
def run(
    recipe: str,
    out: str | None,
    workers: int | None,
    executor: str,
    shards: str | None,
    wait: bool,
    ray_address: str | None,
    stages: int | None,
    settings: tuple[str, ...],
    fresh: bool,
    quiet: bool,
) -> None:
    """Run RECIPE, or resume it where it stopped; ends with the funnel."""
    from datapipe.cli.funnel import show_funnel
    from datapipe.cli.packed import show_packed
    from datapipe.cli.progress import progress
    from datapipe.cli.schedule_table import show_scheduled
    from datapipe.cli.stopping import stopping
    from datapipe.engine.driver import Driver
    from datapipe.engine.member import EVERYTHING, Member
    from datapipe.engine.pin import output_folder, pinned_plan
    from datapipe.io.store import open_store
    from datapipe.plan.compile import compile_recipe
    from datapipe.plan.locate import load
    from datapipe.plan.overrides import apply_overrides

    index, of = _part(shards, wait, stages, fresh)
    member = Member(index, of, shared=True, wait=wait, stages=stages) if shards else EVERYTHING
    pool = _pool(executor, workers, ray_address)
    with stopping(resumes=True):
        try:
            located = load(recipe)
            apply_overrides(located, settings)
            pool.start()
            folder = out or output_folder(located)
            plan = pinned_plan(located, open_store(folder)) if member.shared else compile_recipe(located)
            with progress(quiet) as observer:
                manifest = Driver(plan, folder, pool, observer, member).run(fresh)
        finally:
            pool.close()
    if not quiet:
        show_funnel(manifest, folder, file=sys.stdout)
        show_packed(manifest, sys.stdout)
        show_scheduled(manifest, sys.stdout)


def _part(shards: str | None, wait: bool, stages: int | None, fresh: bool) -> tuple[int, int]:
    """`3/8` as numbers."""
    if shards is None:
        if wait:
            raise click.UsageError("--wait: only a part of a run, --shards I/N, waits for others")
        if stages is not None:
            raise click.UsageError("--stages: only a part of a run, --shards I/N, leaves stages to others")
        return 0, 1
    if wait and stages is not None:
        raise click.UsageError(
            "--wait and --stages: who leaves stages to others cannot wait for them; give one of the two"
        )
    if fresh:
        raise click.UsageError("--fresh: with --shards the parts would forget each other's work; remove OUT/work first")
    found = re.fullmatch(r"(\d+)/(\d+)", shards)
    if found is None or int(found[1]) >= int(found[2]):
        raise click.UsageError(f"--shards {shards}: expected I/N with I from 0 to N-1, such as 0/8 … 7/8")
    return int(found[1]), int(found[2])


def _pool(executor: str, workers: int | None, ray_address: str | None) -> Executor:
    from datapipe.engine.executors.ray import RayExecutor

    if executor == "ray":
        if workers == 0:
            raise click.UsageError("--workers 0 runs everything in this process, which --executor ray does not")
        return RayExecutor(ray_address, workers)
    if ray_address is not None:
        raise click.UsageError("--ray-address is the address of a cluster for --executor ray, which was not given")
    return local_pool(workers)


def local_pool(workers: int | None) -> Executor:
    """Processes of this machine, one a core if it is not said; 0: none but this one."""
    from datapipe.engine.executors.local import InProcess, LocalPool

    size = len(os.sched_getaffinity(0)) if workers is None else workers
    return LocalPool(size) if size else InProcess()
