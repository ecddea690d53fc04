"""The funnel in tokens: what the steps `tokenize` counted, by source and language."""

from __future__ import annotations

from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.cli.funnel import megabytes


def token_counts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """A row for each step, source and language: documents, bytes of text, tokens."""
    return [
        {
            "step": step["label"],
            "source": source,
            "lang": lang,
            "rows": own["rows"],
            "bytes": own["bytes"],
            "tokens": sum(n for name, n in own.items() if name not in ("rows", "bytes")),
        }
        for step in manifest["steps"]
        if step["operator"] == "tokenize"
        for source, langs in sorted(step.get("tallies", {}).items())
        for lang, own in sorted(langs.items())
    ]


def show_tokens(counts: list[dict[str, Any]], file: IO[str]) -> None:
    """Print the rows and their sums, if there are any."""
    if not counts:
        return
    console = Console(file=file, highlight=False, width=None if file.isatty() else 140)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("step", "source", "language", "documents", "MB", "tokens", "tokens/document", "bytes/token"):
        table.add_column(name, justify="left" if name in ("step", "source", "language") else "right")
    for row in counts:
        table.add_row(Text(row["step"]), Text(row["source"]), Text(row["lang"] or "-"), *_numbers(row))
    for step in dict.fromkeys(row["step"] for row in counts):
        mine = [row for row in counts if row["step"] == step]
        total = {name: sum(row[name] for row in mine) for name in ("rows", "bytes", "tokens")}
        table.add_row(Text(step), "all", "", *_numbers(total), style="bold")
    console.print(table)


def _numbers(row: dict[str, Any]) -> tuple[str, ...]:
    rows, size, tokens = row["rows"], row["bytes"], row["tokens"]
    each = f"{tokens / rows:,.1f}" if rows else "", f"{size / tokens:.2f}" if tokens else ""
    return (f"{rows:,}", megabytes(size), f"{tokens:,}", *each)
