"""What `datapipe audit-pii` shows."""

from __future__ import annotations

from typing import IO, Any

from datapipe.cli.pii import console_of, show_repeated, show_table


def show_audit(found: dict[str, Any], file: IO[str]) -> None:
    """Print counts by type, language and source, values that come again, and examples."""
    console = console_of(file)
    rows: list[Any] = [
        (row["type"], f"{row['entities']:,}", f"{row['documents']:,}", f"{row['per_million']:.2f}")
        for row in found["types"]
    ]
    if rows:
        show_table(console, ("type", "hits", "documents", "per million characters"), 1, rows)
    for name, title in (("langs", "language"), ("sources", "source")):
        rows = [
            (row[name[:-1]] or "-", f"{row['documents']:,}", f"{row['characters']:,}", f"{row['documents_with']:,}",
             f"{row['entities']:,}", f"{row['per_million']:.2f}")
            for row in found[name]
        ]  # fmt: skip
        if rows:
            titles = (title, "documents", "characters", "documents with hits", "hits", "per million characters")
            show_table(console, titles, 1, rows)
    show_repeated(console, found["repeated"], found["repeated_exact_from"])
    rows = [
        (row["type"], row["id"] or "-", f"{row['start']:,}–{row['end']:,}", f"{row['score']:.2g}", row["context"])
        for row in found["examples"]
    ]
    if rows:
        show_table(console, ("type", "document", "characters", "score", "context"), 5, rows)
    unreadable = f"; {found['unreadable']:,} records could not be read" if found["unreadable"] else ""
    console.print(
        f"{found['documents']:,} documents, {found['characters']:,} characters: {found['entities']:,} hits in "
        f"{found['documents_with']:,} documents{unreadable}",
        markup=False,
    )
