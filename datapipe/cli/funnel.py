"""The funnel: how many documents each step took, kept and dropped, and why."""

from __future__ import annotations

from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def show_funnel(manifest: dict[str, Any], folder: str, file: IO[str]) -> None:
    """Print the funnel of a finished run and where its files lie."""
    console = Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, justify in (("step", "left"), ("in", "right"), ("dropped", "right"), ("%", "right"), ("kept MB", "right"),
                          ("s", "right"), ("why", "left")):  # fmt: skip
        table.add_column(name, justify=justify, overflow="fold" if name == "why" else "ellipsis")  # type: ignore[arg-type]  # left or right, as above
    read = manifest["rows_read"]
    bad = manifest["read_quarantined"]
    table.add_row(
        "read", f"{read:,}", "", "", megabytes(manifest["bytes_read"]), "", f"{bad:,} unreadable" if bad else ""
    )
    for step in manifest["steps"]:
        if step["operator"] == "unique_ids" and not step["quarantined"]:
            continue  # the check that always runs is news only when it finds something
        gone = step["dropped"]
        share = f"{gone / step['rows_in']:.1%}" if step["rows_in"] else ""
        table.add_row(
            Text(step["label"]),
            f"{step['rows_in']:,}",
            f"{gone:,}" if gone else "",
            share if gone else "",
            "" if step.get("merged") else megabytes(step["bytes_out"]),
            f"{step['seconds']:.1f}",
            Text(_why(step)),
        )
    table.add_row(
        "written",
        f"{manifest['rows_written']:,}",
        "",
        "",
        "" if manifest.get("rows_merged") and not _written(manifest) else megabytes(_written(manifest)),
        "",
        _share(manifest),
        style="bold",
    )
    console.print(table)
    notes = [f"{n:,} × {note.replace('_', ' ')} mended while reading" for note, n in manifest["notes"].items()]
    if manifest["rows_quarantined"]:
        notes.append(f"{manifest['rows_quarantined']:,} rows in quarantine: {folder}/quarantine/")
    for step in manifest["steps"]:
        notes += [f"{step['label']}: {line}" for line in step.get("answer", {}).get("remarks", ())]
    rows = "rows" if manifest.get("rows_merged") else "documents"
    for output in manifest["outputs"]:
        files = output["files"]
        size = sum(f["bytes"] for f in files)
        what = f"{len(files)} file{'s' if len(files) != 1 else ''}"
        tokens = f", {output['tokens']:,} tokens" if output.get("tokens") is not None else ""
        notes.append(
            f"{output['dataset']}: {output['rows']:,} {rows}{tokens} in {what}, {megabytes(size)} MB, {output['path']}/data/"
        )
        notes += _order(output)
    for model in manifest.get("trained", ()):
        size = sum(f["bytes"] for f in model["files"])
        notes.append(
            f"{model['step']}: {len(model['files'])} files, {megabytes(size)} MB, {folder}/models/{model['step']}/"
        )
    notes.append(f"why is a document missing? datapipe why {folder} ID")
    for note in notes:
        console.print(note, markup=False)


def show_groups(manifest: dict[str, Any], dropped: dict[tuple[str, str], tuple[int, int]], file: IO[str]) -> None:
    """Print documents kept and dropped by source and language."""
    kept: dict[tuple[str, str], tuple[int, int]] = {}
    for output in manifest["outputs"]:
        for source, langs in output["groups"].items():
            for lang, (rows, size) in langs.items():
                old = kept.get((source, lang), (0, 0))
                kept[source, lang] = (old[0] + rows, old[1] + size)
    console = Console(file=file, highlight=False, width=None if file.isatty() else 140)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("source", "language", "kept", "dropped", "% dropped", "kept MB", "dropped MB"):
        table.add_column(name, justify="left" if name in ("source", "language") else "right")
    for key in sorted(kept.keys() | dropped.keys(), key=lambda k: (k[0], -kept.get(k, (0, 0))[0], k[1])):
        rows, size = kept.get(key, (0, 0))
        gone, gone_size = dropped.get(key, (0, 0))
        table.add_row(
            Text(key[0]), Text(key[1] or "-"), f"{rows:,}", f"{gone:,}", f"{gone / max(rows + gone, 1):.1%}",
            megabytes(size), megabytes(gone_size),
        )  # fmt: skip
    console.print(table)


ENOUGH = 100  # documents judged, below which a rule that never fires says little
NEARLY_ALL = 0.9


def odd_rules(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """Filters' rules that fired on no document with a score, or on more than 90 %: mostly a mistake in a threshold."""
    found = []
    for step in manifest["steps"]:
        judged = step.get("judged", 0) - step.get("unscored", 0)  # runs made by earlier versions do not say it
        for rule, n in step.get("rules", {}).items() if judged >= ENOUGH else ():
            if n == 0 or n > NEARLY_ALL * judged:
                found.append({"step": step["label"], "rule": rule, "judged": judged, "fired": n})
    return found


def show_odd_rules(manifest: dict[str, Any], file: IO[str]) -> None:
    """Print a line for each step that has such rules."""
    by_step: dict[tuple[str, int, bool], list[str]] = {}
    for found in odd_rules(manifest):
        n, judged = found["fired"], found["judged"]
        said = found["rule"].replace("_", " ") + (f" {n / judged:.1%}" if n else "")
        by_step.setdefault((found["step"], judged, n > 0), []).append(said)
    of = {step["label"]: len(step.get("rules", {})) for step in manifest["steps"]}
    console = Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)
    for step in manifest["steps"]:
        if step.get("unscored", 0) == step.get("judged") != 0:
            why = "blank texts, languages without a model or list, or a function that gives none"
            console.print(f"{step['label']}: none of {step['judged']:,} documents has a score: {why}", markup=False)
    for (label, judged, fired), rules in by_step.items():
        what = "fired on more than 90 %" if fired else "fired on none"
        which = (
            ", ".join(rules)
            if fired or len(rules) < of[label]
            else "its only rule"
            if of[label] == 1
            else f"all {of[label]} rules"
        )
        console.print(f"{label}: {what} of {judged:,} documents: {which}", markup=False)


def megabytes(size: int) -> str:
    """Bytes as MB with one decimal, two for little."""
    return f"{size / 1e6:,.1f}" if size >= 1e6 else f"{size / 1e6:.2f}"


def _order(output: dict[str, Any]) -> list[str]:
    """The segments of an output that is in an order of several."""
    order = output.get("order")
    if not order or len(order["segments"]) < 2:
        return []
    parts = []
    for segment in order["segments"]:
        tokens = f", {segment['tokens']:,} tokens" if "tokens" in segment else ""
        parts.append(f"{segment['name']} {segment['rows']:,} rows{tokens} from part {segment['first_part']}")
    return [f"  in the order of {order['step']}: {'; '.join(parts)}"]


def _why(step: dict[str, Any]) -> str:
    parts = [
        f"{name.replace('_', ' ')} {n:,}" for name, n in sorted(step["reasons"].items(), key=lambda x: (-x[1], x[0]))
    ]
    if len(parts) > 5:
        parts = [*parts[:4], f"{len(parts) - 4} other reasons"]
    for name in ("unscored", "edited", "tagged", "added", "merged", "quarantined"):
        if step.get(name):  # runs made by earlier versions lack some
            parts.append(f"{step[name]:,} {name}")
    return ", ".join(parts)


def _written(manifest: dict[str, Any]) -> int:
    return sum(size for o in manifest["outputs"] for langs in o["groups"].values() for _, size in langs.values())


def _share(manifest: dict[str, Any]) -> str:
    if manifest.get("rows_merged"):
        return "documents are packed in sequences"
    base = manifest["rows_read"] + manifest["rows_added"]
    return f"{manifest['rows_written'] / base:.1%} of the documents" if base else "no documents"
