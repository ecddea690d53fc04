"""A schedule in the terminal: areas of the groups over the stream, as wide as the window, and a table."""

from __future__ import annotations

from bisect import bisect_left
from typing import IO, Any

from rich.console import Console
from rich.text import Text

from datapipe.cli.schedule_plot import colour, ticks, what
from datapipe.cli.schedule_table import schedule_table
from datapipe.core.mixing.course import Course

HIGH = 12
MARKS = "█▓▒░╳•o+~-"  # without colours a group is told by its sign


def show(name: str, course: Course, told: dict[str, Any], file: IO[str]) -> None:
    """Print both; without a terminal 100 columns wide, in signs."""
    console = Console(file=file, highlight=False, width=None if file.isatty() else 100)
    wide = max(20, console.width - 7)
    coloured = console.color_system is not None
    console.print(Text(f"{name}: share of {what(course)}", style="bold"))
    console.print(Text(_stages(course, wide)), no_wrap=True)
    for row in range(HIGH):
        level = 1 - (row + 0.5) / HIGH
        line = Text(f"{100 - 100 * row // HIGH:>4}% " if row % 3 == 0 else " " * 6)
        for column in range(wide):
            n = _group_at(_shares_at(course, (column + 0.5) / wide * course.end), level)
            line.append(_mark(n, coloured), style=colour(n) if coloured else "")
        console.print(line, no_wrap=True)
    console.print(Text(_axis(course, wide)), no_wrap=True)
    legend = Text("      ")
    for number, group in enumerate(course.groups):
        style = colour(number) if coloured else ""
        legend.append(_mark(number, coloured) * 2, style=style).append(f" {group or '(none)'}  ")
    console.print(legend)
    console.print(schedule_table(told))


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


def _stages(course: Course, wide: int) -> str:
    """The names of stages above where they begin, or as near to it as there is room."""
    line = " " * 6
    for name, start, _ in course.stages:
        at = max(6, min(6 + round(start / (course.end or 1) * wide), 5 + wide - len(name)))
        line = f"{line} |{name}" if len(line) > at else f"{line.ljust(at)}|{name}"
    return line[: 6 + wide]


def _axis(course: Course, wide: int) -> str:
    """Places below the areas."""
    line = [" "] * (6 + wide + 1)
    for place, said in ticks(course):
        start = min(6 + round(place / (course.end or 1) * wide), 6 + wide - len(said))
        line[start : start + len(said)] = said
    return "".join(line).rstrip()
