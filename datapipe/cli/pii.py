"""The report on personal data: what a run's steps found, by type, language and source, and values that come again."""

from __future__ import annotations

from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

TOP = 20  # repeated values told


def personal_data(folder: str, manifest: dict[str, Any]) -> dict[str, Any]:
    """Entities by step, type and action, by language and by source, and the values that most documents hold.

    {} for a run without such steps; the names of parts that are gone where somebody removed them.
    """
    if not manifest["tables"].get("pii"):
        return {}
    from datapipe.cli.runfolder import batches, open_output
    from datapipe.core.columns import ADDR
    from datapipe.core.pii.evidence import counts, plain, repeated

    store = open_output(folder)
    gone = [file["path"] for file in manifest["tables"]["pii"] if not store.exists(file["path"])]
    if gone:  # whoever hands a run on may leave it out
        return {"gone": gone}
    groups = [("step", "type", "action"), ("step", "lang"), ("step", "source"), ("step",)]
    read = batches(folder, manifest, "pii", [ADDR, "step", "type", "action", "lang", "source"])
    by_type, by_lang, by_source, by_step = counts(read, *groups)
    values, least = repeated(lambda columns: batches(folder, manifest, "pii", columns), TOP)
    return {
        "steps": _plain(("step",), by_step),
        "types": _plain(("step", "type", "action"), by_type),
        "langs": _plain(("step", "lang"), by_lang),
        "sources": _plain(("step", "source"), by_source),
        "repeated": [plain(value) for value in values],
        "repeated_exact_from": least,
    }


def show_personal_data(found: dict[str, Any], manifest: dict[str, Any], file: IO[str]) -> None:
    """Print the tables."""
    if not found:
        return
    console = console_of(file)
    if "gone" in found:
        console.print(f"personal data: not told, for {', '.join(found['gone'])} was removed", markup=False)
        return
    judged = {step["label"]: step["judged"] for step in manifest["steps"]}
    shown = [(row, "all", "") for row in found["steps"]] + [(row, row["type"], row["action"]) for row in found["types"]]
    rows = [
        (row["step"], kind, action, f"{row['entities']:,}", f"{row['documents']:,}", _share(row, judged))
        for row, kind, action in sorted(shown, key=lambda one: one[0]["step"])
    ]
    show_table(console, ("step", "personal data", "action", "entities", "documents", "%"), 3, rows)
    for name, title in (("langs", "language"), ("sources", "source")):
        key = name[:-1]
        rows = [
            (row["step"], row[key] or "-", f"{row['entities']:,}", f"{row['documents']:,}", "", "")
            for row in found[name]
        ]
        show_table(console, ("step", title, "entities", "documents"), 2, rows)
    show_repeated(console, found["repeated"], found["repeated_exact_from"])


def console_of(file: IO[str]) -> Console:
    """A terminal as wide as it is; files get 140 columns."""
    return Console(file=file, highlight=False, soft_wrap=not file.isatty(), width=None if file.isatty() else 140)


def show_repeated(console: Console, values: list[dict[str, Any]], least: int) -> None:
    """Print the values that most documents hold; what models memorise."""
    rows = [
        (value["type"], value.get("value") or value["hash"][:16], f"{value['documents']:,}", f"{value['entities']:,}",
         _few(value["sources"]), value["first"])
        for value in values
    ]  # fmt: skip
    if not rows:
        return
    title = "value" if any("value" in value for value in values) else "repeated value, by its hash"
    show_table(console, ("type", title, "documents", "entities", "sources", "first in"), 2, rows, {4, 5})
    if least > 2:
        console.print(f"values that come fewer than {least:,} times may be missing among these", markup=False)


def _plain(columns: tuple[str, ...], found: Any) -> list[dict[str, Any]]:
    """The largest first, in each step."""
    order = sorted(found.items(), key=lambda item: (item[0][0] or "", -item[1].entities, *(x or "" for x in item[0])))
    return [{**dict(zip(columns, key, strict=True)), **count._asdict()} for key, count in order]


def _share(row: dict[str, Any], judged: dict[str, int]) -> str:
    n = judged.get(row["step"], 0)
    return f"{row['documents'] / n:.1%}" if n else ""


def _few(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3:,} more" if len(names) > 3 else "")


def show_table(
    console: Console,
    columns: tuple[str, ...],
    left: int,
    rows: list[Any],
    more: frozenset[int] | set[int] = frozenset(),
) -> None:
    """Print a table; the first `left` columns, and `more`, are words, the others numbers."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for at, name in enumerate(columns):
        table.add_column(name, justify="left" if at < left or at in more else "right")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row[: len(columns)]))
    console.print(table)
