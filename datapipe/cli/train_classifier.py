"""`datapipe train quality` and `datapipe train toxicity`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def _names(ctx: click.Context, param: click.Parameter, value: str) -> tuple[str, str]:
    """Two labels, such as hq,cc."""
    names = [name.strip() for name in value.split(",")]
    if (
        len(names) != 2
        or not all(names)
        or names[0] == names[1]
        or any(char.isspace() for name in names for char in name)
    ):
        raise click.BadParameter(f"expected two different words, such as hq,cc, found {value}")
    return names[0], names[1]


def _power(ctx: click.Context, param: click.Parameter, value: int | None) -> int | None:
    """Buckets of hashed n-grams."""
    if value is not None and ctx.params.get("method") == "logistic" and value & (value - 1):
        raise click.BadParameter(f"{value}: with --method logistic a power of two, such as 262144")
    return value


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option("--out", required=True, metavar="DIR", help="The folder of the model."),
    click.option("--method", type=click.Choice(["fasttext", "logistic"]), default="fasttext", show_default=True,
                 is_eager=True,
                 help="A fastText model, as DCLM's; or a logistic regression over hashed n-grams, as GPT-3's."),
    click.option("--word-ngrams", type=click.IntRange(1, 5), metavar="N",
                 help="Words of the longest n-grams: 2 as DCLM, or 1 with logistic, as GPT-3."),
    click.option("--buckets", type=click.IntRange(1, 1 << 24), callback=_power, metavar="N",
                 help="That n-grams are hashed into: 2,000,000, or 262,144 with logistic."),
    click.option("--held-out", type=click.FloatRange(0, 0.9), default=0.1, show_default=True,
                 help="Share of the texts, by hash, that the model is measured on and not trained on."),
    click.option("--max-examples", type=click.IntRange(min=1), metavar="N", help="Texts of each label at most, by hash."),
    click.option("--balance", is_flag=True, help="As many texts of each label as of the rarest."),
    click.option("--seed", type=click.IntRange(0, (1 << 31) - 2), default=0, show_default=True,
                 help="Of what is held out, of the order of training and of the model."),
    click.option("--text-field", metavar="FIELD", help="The input's field that holds the text."),
    click.option("--dim", type=click.IntRange(min=1), default=100, show_default=True, help="fastText: numbers of a vector."),
    click.option("--epoch", type=click.IntRange(min=1), default=5, show_default=True, help="fastText: times each text is read."),
    click.option("--lr", type=click.FloatRange(0, min_open=True), default=0.1, show_default=True,
                 help="fastText: the learning rate at the start."),
    click.option("--min-count", type=click.IntRange(min=1), default=1, show_default=True,
                 help="fastText: words that occur less often are unknown."),
    click.option("--c", "strength", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True,
                 help="logistic: how little weights are held back, as scikit-learn's C."),
    click.option("--tokens", type=click.Choice(["words", "whitespace"]), default="words", show_default=True,
                 help="logistic: words and signs in lower case, signs of scripts without spaces one by one; or what stands "
                 "between white space, as GPT-3 had it."),
    click.option("--counts", is_flag=True, help="logistic: counts as they are, as GPT-3 had them; not of unit length."),
    click.option("--quiet", is_flag=True, help="Print nothing."),
)  # fmt: skip


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.option("--positive", "positives", multiple=True, required=True, metavar="INPUT", help="Good texts; repeatable.")
@click.option("--negative", "negatives", multiple=True, required=True, metavar="INPUT", help="Others; repeatable.")
@click.option(
    "--labels", callback=_names, default="hq,cc", show_default=True, metavar="GOOD,OTHER", help="Their names."
)
@_shared
def quality(
    positives: tuple[str, ...],
    negatives: tuple[str, ...],
    labels: tuple[str, str],
    text_field: str | None,
    **options: Any,
) -> None:
    """Train a classifier that tells good texts from others, for the step `quality_classifier`.

    INPUT is a file or quoted pattern (.jsonl, .parquet, .csv, .txt, compressed or not), a run folder, or what a recipe's
    `read` takes. Copies of a text count once, and a text on both sides is left out. Writes DIR/quality.bin and its card,
    quality.md for people and quality.json: held-out precision, recall and AUC, a table of thresholds, warnings.
    """
    from datapipe.engine.training.labelled import Read, two_classes

    read = Read()
    classes = ((labels[0], positives), (labels[1], negatives))
    _train("quality", two_classes(classes, text_field, read), read, labels[0], options)


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option("--label-field", default="label", show_default=True, metavar="FIELD",
              help="The field of a row's label, or list of labels: then each is learnt against all others.")  # fmt: skip
@click.option(
    "--toxic", multiple=True, metavar="LABEL", help="A label that is a category; all others are `clean`. Repeatable."
)
@click.option("--merge", is_flag=True, help="The toxic labels as one, `toxic`.")
@click.option("--level", type=click.Choice(["document", "sentence"]), default="document", show_default=True,
              help="Learn from whole texts, or from their sentences, which then have the text's label.")  # fmt: skip
@click.option(
    "--group-field", metavar="FIELD", help="Rows equal in it are held out together, such as those of a thread."
)
@_shared
def toxicity(
    inputs: tuple[str, ...],
    label_field: str,
    toxic: tuple[str, ...],
    merge: bool,
    level: str,
    group_field: str | None,
    text_field: str | None,
    **options: Any,
) -> None:
    """Train a classifier from labelled rows, one score for each category, for the step `toxicity`.

    INPUT and what is written (DIR/toxicity.bin, .md and .json) are as with `datapipe train quality`.
    """
    from datapipe.core.errors import RecipeError
    from datapipe.engine.training.labelled import Labelling, Read, labelled_rows

    if merge and not toxic:
        raise RecipeError("--merge: say which labels are toxic, by --toxic")
    read = Read()
    labelling = Labelling(label_field, toxic, merge, level, group_field)
    _train("toxicity", labelled_rows(inputs, text_field, labelling, read), read, None, options)


def _train(name: Any, examples: Any, read: Any, first: str | None, options: dict[str, Any]) -> None:
    from datapipe.cli.stopping import stopping
    from datapipe.core.classifier.ngram_file import Settings
    from datapipe.engine.training.classifier import Training, train_classifier
    from datapipe.engine.training.fasttext import FastTextSettings

    buckets, seed = options["buckets"], options["seed"]
    grams = options["word_ngrams"] or (2 if options["method"] == "fasttext" else 1)
    training = Training(
        name,
        Path(options["out"]),
        options["method"],
        options["held_out"],
        seed,
        options["max_examples"],
        options["balance"],
        FastTextSettings(
            lr=options["lr"], dim=options["dim"], epoch=options["epoch"], min_count=options["min_count"],
            word_ngrams=grams, bucket=buckets or 2_000_000, seed=seed,
        ),
        Settings(options["tokens"], grams, buckets or 1 << 18, not options["counts"]),
        options["strength"],
    )  # fmt: skip

    def tell(said: str) -> None:
        if not options["quiet"]:
            click.echo(said, err=True)

    with stopping():
        card = train_classifier(training, examples, read, first, tell)
    if not options["quiet"]:
        _show(card, Path(options["out"]))


def _show(card: dict[str, Any], out: Path) -> None:
    """The card in a few lines."""
    for label, texts in card["texts"].items():
        line = f"{label}: {texts['train']:,} texts to train on, {texts['held_out']:,} held out"
        found = (card["held_out"] or {"labels": {}})["labels"].get(label)
        if found and found["auc"] is not None:
            shown = {"AUC": found["auc"], "precision": found["precision"], "recall": found["recall"], "F1": found["f1"]}
            line += "; " + ", ".join(f"{name} {value:.3f}" for name, value in shown.items() if value is not None)
        click.echo(line)
    for said in card["warnings"]:
        click.echo(f"warning: {said}")
    for file in card["files"]:
        click.echo(f"{out / file['file']}  {file['bytes']:,} bytes  sha256 {file['sha256'][:16]}…")
