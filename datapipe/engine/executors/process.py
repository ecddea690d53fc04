"""A worker process as its pool sees it: a pipe, a beacon to watch, and how it ended."""

from __future__ import annotations

import multiprocessing
import threading
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from datapipe.engine import beacon
from datapipe.engine.executors.retries import Death
from datapipe.engine.executors.worker import Answer, work
from datapipe.engine.task import Task

STARTUP = 120.0  # seconds a fresh process has at least: imports took 1 s here, and 30 s on a cold shared file system


@dataclass(eq=False)
class WorkerProcess:
    """One worker, its number in the pool, and the task it is at."""

    number: int
    process: SpawnProcess
    pipe: Connection
    memory: Any  # of its beacon
    task: Task | None = None
    _given: int = 0  # the beacon's beat when it got the task
    _beat: int = 0  # the beacon's beat when last looked at
    _still: float = 0.0  # seconds for which that has not changed
    _hung: float | None = None  # seconds after which it was killed

    @classmethod
    def spawn(cls, number: int) -> WorkerProcess:
        """A fresh one, without a task."""
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        memory = context.RawArray("B", beacon.SIZE)
        bound = threading.current_thread() is threading.main_thread()
        process = context.Process(
            target=work, args=(theirs, memory, bound, number), name="datapipe-worker", daemon=True
        )
        process.start()
        theirs.close()
        return cls(number, process, ours, memory)

    def give(self, task: Task) -> None:
        """Send it a task. Raises OSError when it has died; the task is its own then too."""
        self._given = self._beat = beacon.seen(self.memory).beat
        self._still = 0.0
        self.task = task
        self.pipe.send(task)

    def answer(self) -> Answer | None:
        """What it says of its task; None if it died over it."""
        try:
            return self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, OSError):
            return None

    def killed_for_hanging(self, passed: float, timeout: float) -> bool:
        """Kill it if it has shown no progress for `timeout` seconds, `passed` of them since the last look.

        It is judged from outside: C code may hold the interpreter's lock, and nothing inside would ever run again.
        """
        beat = beacon.seen(self.memory).beat
        self._still = self._still + passed if beat == self._beat else 0.0
        self._beat = beat
        allowed = timeout if beat else max(timeout, STARTUP)
        if self._still < allowed:
            return False
        self._hung = allowed
        self.end(kill=True)
        return True

    def end(self, kill: bool) -> None:
        """Wait until it is dead; what it was writing has only temporary names."""
        if not kill:
            self.process.join(5)  # its pipe is closed before its exit code is known
        self.process.kill()
        self.process.join()

    def death(self) -> Death:
        """How the dead worker ended, and where its task was then."""
        place = beacon.seen(self.memory)
        if place.beat == self._given:
            place = beacon.Place(0, "")
        elif self._hung is not None and place.beat != self._beat:
            place = place._replace(step=False)  # it moved on at the last moment: no row is to blame
        return Death(self.process.exitcode, place, self._hung)
