"""Whoever shows how a run goes on."""

from __future__ import annotations

from typing import Any, Protocol


class Observer(Protocol):
    """Whoever shows progress. All methods are called in the driver's process."""

    def begin(self, title: str, tasks: int, done: int) -> None:
        """A group of tasks begins; `done` of them were done by an earlier run."""

    def advance(self, rows: int, size: int) -> None:
        """A task ended; it took this many rows and bytes of text in."""

    def end(self) -> None:
        """The group has ended."""

    def tell(self, notice: str) -> None:
        """Something a person should know; the run goes on."""


def taken(report: dict[str, Any]) -> tuple[int, int]:
    """Rows and bytes of text that a task took in."""
    if "read" not in report:
        return report.get("rows", 0), 0
    if report["read"]["rows"]:
        return report["read"]["rows"], report["read"]["bytes"]
    first = next(iter(report["steps"].values()), None)
    return (first["rows_in"], first["bytes_in"]) if first else (report["rows"], report["bytes"])
