"""`datapipe tokenizer-report`: tokenizers beside each other, over documents of yours."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("tokenizer-report")
@click.argument("tokenizers", nargs=-1, required=True, metavar="TOKENIZER…")
@click.option("--on", "inputs", multiple=True, required=True, metavar="FILES|RUN", help="Documents; may be repeated.")
@click.option(
    "--by", default="lang", show_default=True, metavar="FIELDS", help="Groups: lang, source, or other fields."
)
@click.option(
    "--parallel", metavar="FIELD", help="The field that links versions of a text in several languages (lang)."
)
@click.option("--key", metavar="REGEX", help="With --parallel: the part of the field that links, such as '-(\\d+)$'.")
@click.option(
    "--relative-to", default="en", show_default=True, metavar="LANG", help="With --parallel: what has premium 1."
)
@click.option("--text-field", metavar="FIELD", help="The input's field that holds the text.")
@click.option(
    "--plot", type=click.Path(dir_okay=False), metavar="FILE.svg", help="Draw tokens per word and the curve of Zipf."
)
@click.option("--json", "as_json", is_flag=True, help="JSON.")
@click.option("--quiet", is_flag=True, help="Say nothing of progress.")
def tokenizer_report(
    tokenizers: tuple[str, ...],
    inputs: tuple[str, ...],
    by: str,
    parallel: str | None,
    key: str | None,
    relative_to: str,
    text_field: str | None,
    plot: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Fertility, compression, unknown and broken tokens, use of the vocabulary, cuts of numbers, tokens that never come.

    TOKENIZER is a tokenizer.json, a SentencePiece model, a .tiktoken file, or a folder with one. Words are the house's: in
    scripts without spaces a written syllable is one. With --parallel, the parity premium: tokens of the same texts in
    each language over those in --relative-to.
    """
    import orjson

    from datapipe.cli.stopping import stopping
    from datapipe.cli.tokenizer_plot import draw
    from datapipe.cli.tokenizer_tables import show_tokenizers
    from datapipe.engine.tokenizer_report import Request, report_tokenizers

    fields = tuple(name.strip() for name in by.split(",") if name.strip())
    if "text" in fields:
        raise click.UsageError("--by text: expected lang, source or another field that many documents share")
    if key and not parallel:
        raise click.UsageError("--key: only with --parallel")
    if plot and not plot.endswith(".svg"):
        raise click.UsageError(f"--plot {plot}: expected a name that ends with .svg")
    if plot and not Path(plot).parent.is_dir():
        raise click.UsageError(f"--plot {plot}: no folder {Path(plot).parent}")

    def tell(said: str) -> None:
        if not quiet:
            click.echo(said, err=True)

    with stopping():
        found = report_tokenizers(Request(tokenizers, inputs, fields, parallel, key, relative_to, text_field), tell)
    if plot:
        Path(plot).write_text(draw(found), encoding="utf-8")
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        show_tokenizers(found, sys.stdout)
