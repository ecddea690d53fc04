"""`datapipe report`: the funnel by step, source and language."""

from __future__ import annotations

import sys

import click


@click.command()
@click.argument("folder", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="The manifest's numbers, for programs.")
@click.option(
    "--bias", "step", metavar="STEP", help="Only whom this step keeps: every value with 30 documents or more."
)
def report(folder: str, as_json: bool, step: str | None) -> None:
    """The funnel of a finished run by step, source and language; also in tokens; what was drawn and found; whom filters keep."""
    import orjson

    from datapipe.cli.benchmarks import contamination, show_contamination
    from datapipe.cli.bias import as_plain, show_bias, show_whole_audit
    from datapipe.cli.funnel import odd_rules, show_funnel, show_groups, show_odd_rules
    from datapipe.cli.importance import selection, show_selection
    from datapipe.cli.keep_rates import audits_of, gone, only
    from datapipe.cli.packed import show_packed
    from datapipe.cli.pii import personal_data, show_personal_data
    from datapipe.cli.runfolder import read_manifest, tables
    from datapipe.cli.schedule_table import show_scheduled
    from datapipe.cli.tokens import show_tokens, token_counts

    manifest = read_manifest(folder)
    if step is not None:
        audit = only(step, folder, manifest)
        if as_json:
            click.echo(orjson.dumps(as_plain(audit, whole=True), option=orjson.OPT_INDENT_2).decode())
        else:
            show_whole_audit(audit, sys.stdout)
        return
    dropped: dict[tuple[str, str], tuple[int, int]] = {}
    for table in tables(folder, manifest, "ledger", ["source", "lang", "bytes"]):
        for row in table.to_pylist():
            key = (row["source"], row["lang"] or "")
            rows, size = dropped.get(key, (0, 0))
            dropped[key] = (rows + 1, size + (row["bytes"] or 0))
    benchmarks = contamination(folder, manifest)
    found = personal_data(folder, manifest)
    audits = list(audits_of(folder, manifest))
    selected = selection(folder, manifest)
    tokens = token_counts(manifest)
    if as_json:
        groups = [
            {"source": s, "lang": g, "dropped": n, "dropped_bytes": b} for (s, g), (n, b) in sorted(dropped.items())
        ]
        shown = {k: v for k, v in manifest.items() if k not in ("recipe", "files")}
        told = {
            "dropped_by_group": groups,
            "odd_rules": odd_rules(manifest),
            "benchmarks": benchmarks,
            "pii": found,
            "selection": selected,
            "tokens": tokens,
            "bias": [as_plain(audit) for audit in audits],
        }
        click.echo(orjson.dumps({**shown, **told}, option=orjson.OPT_INDENT_2).decode())
        return
    show_funnel(manifest, folder, sys.stdout)
    show_packed(manifest, sys.stdout)
    show_scheduled(manifest, sys.stdout)
    show_groups(manifest, dropped, sys.stdout)
    show_tokens(tokens, sys.stdout)
    show_selection(selected, sys.stdout)
    show_contamination(benchmarks, manifest, sys.stdout)
    show_personal_data(found, manifest, sys.stdout)
    show_bias(audits, gone(folder, manifest), folder, sys.stdout)
    show_odd_rules(manifest, sys.stdout)
