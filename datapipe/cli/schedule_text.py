"""A schedule in the terminal: areas of the groups over the stream, as wide as the window, and a table."""

from __future__ import annotations

import os
from bisect import bisect_left
from string import ascii_letters
from typing import IO, Any

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from datapipe.cli.schedule_labels import called, lanes, short
from datapipe.cli.schedule_plot import COLOURS, colour, ticks, what
from datapipe.cli.schedule_table import schedule_table
from datapipe.core.mixing.course import Course

HIGH = 12
MARKS = "█▓▒░╳•o+~-" + ascii_letters.replace("o", "")  # without colours a group is told by its sign


def show(name: str, course: Course, told: dict[str, Any], file: IO[str]) -> None:
    """Print both; without a terminal in signs, and 100 columns wide if COLUMNS does not say otherwise."""
    told_width = file.isatty() or os.environ.get("COLUMNS", "").isdigit()
    console = Console(file=file, highlight=False, width=None if told_width else 100)
    wide = max(20, console.width - 7)
    coloured = console.color_system is not None
    console.print(Text(f"{name}: share of {what(course)}", style="bold"))
    for line in _stages(course, wide):
        console.print(Text(line), no_wrap=True)
    for row in range(HIGH):
        level = 1 - (row + 0.5) / HIGH
        drawn = Text(f"{100 - 100 * row // HIGH:>4}% " if row % 3 == 0 else " " * 6)
        for column in range(wide):
            n = _group_at(_shares_at(course, (column + 0.5) / wide * course.end), level)
            drawn.append(_mark(n, coloured), style=colour(n) if coloured else "")
        console.print(drawn, no_wrap=True)
    console.print(Text(_axis(course, wide)), no_wrap=True)
    _legend(course, console, coloured)
    console.print(schedule_table(told))


def _legend(course: Course, console: Console, coloured: bool) -> None:
    """Signs and names; a line holds as many as there is room for."""
    names = [short(called(group)) for group in course.groups]
    wide = max(20, console.width - 7)
    lines: list[Text] = []
    for number, name in enumerate(names):
        if not lines or lines[-1].cell_len + cell_len(name) + 3 > 6 + wide:
            lines.append(Text(" " * 6))
        lines[-1].append(_mark(number, coloured) * 2, style=colour(number) if coloured else "").append(f" {name}  ")
    for line in lines:
        console.print(line, soft_wrap=True)


def _mark(n: int, coloured: bool) -> str:
    """One of `MARKS`; in colours the next one after each round of them."""
    return MARKS[(n // len(COLOURS) if coloured else n) % len(MARKS)]


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


def _stages(course: Course, wide: int) -> list[str]:
    """The names of stages above where they begin, or as near to it as there is room; the last line touches the areas."""
    names = [f"|{short(name, wide - 1)}" for name, _, _ in course.stages]
    starts = [round(start / (course.end or 1) * wide) for _, start, _ in course.stages]
    placed = lanes([(start, len(name) + 1) for start, name in zip(starts, names, strict=True)], wide + 1)
    lines = [" " * (6 + wide)] * (1 + max((lane for lane, _ in placed), default=0))
    for name, (lane, at) in zip(names, placed, strict=True):
        first = 6 + int(at)
        lines[lane] = lines[lane][:first] + name + lines[lane][first + len(name) :]
    return [line.rstrip() for line in reversed(lines)]


def _axis(course: Course, wide: int) -> str:
    """Places below the areas."""
    line = [" "] * (6 + wide + 1)
    for place, said in ticks(course):
        start = min(6 + round(place / (course.end or 1) * wide), 6 + wide - len(said))
        line[start : start + len(said)] = said
    return "".join(line).rstrip()
