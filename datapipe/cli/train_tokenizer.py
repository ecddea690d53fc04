"""`datapipe train tokenizer`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

ROLES = ("unk", "bos", "eos", "pad", "cls", "sep", "mask")
KINDS = ("byte_level_bpe", "sentencepiece_bpe", "sentencepiece_unigram", "wordpiece")


def _roles(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, str] | None:
    """Tokens by role, such as eos=</s>."""
    found: dict[str, str] = {}
    for given in value:
        role, sign, token = given.partition("=")
        if not sign or role not in ROLES:
            raise click.BadParameter(
                f"expected a role and its token, such as eos=</s>, found {given}; roles: {', '.join(ROLES)}"
            )
        if role in found:
            raise click.BadParameter(f"{role} is given twice, as {found[role]} and {token}")
        found[role] = token
    return found or None


def _weights(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    """Numbers by name, such as de=2."""
    found = {}
    for given in value:
        name, _, weight = given.rpartition("=")
        try:
            found[name] = float(weight)
        except ValueError:
            raise click.BadParameter(f"expected a name and a number, such as de=2, found {given}") from None
    return found


@click.command()
@click.argument("inputs", nargs=-1, required=True, metavar="[NAME=]INPUT…")
@click.option("--out", required=True, metavar="DIR", help="The folder of the tokenizer.")
@click.option("--kind", type=click.Choice(KINDS), default="byte_level_bpe", show_default=True, help="The model.")
@click.option("--vocab-size", type=click.IntRange(min=2), default=32_000, show_default=True,
              help="Tokens, special ones among them.")  # fmt: skip
@click.option("--special", "special_tokens", multiple=True, callback=_roles, metavar="ROLE=TOKEN",
              help="Special tokens, in the order of their ids, such as eos=</s>; else the kind's own. Repeatable.")  # fmt: skip
@click.option("--additional", "additional_tokens", multiple=True, metavar="TOKEN",
              help="A further special token, such as <|im_start|>. Repeatable.")  # fmt: skip
@click.option("--user-symbol", "user_symbols", multiple=True, metavar="TEXT",
              help="A text that is always one token. Repeatable.")  # fmt: skip
@click.option("--byte-fallback/--no-byte-fallback", default=True, show_default=True,
              help="sentencepiece: characters without a piece become bytes.")  # fmt: skip
@click.option("--split-digits/--no-split-digits", default=True, show_default=True, help="Each digit by itself.")
@click.option("--normalization", type=click.Choice(["identity", "nfc", "nfkc"]), default="identity", show_default=True,
              help="nfkc changes texts for good.")  # fmt: skip
@click.option("--character-coverage", type=click.FloatRange(0, 1, min_open=True), default=0.9995, show_default=True,
              help="sentencepiece, wordpiece: share of the characters that have tokens.")  # fmt: skip
@click.option("--dummy-prefix", is_flag=True, help="sentencepiece: a blank before the text, as Llama 2 has it.")
@click.option("--pattern", type=click.Choice(["cl100k", "gpt2"]), default="cl100k", show_default=True,
              help="byte_level_bpe: how text is cut into words.")  # fmt: skip
@click.option("--extend", metavar="MODEL",
              help="Add tokens to this tokenizer.model or byte-level tokenizer.json, up to --vocab-size.")  # fmt: skip
@click.option("--sample", default="100MB", show_default=True, metavar="SIZE", help="Text to learn from, by hash.")
@click.option("--temperature", type=click.FloatRange(min=1), default=1.0, show_default=True,
              help="T: a source and language has the share p^(1/T) of the sample; 3.33 for XLM-R's 0.3.")  # fmt: skip
@click.option("--source-weight", "source_weights", multiple=True, callback=_weights, metavar="NAME=N",
              help="So many times as much of an input. Repeatable.")  # fmt: skip
@click.option("--lang-weight", "lang_weights", multiple=True, callback=_weights, metavar="CODE=N",
              help="So many times as much of a language. Repeatable.")  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the sample.")
@click.option("--text-field", metavar="FIELD", help="The input's field that holds the text.")
@click.option("--quiet", is_flag=True, help="Print nothing.")
def tokenizer(
    inputs: tuple[str, ...], out: str, seed: int, text_field: str | None, quiet: bool, **parameters: Any
) -> None:
    """Train a tokenizer that `transformers`, `tokenizers` and, if it is one of theirs, `sentencepiece` load.

    INPUT is a file or quoted pattern (.jsonl, .parquet, .csv, .txt, compressed or not), a run folder, or what a recipe's
    `read` takes; NAME is its source. Writes into DIR tokenizer.json, tokenizer_config.json, special_tokens_map.json, the
    SentencePiece model tokenizer.model, and card.json.
    """
    from pydantic import ValidationError

    from datapipe.cli.stopping import stopping
    from datapipe.core.errors import RecipeError
    from datapipe.engine.training.tokenizer import train_tokenizer
    from datapipe.ops.train_tokenizer import TrainTokenizer

    def tell(said: str) -> None:
        if not quiet:
            click.echo(said, err=True)

    try:
        operator = TrainTokenizer.model_validate(parameters)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        said = first["msg"].removeprefix("Value error, ")
        raise RecipeError(f"{where}: {said}" if where else said) from None
    with stopping():
        card = train_tokenizer(inputs, Path(out), operator, seed, text_field, tell)
    if not quiet:
        _show(card, Path(out))


def _show(card: dict[str, Any], out: Path) -> None:
    """The card in a few lines."""
    for row in card["sample"]:
        name = " ".join(part for part in (row["source"], row["lang"]) if part) or "all"
        click.echo(f"{name}: {row['sample_bytes'] / 1e6:,.2f} MB of {row['corpus_bytes'] / 1e6:,.2f}")
    for row in card.get("extends", {}).get("gain", ()):
        name = " ".join(part for part in (row["source"], row["lang"]) if part) or "all"
        click.echo(
            f"{name}: {row['tokens_per_byte_before']:.3f} tokens a byte before, {row['tokens_per_byte_after']:.3f} after; "
            f"{row['lines_unchanged']:,} of {row['lines']:,} lines as they were"
        )
    for file in card["files"]:
        click.echo(f"{out / file['file']}  {file['bytes']:,} bytes  sha256 {file['sha256'][:16]}…")
