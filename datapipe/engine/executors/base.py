"""The narrow seam: an executor runs plain tasks somewhere and reports each as it ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from datapipe.engine.task import NO_LIMITS, Limits, Task


class Executor(Protocol):
    """Runs tasks in any order, any number at a time."""

    def start(self) -> None:
        """Make ready what takes long, while the driver compiles the recipe; `run` does without."""

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task (as it was last tried: its key is the same) with its report as it ends.

        Raises RunFailed when one cannot be done, WorkLost when it lacks an earlier one's work; the others' work stays,
        and `run` may be called again.
        """

    def close(self) -> None:
        """Stop whatever runs, at once."""
