"""`datapipe train mixture`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datapipe.core.mixing.weights_file import WeightsFile


def _size(ctx: click.Context, param: click.Parameter, value: str | None) -> int | None:
    """Bytes of a size such as 2GB."""
    from datapipe.core.sizes import size_of

    try:
        found = None if value is None else int(size_of(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None
    if found == 0:
        raise click.BadParameter("expected a size above 0")
    return found


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[NAME=]INPUT…")
@click.option("--method", required=True, metavar="NAME",
              help="dsir, regmix, doremi (torch, no target) or ablation.")  # fmt: skip
@click.option(
    "--out", required=True, metavar="FILE", help="The weights file, such as weights.json; its card goes to .md."
)
@click.option("--target", "targets", multiple=True, metavar="[NAME=]INPUT",
              help="Texts as the model is to be good at; all targets count the same. Repeatable.")  # fmt: skip
@click.option("--by", metavar="FIELD", help="The field that names a row's group, where inputs have no names.")
@click.option("--budget", callback=_size, metavar="SIZE",
              help="Text that will be trained on, such as 40GB; else as much as there is.")  # fmt: skip
@click.option("--max-epochs", type=click.FloatRange(0, min_open=True), default=4.0, show_default=True,
              help="How often a text may be read: no group's share of the budget goes beyond.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1, 1000), default=3, show_default=True,
              help="Runs, whose mean is the answer.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sample and of the runs.")
@click.option("--sample", callback=_size, default="500kB", show_default=True, metavar="SIZE",
              help="Text of each group and each target that is looked at, by hash.")  # fmt: skip
@click.option("--proxy", type=click.Choice(["ngram", "transformer"]), default="ngram", show_default=True,
              help="What regmix and ablation train, and what judges the answer; doremi has transformers.")  # fmt: skip
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE",
              help="A parameter of the method, such as mixes=64, or of the proxy, such as proxy.order=5; an unknown one "
              "is answered with those there are. Repeatable.")  # fmt: skip
@click.option("--candidate", "candidates", multiple=True, metavar="FILE",
              help="ablation: a weights file to try, too. Repeatable.")  # fmt: skip
@click.option("--text-field", metavar="FIELD", help="The input's field that holds the text.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def mixture(
    inputs: tuple[str, ...],
    method: str,
    out: str,
    targets: tuple[str, ...],
    by: str | None,
    budget: int | None,
    max_epochs: float,
    seeds: int,
    seed: int,
    sample: int,
    proxy: str,
    settings: tuple[str, ...],
    candidates: tuple[str, ...],
    text_field: str | None,
    quiet: bool,
) -> None:
    """Find which share each group of texts should have, for the step `mixture`.

    INPUT is a file or quoted pattern (.jsonl, .parquet, .csv, .txt, compressed or not), a run folder, or what a recipe's
    `read` takes; NAME is its group. Shares are of bytes. Writes FILE and a card for people beside it: weights beside
    natural and uniform ones, epochs, losses of a small model on each, and how far seeds agree.

    dsir, regmix and ablation look at the target alone, and the groups' own texts may pay for what it gains: the card has
    both losses. doremi looks at no target: it evens out what the groups could still gain.
    """
    # Before numpy is loaded: the matrices have some 200 rows, for which threads wait longer than they compute.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from datapipe.cli.stopping import stopping
    from datapipe.core.errors import RecipeError
    from datapipe.core.mixing.weights_file import read_weights
    from datapipe.engine.training.mixture.learning import train_mixture
    from datapipe.engine.training.mixture.methods import Asked
    from datapipe.engine.training.mixture.sample import Inputs

    given = {}
    for path in candidates:  # by their paths: two files of one name are two mixtures
        try:
            given[path] = read_weights(Path(path).read_bytes(), path).weights
        except OSError as error:
            raise RecipeError(f"--candidate {path}: {error.strerror}") from None
    asked = Asked(method, proxy, settings, max_epochs, budget, given)

    def tell(said: str) -> None:
        if not quiet:
            click.echo(said, err=True)

    with stopping():
        answer = train_mixture(asked, Inputs(inputs, targets, by, text_field, sample, seed), seeds, Path(out), tell)
    if not quiet:
        _show(answer, Path(out))


def _show(answer: WeightsFile, out: Path) -> None:
    """The card in a few lines."""
    facts: dict[str, Any] = answer.facts
    groups = sorted(facts["groups"].items(), key=lambda pair: (-pair[1]["weight"], pair[0]))
    width = max(len(name) for name, _ in groups)
    for name, row in groups:
        cut = ", cut at the bound" if row["at_bound"] else ""
        line = f"{name:{width}}  {row['weight']:7.2%}  natural {row['natural']:7.2%}  {row['epochs']:6.2f} epochs{cut}"
        click.echo(line)
    click.echo(f"{facts['effective_groups']:.1f} effective groups of {len(groups)}")
    for target in next(iter(facts["losses"].values())):
        means = {name: sum(row[target]) / len(row[target]) for name, row in facts["losses"].items()}
        click.echo(f"{target}: " + ", ".join(f"{loss:.4f} {name}" for name, loss in means.items()) + " (nats a byte)")
    for said in facts["warnings"]:
        click.echo(f"warning: {said}")
    click.echo(f"{out}  {out.with_suffix('.md')}")
