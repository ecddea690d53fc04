"""What other thresholds would keep, as a table."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.cli.funnel import megabytes

if TYPE_CHECKING:
    from datapipe.plan.retune import Paths


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
