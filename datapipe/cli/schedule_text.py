"""A schedule in the terminal: areas of the groups over the stream, as wide as the window, and a table."""

from __future__ import annotations

from bisect import bisect_left
from typing import IO, Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from datapipe.cli.schedule_plot import colour, ticks, what
from datapipe.core.mixing.amounts import amount
from datapipe.core.mixing.course import Course

HIGH = 12
MARKS = "█▓▒░╳•o+~-"  # without colours a group is told by its sign


def show(name: str, course: Course, told: dict[str, Any], file: IO[str]) -> None:
    """Print both; without a terminal 100 columns wide, in signs."""
    console = Console(file=file, highlight=False, width=None if file.isatty() else 100)
    wide = max(20, console.width - 7)
    coloured = console.color_system is not None
    console.print(Text(f"{name}: share of {what(course)}", style="bold"))
    for row in range(HIGH):
        level = 1 - (row + 0.5) / HIGH
        line = Text(f"{100 - 100 * row // HIGH:>4}% " if row % 3 == 0 else " " * 6)
        for column in range(wide):
            group = _group_at(_shares_at(course, (column + 0.5) / wide * course.end), level)
            line.append(_mark(group, coloured), style=colour(group) if coloured else "")
        console.print(line, no_wrap=True)
    console.print(Text(_axis(course, wide)), no_wrap=True)
    legend = Text("      ")
    for n, group in enumerate(course.groups):
        legend.append(_mark(n, coloured) * 2, style=colour(n) if coloured else "").append(f" {group or '(none)'}  ")
    console.print(legend)
    console.print(_table(course, told))


def _mark(n: int, coloured: bool) -> str:
    return "█" if coloured else MARKS[n % len(MARKS)]


def _shares_at(course: Course, place: float) -> tuple[float, ...]:
    """Between the points before and after."""
    at = min(max(bisect_left(course.points, place, key=lambda point: point[0]), 1), len(course.points) - 1)
    (x0, before), (x1, after) = course.points[at - 1], course.points[at]
    t = (place - x0) / (x1 - x0) if x1 > x0 else 0.0
    return tuple(a + (b - a) * t for a, b in zip(before, after, strict=True))


def _group_at(shares: tuple[float, ...], level: float) -> int:
    """Whose area is at this level; the first group lies lowest."""
    for n, share in enumerate(shares):
        level -= share
        if level <= 0:
            return n
    return len(shares) - 1


def _axis(course: Course, wide: int) -> str:
    """Places below the areas."""
    line = [" "] * (6 + wide + 1)
    for place, said in ticks(course):
        start = min(6 + round(place / (course.end or 1) * wide), 6 + wide - len(said))
        line[start : start + len(said)] = said
    return "".join(line).rstrip()


def _table(course: Course, told: dict[str, Any]) -> Table:
    """A row for each stage and group."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for head in ("stage", "group", "weight", what(course), "epochs"):
        table.add_column(head, justify="left" if head in ("stage", "group") else "right")
    for stage in told["stages"]:
        whole = sum(own["taken"] for own in stage["groups"].values()) or 1.0
        for group, own in sorted(stage["groups"].items(), key=lambda item: (-item[1]["taken"], item[0])):
            weight = f"{own['taken'] / whole:.1%}"
            if stage["shape"] and own["begins"] != own["ends"]:
                weight = f"{own['begins']:.1%} to {own['ends']:.1%}"
            taken = f"{own['taken']:.1%}" if course.unit == "share" else amount(own["taken"])
            epochs = f"{own['taken'] / own['size']:.2f}" if own["size"] else "?"
            table.add_row(Text(stage["name"]), Text(group or "(none)"), weight, taken, epochs)
    return table
