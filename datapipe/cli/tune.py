"""`datapipe tune`: what other thresholds would keep, from the scores of a finished run."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datapipe.engine.tuning.predict import Prediction
    from datapipe.plan.retune import Paths


@click.command()
@click.argument("folder", metavar="RUN")
@click.option(
    "--set", "settings", multiple=True, metavar="STEP.PARAMETER=VALUE", help="Another threshold; may be repeated."
)
@click.option("--by", default="source,lang", show_default=True, metavar="COLUMNS", help="source, lang, or both.")
@click.option("--json", "as_json", is_flag=True, help="JSON.")
def tune(folder: str, settings: tuple[str, ...], by: str, as_json: bool) -> None:
    """How many documents and bytes RUN would keep at other thresholds: from its scores, without running anything.

    The run's recipe must say `scores: true`. Without --set, the thresholds that can be tuned are listed.
    """
    import orjson

    from datapipe.cli.prediction import show_prediction
    from datapipe.cli.runfolder import batches, read_manifest
    from datapipe.core.errors import DatapipeError
    from datapipe.engine.tuning.predict import predict
    from datapipe.plan.retune import retuned

    columns = [name.strip() for name in by.split(",") if name.strip()]
    if not set(columns) <= {"source", "lang"}:
        raise click.UsageError(f"--by {by}: expected source, lang, or both")
    manifest = read_manifest(folder)
    if not manifest["tables"].get("scores"):
        raise DatapipeError(f"{folder}: the run kept no scores; add `scores: true` to its recipe and run it again")
    paths = retuned(manifest["recipe"], manifest["recipe_file"], settings)
    if not settings and not as_json:
        _list(paths)
        return
    edits = (manifest["recipe"].get("ledger") or {}).get("edits", True)
    found = []
    for output in manifest["outputs"]:
        mine = paths[output["dataset"]]
        prediction = predict(mine, output["groups"], lambda name, cols: batches(folder, manifest, name, cols))
        if not edits and any(step.changed for path in mine.values() for step in path):
            prediction.inexact.append("bytes are those that the last scored step saw: `ledger: {edits: false}`")
        found.append(_plain(output["dataset"], prediction, columns))
        if not as_json:
            show_prediction(found[-1], mine, sys.stdout)
    if as_json:
        click.echo(orjson.dumps({"set": settings, "outputs": found}, option=orjson.OPT_INDENT_2).decode())


def _plain(dataset: str, prediction: Prediction, columns: list[str]) -> dict[str, Any]:
    """A prediction as plain values, in groups of these columns."""
    from datapipe.engine.tuning.predict import Amount

    groups: dict[tuple[str, ...], Amount] = {}
    total = Amount()
    for (source, lang), amount in sorted(prediction.groups.items()):
        key = tuple({"source": source, "lang": lang}[name] for name in columns)
        for into in (groups.setdefault(key, Amount()), total):
            into.now += amount.now
            into.then += amount.then
            into.unjudged += amount.unjudged
    ordered = sorted(groups.items(), key=lambda item: (item[0][:-1], -int(item[1].now[0]), item[0]))
    return {
        "dataset": dataset,
        "exact": not prediction.inexact,
        **_amounts(total),
        "groups": [{"group": dict(zip(columns, key, strict=True)), **_amounts(a)} for key, a in ordered if columns],
        "steps": {
            label: {"judged": t.judged, "failed_now": t.failed[0], "failed_then": t.failed[1], "rules": t.rules}
            for label, t in prediction.steps.items()
        },
        "inexact": prediction.inexact,
    }


def _amounts(amount: Any) -> dict[str, dict[str, int]]:
    return {
        name: {"documents": int(getattr(amount, name)[0]), "bytes": int(getattr(amount, name)[1])}
        for name in ("now", "then", "unjudged")
    }


def _list(paths: dict[str, Paths]) -> None:
    """The thresholds that `--set` may change, as they are."""
    seen: set[str] = set()
    for step in (step for output in paths.values() for path in output.values() for step in path):
        if step.before is None or step.label in seen:
            continue
        seen.add(step.label)
        click.echo(step.label)
        for lang, operator in step.before.items():
            shown = ", ".join(f"{name}={getattr(operator, name)}" for name in operator.tunable())
            click.echo(f"  {f'by_lang.{lang}: ' if lang else ''}{shown}")
    click.echo("no other thresholds are asked for: --set STEP.PARAMETER=VALUE")
