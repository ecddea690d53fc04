"""What each stage takes of each group, as a table: of a schedule, or of what a run placed."""

from __future__ import annotations

from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.cli.schedule_labels import called
from datapipe.core.mixing.amounts import amount
from datapipe.core.mixing.course import schedule_of_run


def schedule_table(told: dict[str, Any]) -> Table:
    """A row for each stage and group, the greatest share first."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("stage", "group"):
        table.add_column(head, overflow="fold")  # no name is cut: that of a group is what `weights` takes
    for head in ("weight", "share" if told["unit"] == "share" else told["unit"], "epochs"):
        table.add_column(head, justify="right", no_wrap=True)
    for stage in told["stages"]:
        whole = sum(own["taken"] for own in stage["groups"].values()) or 1.0
        for name, own in sorted(stage["groups"].items(), key=lambda item: (-item[1]["taken"], item[0])):
            weight = f"{own['taken'] / whole:.1%}"
            if stage["shape"] and own["begins"] != own["ends"]:
                weight = f"{own['begins']:.1%} to {own['ends']:.1%}"
            taken = f"{own['taken']:.1%}" if told["unit"] == "share" else amount(own["taken"])
            epochs = f"{own['taken'] / own['size']:.2f}" if own["size"] else "?"
            table.add_row(Text(stage["name"]), Text(called(name)), weight, taken, epochs)
    return table


def show_scheduled(manifest: dict[str, Any], file: IO[str]) -> None:
    """Print what each mixture and curriculum of a run placed."""
    for step in manifest["steps"]:
        if step["operator"] in ("mixture", "curriculum") and step["tallies"]:
            console = Console(file=file, highlight=False, width=None if file.isatty() else 140)
            console.print(Text(step["label"], style="bold"))
            console.print(schedule_table(schedule_of_run(manifest, step)))
