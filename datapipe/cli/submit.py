"""`datapipe submit`: one recipe as many members, on a cluster or on this machine."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datapipe.cli.run import settings

if TYPE_CHECKING:
    from datapipe.engine.batch.command import Command
    from datapipe.plan.kubernetes import Kubernetes
    from datapipe.plan.locate import Located
    from datapipe.plan.plan import Plan


@click.command()
@click.argument("recipe")
@click.option("--slurm", is_flag=True, help="Batch scripts: a job array for each phase, and submit.sh.")
@click.option("--kubernetes", is_flag=True, help="The manifest of an Indexed Job.")
@click.option("--local", type=click.IntRange(min=1), metavar="N", help="Run it now, as N processes of this machine.")
@click.option(
    "--tasks", type=click.IntRange(min=1), help="Members; default: the shards of the largest stage, at most 1,000."
)
@click.option("--out", metavar="DIR", help="The run folder or URL, in place of the recipe's first write.path.")
@settings
@click.option("--to", metavar="FOLDER", help="Where scripts and logs go; default: OUT/submit.")
@click.option("--python", metavar="PATH", help="The interpreter; default: this one, in pods `python`.")
@click.option(
    "--workers", type=click.IntRange(min=1), default=1, help="With --local: processes of a member; default 1."
)
@click.option("--dry-run", is_flag=True, help="Show what would be written.")
@click.option("--submit", "send", is_flag=True, help="Hand it over at once: bash submit.sh, kubectl apply.")
def submit(
    recipe: str,
    slurm: bool,
    kubernetes: bool,
    local: int | None,
    tasks: int | None,
    out: str | None,
    settings: tuple[str, ...],
    to: str | None,
    python: str | None,
    workers: int,
    dry_run: bool,
    send: bool,
) -> None:
    """Run RECIPE as many members that share one run folder: `run --shards I/N`, in arrays, pods or processes."""
    from datapipe.engine.batch.command import Command
    from datapipe.engine.pin import output_folder
    from datapipe.io.files import is_local
    from datapipe.plan.compile import compile_recipe
    from datapipe.plan.locate import load
    from datapipe.plan.outputs import check_outputs
    from datapipe.plan.overrides import apply_overrides
    from datapipe.plan.recipe import read_recipe

    if slurm + kubernetes + (local is not None) != 1:
        raise click.UsageError("where to? give one of --slurm, --kubernetes and --local N")
    if local is not None and (dry_run or send or tasks):
        raise click.UsageError(
            "--local N runs at once, with N members; --tasks, --dry-run and --submit are for clusters"
        )
    if dry_run and send:
        raise click.UsageError("--dry-run and --submit: give one of the two")
    located = load(str(Path(recipe).resolve()))
    apply_overrides(located, settings)
    plan = compile_recipe(located)
    if out is not None and is_local(out):
        out = str(Path(out).resolve())
    run = out or output_folder(located)
    check_outputs(plan, run)
    folder = Path(to or (f"{run}/submit" if is_local(run) else f"submit-{plan.name}")).resolve()
    command = Command(python or ("python" if kubernetes else sys.executable), located.file, out, settings)
    if slurm:
        files = _slurm(plan, command, str(folder), read_recipe(located).resources.slurm, tasks)
    elif kubernetes:
        pods = read_recipe(located).resources.kubernetes
        if pods is None:
            raise located.error("resources.kubernetes: missing; it says the pods' image, volumes and volumeMounts")
        files = _kubernetes(plan, command, run, pods, tasks)
    if dry_run:
        for name, text in files.items():
            click.echo(f"==> {folder / name} <==\n{text}")
        return
    _look_anew(located, run, plan)
    if local is not None:
        _run_here(command, run, folder / "logs", local, workers)
        return
    _write(files, folder)
    if slurm:
        _hand_over(["bash", str(folder / "submit.sh")], "sbatch", send)
    else:
        _hand_over(["kubectl", "apply", "-f", str(folder / "job.yaml")], "kubectl", send)


def _slurm(
    plan: Plan, command: Command, folder: str, options: Mapping[str, str | int | bool], tasks: int | None
) -> dict[str, str]:
    from datapipe.engine.batch.chain import chain
    from datapipe.engine.batch.slurm import slurm_files

    jobs = chain(plan, tasks)
    for number, job in enumerate(jobs, 1):
        click.echo(f"{number:3}  {job.members:5,} members  {job.title}", err=True)
    return slurm_files(plan, jobs, command, folder, options)


def _kubernetes(plan: Plan, command: Command, run: str, pods: Kubernetes, tasks: int | None) -> dict[str, str]:
    from datapipe.engine.batch.chain import default_members
    from datapipe.engine.batch.kubernetes import kubernetes_manifest

    members = tasks or default_members(plan)
    click.echo(f"{members:,} pods, which wait for each other: the cluster must have room for all at once", err=True)
    return {"job.yaml": kubernetes_manifest(plan, members, command, run, pods)}


def _look_anew(located: Located, run: str, now: Plan) -> None:
    """Where the members' last run came to its end, or cannot, for its inputs changed, the next one looks for new input."""
    from datapipe.engine.pin import inputs_changed, pinned, unpin
    from datapipe.engine.publish import finished
    from datapipe.io.store import open_store

    store = open_store(run)
    plan = pinned(located, store)
    if plan is not None and (finished(store, plan) is not None or inputs_changed(plan, now)):
        unpin(located, store)


def _run_here(command: Command, run: str, logs: Path, members: int, workers: int) -> None:
    from datapipe.cli.funnel import show_funnel
    from datapipe.cli.runfolder import read_manifest
    from datapipe.cli.stopping import stopping
    from datapipe.engine.batch.members import run_members

    click.echo(f"{members} members on this machine; what they say: {logs}", err=True)
    with stopping(resumes=True):
        run_members(command, members, workers, logs)
    show_funnel(read_manifest(run), run, file=sys.stdout)


def _write(files: dict[str, str], folder: Path) -> None:
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*-of-*.sbatch"):
        old.unlink()
    for name, text in files.items():
        (folder / name).write_text(text, "utf-8")


def _hand_over(command: list[str], needed: str, now: bool) -> None:
    from datapipe.core.errors import RecipeError, RunFailed

    if not now:
        click.echo(f"nothing was started; to start it: {shlex.join(command)}")
        return
    if shutil.which(needed) is None:
        raise RecipeError(f"--submit: there is no {needed} here; where there is one: {shlex.join(command)}")
    code = subprocess.run(command, check=False).returncode
    if code:
        raise RunFailed(f"{shlex.join(command)}: ended with code {code}; it may be started again")
