"""Progress: bars on a terminal, plain lines in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datapipe.engine.observer import Observer


@contextmanager
def progress(quiet: bool) -> Iterator[Observer]:
    """The observer that suits where standard error goes."""
    if quiet:
        yield _Silent()
    elif not sys.stderr.isatty():
        yield _Lines()
    else:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
        )
        with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bars:
            yield _Bars(bars)


class _Silent:
    def begin(self, title: str, tasks: int, done: int) -> None: ...
    def advance(self, rows: int, size: int) -> None: ...
    def end(self) -> None: ...
    def tell(self, notice: str) -> None:
        tell(notice)


class _Lines:
    """One line when a group begins, one every ten seconds, one at its end."""

    def begin(self, title: str, tasks: int, done: int) -> None:
        self._title, self._tasks, self._done, self._rows, self._size = title, tasks, done, 0, 0
        self._started = self._told = time.monotonic()
        resumed = f", {done} already done" if done else ""
        print(f"{title}: {tasks} task{'s' if tasks != 1 else ''}{resumed}", file=sys.stderr, flush=True)

    def advance(self, rows: int, size: int) -> None:
        self._done += 1
        self._rows += rows
        self._size += size
        if time.monotonic() - self._told >= 10:
            self._told = time.monotonic()
            self._tell()

    def end(self) -> None:
        if self._rows or self._done < self._tasks:
            self._tell()

    def tell(self, notice: str) -> None:
        tell(notice)

    def _tell(self) -> None:
        speed = rate(self._rows, self._size, time.monotonic() - self._started)
        print(f"{self._title}: {self._done}/{self._tasks}{', ' if speed else ''}{speed}", file=sys.stderr, flush=True)


class _Bars:
    def __init__(self, bars: Any) -> None:
        self._bars = bars

    def begin(self, title: str, tasks: int, done: int) -> None:
        self._task = self._bars.add_task(title, total=tasks, completed=done, rate="")
        self._rows, self._size, self._started = 0, 0, time.monotonic()

    def advance(self, rows: int, size: int) -> None:
        self._rows += rows
        self._size += size
        self._bars.update(self._task, advance=1, rate=rate(self._rows, self._size, time.monotonic() - self._started))

    def end(self) -> None:
        self._bars.refresh()

    def tell(self, notice: str) -> None:
        self._bars.console.print(f"datapipe: {notice}", markup=False)


def tell(notice: str) -> None:
    """A line on standard error."""
    print(f"datapipe: {notice}", file=sys.stderr, flush=True)


def rate(rows: int, size: int, seconds: float) -> str:
    """`12,345 documents, 48.2 MB of text, 96.1 MB/s`."""
    parts = (
        [f"{rows:,} {'documents' if size else 'rows'}"] if rows else []
    )  # at a barrier many rows speak of a document
    if size:
        parts += [f"{size / 1e6:,.1f} MB of text", f"{size / 1e6 / max(seconds, 1e-6):,.1f} MB/s"]
    return ", ".join(parts)
