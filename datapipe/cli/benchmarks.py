"""The benchmark report: which evaluation items a run found in its corpus, told by the ledger and the edits."""

from __future__ import annotations

from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text


def contamination(folder: str, manifest: dict[str, Any]) -> list[dict[str, Any]]:
    """For each decontaminating step and each of its benchmarks: items, items found, documents dropped and edited."""
    import pyarrow.compute as pc

    from datapipe.cli.runfolder import tables

    steps = {
        step["label"]: step["facts"]["benchmarks"]
        for step in manifest["steps"]
        if "benchmarks" in step.get("facts", {})
    }
    if not steps:
        return []
    found: dict[tuple[str, str], set[str]] = {}
    documents: dict[tuple[str, str, str], int] = {}
    for name in ("ledger", "edits"):
        for table in tables(folder, manifest, name, ["step", "spans"], pc.field("step").isin(list(steps))):
            for row in table.to_pylist():
                evidence = {(span["reason"], span["of"]) for span in row["spans"] or [] if span["of"] is not None}
                for benchmark in {benchmark for benchmark, _ in evidence}:
                    key = (row["step"], benchmark, name)
                    documents[key] = documents.get(key, 0) + 1
                for benchmark, of in evidence:  # `benchmark:item#field`
                    found.setdefault((row["step"], benchmark), set()).add(of.rpartition("#")[0])
    return [
        {
            "step": label,
            "benchmark": benchmark,
            **counts,
            "found": len(found.get((label, benchmark), ())),
            "dropped": documents.get((label, benchmark, "ledger"), 0),
            "edited": documents.get((label, benchmark, "edits"), 0),
        }
        for label, benchmarks in steps.items()
        for benchmark, counts in benchmarks.items()
    ]


def show_contamination(rows: list[dict[str, Any]], manifest: dict[str, Any], file: IO[str]) -> None:
    """Print a table, one row for each benchmark."""
    if not rows:
        return
    console = Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    columns = ("step", "benchmark", "items", "too short", "in the corpus", "%", "documents dropped", "edited")
    for name in columns:
        table.add_column(name, justify="left" if name in columns[:2] else "right")
    for row in rows:
        short = row["items"] - row["searched"]
        table.add_row(
            Text(row["step"]),
            Text(row["benchmark"]),
            f"{row['items']:,}",
            f"{short:,}" if short else "",
            f"{row['found']:,}",
            f"{row['found'] / row['items']:.1%}",
            f"{row['dropped']:,}" if row["dropped"] else "",
            f"{row['edited']:,}" if row["edited"] else "",
        )
    console.print(table)
    labels = {row["step"] for row in rows}
    for step in manifest["steps"]:
        if step["label"] in labels and step["tagged"]:
            console.print(f"{step['label']}: {step['tagged']:,} documents tagged; a tag names no items", markup=False)
