"""A pool of spawned processes on this machine; a task that hangs or kills its worker is tried again in a fresh one."""

from __future__ import annotations

import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count, islice
from multiprocessing.connection import wait
from typing import Any

from datapipe.core.errors import RunFailed
from datapipe.engine.executors.process import WorkerProcess
from datapipe.engine.executors.retries import Retries
from datapipe.engine.task import NO_LIMITS, Limits, Task, run_task

TICKS = 8  # looks at a worker per timeout: a hang is told after 1 to 1.125 times the timeout


class InProcess:
    """Runs tasks one after the other in this process: `--workers 0`, for debuggers and small tests."""

    def start(self) -> None:
        """Nothing to start."""

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task with its report."""
        for task in tasks:
            yield task, run_task(task)

    def close(self) -> None:
        """Nothing runs beside the caller."""


def _to_stderr(message: str) -> None:
    print(f"datapipe: {message}", file=sys.stderr, flush=True)


@dataclass
class LocalPool:
    """`size` spawned processes, kept warm from stage to stage; `notice` is told what a person should know."""

    size: int
    notice: Callable[[str], None] = _to_stderr
    _workers: list[WorkerProcess] = field(default_factory=list)
    _told_of_leaks: bool = False

    def start(self) -> None:
        """Start some processes now: they import while the driver compiles the recipe; others come with the work."""
        while len(self._workers) < min(self.size, 4):
            self._hire()

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task with its report as it ends; see `Executor.run`.

        When one fails no other is begun; those at work end first, and then the failure is raised.
        """
        source = iter(tasks)
        waiting: deque[Task] = deque(islice(source, 1))  # the next one; before it, those to be tried again
        retries = Retries(self.notice)
        failure: RunFailed | None = None
        try:
            while waiting or self._busy():
                self._hand_out(waiting, source)
                for worker in self._ended(limits.timeout):
                    task, answer = worker.task, worker.answer()
                    assert task is not None
                    worker.task = None
                    try:
                        if answer is None:
                            self._bury(worker, kill=False)
                            if failure is None:
                                waiting.appendleft(retries.again(task, worker.death()))
                            continue
                        self._relieve(worker, answer.resident, limits.memory)
                        report = answer.taken(task)
                    except RunFailed as error:
                        if failure is None and (others := len(self._busy())):
                            self.notice(f"{task} failed; tasks at work that end first: {others}")
                        failure = failure or error
                        waiting.clear()
                        source = iter(())
                        continue
                    yield task, report
            if failure is not None:
                raise failure
        finally:  # a later run must not take an old answer for its own
            for worker in self._busy():
                self._bury(worker)

    def close(self) -> None:
        """Stop the workers: what they were writing has only temporary names."""
        for worker in self._workers:
            worker.process.kill()
        while self._workers:
            self._bury(self._workers[0])

    def _busy(self) -> list[WorkerProcess]:
        return [worker for worker in self._workers if worker.task]

    def _hand_out(self, waiting: deque[Task], source: Iterator[Task]) -> None:
        while waiting and (worker := self._idle()) is not None:
            with suppress(OSError):  # it died idle: this is seen as any death is, and the task comes back
                worker.give(waiting.popleft())
            if not waiting:
                waiting.extend(islice(source, 1))

    def _ended(self, timeout: float | None) -> list[WorkerProcess]:
        """Wait, at most a tick; the workers that have answered, have died, or were killed because they hang."""
        busy = self._busy()
        tick = timeout / TICKS if timeout else None
        began = time.monotonic()
        ready = wait([w.pipe for w in busy] + [w.process.sentinel for w in busy], tick)
        ended = [w for w in busy if w.pipe in ready or w.process.sentinel in ready]
        if timeout and tick:
            passed = min(time.monotonic() - began, tick)  # a driver that slept itself (Ctrl-Z) saw nothing meanwhile
            ended += [w for w in busy if w not in ended and w.killed_for_hanging(passed, timeout)]
        return ended

    def _idle(self) -> WorkerProcess | None:
        for worker in self._workers:
            if worker.task is None:
                return worker
        return self._hire() if len(self._workers) < self.size else None

    def _hire(self) -> WorkerProcess:
        taken = {worker.number for worker in self._workers}
        worker = WorkerProcess.spawn(next(n for n in count() if n not in taken))
        self._workers.append(worker)
        return worker

    def _relieve(self, worker: WorkerProcess, resident: int, limit: int | None) -> None:
        """Let a worker go that holds more than it may, or that died after its answer."""
        if limit is not None and resident > limit:
            if not self._told_of_leaks:
                self.notice(
                    f"a worker held {resident / 1e6:,.0f} MB after a task, more than resources.memory allows "
                    f"({limit / 1e6:,.0f} MB): a fresh one takes its place, now and whenever it happens again"
                )
            self._told_of_leaks = True
            self._bury(worker)
        elif not worker.process.is_alive():
            self._bury(worker)

    def _bury(self, worker: WorkerProcess, kill: bool = True) -> None:
        self._workers.remove(worker)
        worker.end(kill)
        worker.pipe.close()
