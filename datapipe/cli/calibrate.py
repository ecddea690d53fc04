"""`datapipe calibrate`: thresholds by language from a trusted sample, ready for a recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datapipe.engine.tuning.calibrate import ByLang
    from datapipe.plan.calibration import Calibration
    from datapipe.plan.locate import Located


@click.command()
@click.argument("sample")
@click.option("--recipe", metavar="RECIPE", help="The recipe whose steps are to be calibrated.")
@click.option("--dataset", metavar="NAME", help="Which dataset's steps; needed where several have thresholds.")
@click.option("--ops", "names", metavar="NAMES", help="In place of a recipe: operators, such as gopher_quality,length.")
@click.option(
    "--percentile", type=click.FloatRange(0, 50), help="What each rule may drop of a language, in %. Default: 10."
)
@click.option(
    "--keep", type=click.FloatRange(0, 1, min_open=True), metavar="SHARE",
    help="In place of --percentile: the share of a language that all rules of a step together keep.",
)  # fmt: skip
@click.option(
    "--only", metavar="PARAMETERS", help="Derive these thresholds only, such as min_words,max_avg_word_length."
)
@click.option("--min-documents", type=click.IntRange(min=1), default=1000, show_default=True,
              help="Fewer documents of a language give no thresholds.")  # fmt: skip
@click.option("--workers", type=click.IntRange(min=0), help="Processes; default: one a core.")
@click.option("--quiet", is_flag=True, help="No progress.")
def calibrate(
    sample: str,
    recipe: str | None,
    dataset: str | None,
    names: str | None,
    percentile: float | None,
    keep: float | None,
    only: str | None,
    min_documents: int,
    workers: int | None,
    quiet: bool,
) -> None:
    """Derive thresholds by language from SAMPLE, documents that ought to be kept, and print the steps with them.

    SAMPLE is a file or pattern (.jsonl, .parquet, .csv, .txt, compressed or not), a run folder, or what a recipe's
    `read` takes: '{jsonl: wiki/*.jsonl, columns: {text: body}}'. Its languages are those of its column lang, or of a
    language_id among the steps.
    """
    if (recipe is None) == (names is None):
        raise click.UsageError("expected either --recipe or --ops")
    if percentile is not None and keep is not None:
        raise click.UsageError("--percentile and --keep: give one of the two")

    import tempfile

    from datapipe.cli.fragment import fragment
    from datapipe.core.errors import RecipeError
    from datapipe.plan.locate import load

    located = load(recipe) if recipe else _bare(names or "")
    with tempfile.TemporaryDirectory(prefix="datapipe-") as folder:
        plan, found, rows = _measure(located, dataset, sample, folder, workers, quiet)
    if not any(found.values()):
        raise RecipeError(
            f"{sample}: no document has a language; give the sample a column lang, or the steps a language_id"
        )
    chosen = None if only is None else _chosen(only, plan)
    tail = (10.0 if percentile is None else percentile) / 100
    goal = f"each rule drops at most {tail:.4g} of a language" if keep is None else (
        f"a step's rules together keep at least {keep:.4g} of a language")  # fmt: skip
    click.echo(f"# datapipe calibrate, from {rows:,} documents of {sample}: {goal}")
    click.echo(fragment(plan, found, tail, keep, chosen, min_documents))


def _bare(names: str) -> Located:
    """Operators without a recipe."""
    from datapipe.plan.locate import Located

    steps = [name.strip() for name in names.split(",") if name.strip()]
    data = {"read": {"text": "sample"}, "steps": steps, "write": {"path": "out"}}
    return Located("--ops", data)


def _measure(
    located: Located, dataset: str | None, sample: str, folder: str, workers: int | None, quiet: bool
) -> tuple[Calibration, dict[int, ByLang], int]:
    """Run the sample through the steps; the scores of those that have thresholds, by place, and how many rows there were."""
    from datapipe.cli.progress import progress
    from datapipe.cli.run import local_pool
    from datapipe.cli.runfolder import batches
    from datapipe.cli.stopping import stopping
    from datapipe.engine.driver import Driver
    from datapipe.engine.tuning.calibrate import measured_by_lang
    from datapipe.plan.calibration import calibration
    from datapipe.plan.compile import compile_recipe

    plan = calibration(located, dataset, sample, folder)
    compiled = compile_recipe(plan.recipe).model_copy(update={"extends": False})
    pool = local_pool(workers)
    with stopping():
        try:
            pool.start()
            with progress(quiet) as observer:
                manifest = Driver(compiled, folder, pool, observer).run()
        finally:
            pool.close()
    found = {}
    for index, label in plan.labels.items():
        read = batches(folder, manifest, "scores", ["lang", "step", "failed", "scores"])
        mine = (batch.filter(_is(batch, label)) for batch in read)
        found[index] = measured_by_lang(plan.operator(plan.steps[index]), mine)
    return plan, found, manifest["rows_read"]


def _is(batch: Any, label: str) -> Any:
    import pyarrow.compute as pc

    return pc.equal(batch.column("step"), label)


def _chosen(only: str, plan: Calibration) -> set[str]:
    """The parameters of `--only`, each a threshold of some step."""
    from datapipe.core.errors import RecipeError, did_you_mean

    known = {name for index in plan.labels for name, _ in plan.operator(plan.steps[index]).bounds.values()}
    chosen = {name.strip() for name in only.split(",") if name.strip()}
    for name in sorted(chosen - known):
        raise RecipeError(f"--only {name}: no step has such a threshold{did_you_mean(name, known)}")
    return chosen
