"""What becomes of a task whose worker died: another attempt, with what this one has shown of its rows, or the end."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from datapipe.core.errors import RunFailed
from datapipe.engine.beacon import Place
from datapipe.engine.task import Task

ATTEMPTS = 3
ROWS = 64  # a task may lose so many rows to quarantine this way; each costs it one or two attempts

# What a document can do to C code. SIGKILL is none of them: where memory is short, any row may be the last one seen.
FAULTS = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT, signal.SIGILL, signal.SIGFPE}

RESUMES = "The other tasks' work is kept: the same command resumes."


@dataclass(frozen=True)
class Death:
    """How and where a worker ended: `hung` for so many seconds, and was killed for it, or by itself."""

    exitcode: int | None
    place: Place
    hung: float | None = None

    @property
    def of_its_rows(self) -> bool:
        """Whether the rows that an operator was working on may be what killed it."""
        return self.place.step and (self.hung is not None or -(self.exitcode or 0) in FAULTS)

    @property
    def how(self) -> str:
        """`SIGSEGV`, or `exit code 3`."""
        names = {-number: number.name for number in signal.Signals}
        return names.get(self.exitcode or 0, f"exit code {self.exitcode}")

    @property
    def why(self) -> str:
        """What quarantine says of a row that does this to every worker."""
        return f"killed its worker ({self.how})" if self.hung is None else f"hung for {self.hung:g} s"

    def __str__(self) -> str:
        if self.hung is None:
            return f"its worker died ({self.how}) {self.place}"
        return f"no progress for {self.hung:g} s {self.place}"


@dataclass
class Retries:
    """The attempts at the tasks of one run of a pool; `notice` tells a person of each."""

    notice: Callable[[str], None]
    _failures: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)

    def again(self, task: Task, death: Death) -> Task:
        """The next attempt. Raises RunFailed when there have been enough.

        Where an operator's rows may be to blame, they run one by one; a row that then does it again is left out.
        Anything else is tried ATTEMPTS times as it was.
        """
        if death.of_its_rows:
            return self._isolate(task, death)
        self._failures[task.key] += 1
        if self._failures[task.key] >= ATTEMPTS:
            raise RunFailed(_final(task, death))
        self.notice(f"{task}: {death}; trying again")
        return task

    def _isolate(self, task: Task, death: Death) -> Task:
        _, label, first, last, _ = death.place
        alone = any(step == label and low <= first <= high for step, low, high in task.careful)
        if first == last and alone:
            if len(task.skip) >= ROWS:
                raise RunFailed(f"{task}: {death}; {ROWS} rows before it did the same. {_advice(death)} {RESUMES}")
            self.notice(f"{task}: {death} again; it goes to quarantine, trying again")
            return replace(task, skip=(*task.skip, (label, first, death.why)))
        if len(task.careful) >= ROWS:  # batches that fail as a whole and pass row by row, one after the other
            raise RunFailed(f"{task}: {death}, as in {ROWS} batches before. {_advice(death)} {RESUMES}")
        self.notice(f"{task}: {death}; trying again, these rows one by one")
        return replace(task, careful=(*task.careful, (label, first, last)))


def _final(task: Task, death: Death) -> str:
    if death.hung is not None:
        return f"{task}: {death}, {ATTEMPTS} times. {_advice(death)} {RESUMES}"
    hint = "; out of memory? fewer --workers or a smaller input_split need less" if death.how == "SIGKILL" else ""
    return f"{task}: its worker died {ATTEMPTS} times ({death.how}) {death.place}{hint}. {RESUMES}"


def _advice(death: Death) -> str:
    if death.hung is None:
        return "Mend or drop the step."
    return "Mend what it waits for, or raise task_timeout."
