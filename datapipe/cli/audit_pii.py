"""`datapipe audit-pii`: personal data in a finished corpus."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click


@click.command("audit-pii")
@click.argument("dataset")
@click.option("--entities", metavar="TYPES", help="Types to look for, such as email,phone; all: every type.")
@click.option("--min-score", type=click.FloatRange(0, 1), help="Lowest score of a hit.  [default: 0.5]")
@click.option("--regions", metavar="COUNTRIES", help="Countries whose national phone numbers are known, such as US,DE.")
@click.option("--private-addresses", is_flag=True, help="Also IP addresses that are not routed on the internet.")
@click.option("--text-field", metavar="FIELD", help="The field that holds the text.  [default: text]")
@click.option("--id-field", metavar="FIELD", help="The field that holds the document's id.  [default: id]")
@click.option("--limit", type=click.IntRange(min=1), metavar="N", help="Only the first N documents.")
@click.option("--workers", type=click.IntRange(min=0), help="Processes; default: one a core. 0: none but this one.")
@click.option("--values", is_flag=True, help="Show the values themselves.")
@click.option("--examples", type=click.IntRange(min=0), default=3, show_default=True, help="Examples of each type.")
@click.option("--fail-above", type=click.IntRange(min=0), metavar="N", help="Exit with code 1 if there are more hits.")
@click.option(
    "--gold", is_flag=True, help="Rows are labelled, `spans: [{start, end, type}]`: print precision and recall."
)
@click.option("--gold-types", metavar="PAIRS", help="What labels mean, such as MAIL=email,TEL=phone.")
@click.option("--errors", metavar="FILE", help="With --gold: write what was missed and what is false, as JSON lines.")
@click.option("--json", "as_json", is_flag=True, help="The same, for programs.")
@click.option("--quiet", is_flag=True, help="No progress.")
def audit_pii(dataset: str, as_json: bool, fail_above: int | None, **asked: Any) -> None:
    """Look for personal data in DATASET, a finished corpus, and count it by type, language and source.

    DATASET is a run folder, a file, a folder or a pattern of Parquet or JSON lines (compressed or not), on disk or at a
    URL, or what a recipe's `read` takes: '{jsonl: wiki/*.jsonl, columns: {text: body}}'. Nothing is changed.
    """
    import tempfile

    import orjson

    from datapipe.cli.pii_audit import audit, run_audit
    from datapipe.cli.pii_gold import measured, show_measures
    from datapipe.cli.pii_tables import show_audit
    from datapipe.core.errors import RunFailed

    gold = asked["gold"]
    if not gold and (asked["gold_types"] or asked["errors"]):
        raise click.UsageError("--gold-types and --errors belong to --gold")
    # Told before an hour's work, not after.
    if asked["errors"] and not Path(asked["errors"]).absolute().parent.is_dir():
        raise click.UsageError(f"--errors {asked['errors']}: there is no such folder")
    with tempfile.TemporaryDirectory(prefix="datapipe-") as folder:
        run = run_audit(dataset, folder, {**asked, "quiet": asked["quiet"] or as_json})
        if gold:
            found = measured(run, asked["gold_types"], asked["errors"])
            hits = found["hits"]
        else:
            found = audit(run, asked["examples"])
            hits = found["entities"]
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode())
    else:
        (show_measures if gold else show_audit)(found, sys.stdout)
    if fail_above is not None and found["unreadable"]:
        raise RunFailed(
            f"{dataset}: {found['unreadable']:,} records could not be read, so nobody knows what they hold; --fail-above "
            "fails on them, too"
        )
    if fail_above is not None and hits > fail_above:
        raise RunFailed(f"{dataset}: {hits:,} hits, more than --fail-above {fail_above:,}")
