"""`datapipe train`: the models that steps apply."""

from __future__ import annotations

from pathlib import Path

import click

from datapipe.cli.train_classifier import quality, toxicity
from datapipe.cli.train_mixture import mixture
from datapipe.cli.train_tokenizer import tokenizer


def _size(ctx: click.Context, param: click.Parameter, value: str) -> int:
    """Bytes of a size such as 2GB."""
    from datapipe.core.sizes import size_of

    try:
        return int(size_of(value))
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _thresholds(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    """Counts by order, such as 0,0,1."""
    parts = value.split(",")
    if not all(part.strip().isdigit() for part in parts):
        raise click.BadParameter(f"expected counts such as 0,0,1, found {value}")
    return tuple(map(int, parts))


@click.group()
def train() -> None:
    """Train the models that steps apply."""


@train.command()
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT…")
@click.option("--out", required=True, metavar="DIR", help="The folder of the model.")
@click.option("--order", type=click.IntRange(2, 6), default=5, show_default=True,
              help="Words of the longest n-grams; kenlm reads up to 6.")  # fmt: skip
@click.option(
    "--lang", metavar="CODE", help="The language: rows whose lang is another are left out, and files bear its name."
)
@click.option("--vocab-size", type=click.IntRange(min=8), default=32_000, show_default=True,
              help="Pieces of the SentencePiece model; CCNet has 65,536.")  # fmt: skip
@click.option("--sentencepiece", metavar="MODEL", help="Take this SentencePiece model and train none.")
@click.option("--sample", callback=_size, default="20MB", show_default=True,
              help="Text that pieces are learnt from, lines drawn by hash; SentencePiece takes 1 GB for 20MB.")  # fmt: skip
@click.option("--memory", callback=_size, default="2GB", show_default=True, help="That sorting may take, about.")
@click.option("--prune", callback=_thresholds, default="0", show_default=True, metavar="0,0,1",
              help="Leave out n-grams of each order that occur no more often; the last count holds for all above.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the sample that pieces are learnt from.")  # fmt: skip
@click.option("--text-field", metavar="FIELD", help="The input's field that holds the text.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def lm(
    inputs: tuple[str, ...],
    out: str,
    order: int,
    lang: str | None,
    vocab_size: int,
    sentencepiece: str | None,
    sample: int,
    memory: int,
    prune: tuple[int, ...],
    seed: int,
    text_field: str | None,
    quiet: bool,
) -> None:
    """Train an n-gram language model with modified Kneser-Ney smoothing for the step `perplexity`.

    INPUT is a file or pattern (.jsonl, .parquet, .csv, .txt, compressed or not), a run folder, or what a recipe's `read`
    takes. Writes DIR/CODE.arpa, the same as kenlm's build_binary has it (CODE.arpa.bin, which workers share in memory),
    CODE.sp.model and the card CODE.json; without --lang they are called lm.
    """
    from datapipe.cli.stopping import stopping
    from datapipe.engine.training.language_model import Request, train_language_model

    request = Request(
        inputs, Path(out), order, lang, vocab_size, sentencepiece, sample, memory, prune, seed, text_field
    )

    def tell(said: str) -> None:
        if not quiet:
            click.echo(said, err=True)

    with stopping():
        card = train_language_model(request, tell)
    if quiet:
        return
    for stats in card["orders"]:
        discounts = ", ".join(f"{d:.4f}" for d in stats["discounts"])
        note = " (the text is too small to tell; lmplz's fallback)" if stats["fallback"] else ""
        click.echo(f"order {stats['order']}: {stats['ngrams']:,} n-grams, discounts {discounts}{note}")
    for file in card["files"]:
        click.echo(f"{Path(out) / file['file']}  {file['bytes']:,} bytes  sha256 {file['sha256'][:16]}…")


train.add_command(quality)
train.add_command(toxicity)
train.add_command(tokenizer)
train.add_command(mixture)
