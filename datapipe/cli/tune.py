"""`datapipe tune`: what other thresholds would keep, from the scores of a finished run."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, Any

import click
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.cli.funnel import megabytes

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
    found = []
    for output in manifest["outputs"]:
        mine = paths[output["dataset"]]
        prediction = predict(mine, output["groups"], lambda name, cols: batches(folder, manifest, name, cols))
        found.append(_plain(output["dataset"], prediction, columns))
        if not as_json:
            show_prediction(found[-1], mine, sys.stdout)
    if as_json:
        click.echo(orjson.dumps({"set": settings, "outputs": found}, option=orjson.OPT_INDENT_2).decode())


def show_prediction(found: dict[str, Any], paths: Paths, file: IO[str]) -> None:
    """Print what an output would hold, by group, and what its changed steps would drop."""
    console = Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)
    undecided = found["unjudged"]["documents"] > 0
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    heads = ("kept now", "kept then", "change", "MB now", "MB then", *(("undecided", "MB") if undecided else ()))
    names = list(found["groups"][0]["group"]) if found["groups"] else []
    for name in (*names, *heads):
        table.add_column(name, justify="left" if name in names else "right")
    total = {**found, "group": {name: "all" if not at else "" for at, name in enumerate(names)}}
    for row in [*found["groups"], *([total] if names else [])] or [total]:
        now, then, open_ = row["now"], row["then"], row["unjudged"]
        more = (f"{open_['documents']:,}", megabytes(open_["bytes"])) if undecided else ()
        table.add_row(
            *(Text(value or "-") for value in row["group"].values()), f"{now['documents']:,}", f"{then['documents']:,}",
            _change(now["documents"], then["documents"]), megabytes(now["bytes"]), megabytes(then["bytes"]), *more,
            style="bold" if row is total else None,
        )  # fmt: skip
    console.print(table)
    console.print(_headline(found), markup=False)
    changed = {step.label for path in paths.values() for step in path if step.changed}
    for label in [label for label in found["steps"] if label in changed]:
        step = found["steps"][label]
        console.print(
            f"{label}: of {step['judged']:,} documents judged, {step['failed_now']:,} fail now, "
            f"{step['failed_then']:,} then{_rules(step['rules'])}",
            markup=False,
        )
    tagged = sorted(
        {s.label for path in paths.values() for s in path if s.action == "tag" and s.label in found["steps"]}
    )
    if tagged:
        console.print(f"counted as if they dropped what they tag: {', '.join(tagged)}", markup=False)
    for sentence in found["inexact"]:
        console.print(f"not exact: {sentence}", markup=False)


def _headline(found: dict[str, Any]) -> str:
    then, more = found["then"], found["unjudged"]
    low = f"{then['documents']:,} documents, {megabytes(then['bytes'])} MB"
    if not more["documents"]:
        return f"{found['dataset']}: {'' if found['inexact'] else 'exactly '}{low}"
    high = f"{then['documents'] + more['documents']:,} documents, {megabytes(then['bytes'] + more['bytes'])} MB"
    return f"{found['dataset']}: between {low}, and {high}"


def _rules(rules: dict[str, list[int]]) -> str:
    parts = [f"{rule.replace('_', ' ')} {a:,} → {b:,}" for rule, (a, b) in rules.items() if a != b]
    return f" ({', '.join(parts)})" if parts else ""


def _change(now: int, then: int) -> str:
    if now == then:
        return ""
    return f"{(then - now) / now:+.1%}" if now else f"+{then:,}"


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
