"""Whose part of a run a driver does: all of it, or what falls to one member of a job array."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from datapipe.core.errors import Waiting

T = TypeVar("T")
POLL = (0.2, 30.0)  # seconds between two looks at a barrier: the first pause, and the longest


@dataclass(frozen=True)
class Member:
    """Member `index` of `of`, counted from 0.

    shared  others work in the same run folder
    wait    wait at a barrier instead of ending with Waiting
    stages  how many of the plan's first stages it works on, and no others; None: all, and it publishes
    """

    index: int = 0
    of: int = 1
    shared: bool = False
    wait: bool = False
    stages: int | None = None

    def __str__(self) -> str:
        return f"part {self.index}/{self.of}"

    def part(self, tasks: int) -> range:
        """The tasks that fall to this member: every `of`-th, so that big ones, which come first, are spread."""
        return range(self.index, tasks, self.of)

    def others(self, tasks: int, last: bool = False) -> list[int]:
        """The tasks that fall to others; `last`: the last one of each alone, which it begins last."""
        first = max(0, tasks - self.of) if last else 0
        return [i for i in range(first, tasks) if i % self.of != self.index]

    def patient(self, go: Callable[[], T], tell: Callable[[str], None]) -> T:
        """Call again and again while a barrier waits for others, if this member waits at all; tell once of each."""
        pause, barrier = POLL[0], ""
        while True:
            try:
                return go()
            except Waiting as waiting:
                if not self.wait:
                    raise
                if str(waiting) != barrier:  # the run goes on: look often again
                    pause, barrier = POLL[0], str(waiting)
                    tell(barrier.replace("run it again when", "it goes on when"))
            time.sleep(pause)
            pause = min(POLL[1], pause * 1.5)


EVERYTHING = Member()
