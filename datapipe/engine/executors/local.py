"""A pool of spawned processes on this machine; a task that kills its worker is tried again in a fresh one."""

from __future__ import annotations

import importlib
import multiprocessing
import os
import signal
import threading
import traceback
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from datapipe.core.errors import DatapipeError, RunFailed, WorkLost
from datapipe.engine.task import NO_LIMITS, Limits, Task, run_task

ATTEMPTS = 3


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


@dataclass
class _Worker:
    process: SpawnProcess
    pipe: Connection
    task: Task | None = None


@dataclass
class LocalPool:
    """`size` spawned processes, kept warm from stage to stage."""

    size: int
    _workers: list[_Worker] = field(default_factory=list)

    def start(self) -> None:
        """Start some processes now: they import while the driver compiles the recipe; others come with the work."""
        while len(self._workers) < min(self.size, 4):
            self._hire()

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task with its report as it ends; see `Executor.run`."""
        waiting = deque(tasks)
        failures: dict[Task, int] = {}
        while waiting or any(worker.task for worker in self._workers):
            while waiting and (worker := self._idle()) is not None:
                worker.task = waiting.popleft()
                try:
                    worker.pipe.send(worker.task)
                except OSError:  # it died idle: the loop below sees it and puts the task back
                    continue
            busy = [worker for worker in self._workers if worker.task]
            ready = wait([w.pipe for w in busy] + [w.process.sentinel for w in busy])
            for worker in busy:
                if worker.pipe not in ready and worker.process.sentinel not in ready:
                    continue
                task = worker.task
                assert task is not None
                try:
                    answer = worker.pipe.recv() if worker.pipe.poll() else None
                except (EOFError, OSError):
                    answer = None
                if answer is None:
                    self._bury(worker)
                    failures[task] = failures.get(task, 0) + 1
                    if failures[task] >= ATTEMPTS:
                        raise RunFailed(_killed(task, worker.process.exitcode))
                    waiting.appendleft(task)
                    continue
                worker.task = None
                kind, value = answer
                if kind == "lost":
                    raise WorkLost(*value)
                if kind == "failed":
                    raise RunFailed(f"{task_name(task)}: {value}")
                yield task, value

    def close(self) -> None:
        """Terminate the workers: what they were writing has only temporary names."""
        for worker in self._workers:
            worker.pipe.close()
            worker.process.terminate()
        for worker in self._workers:
            worker.process.join(2)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
        self._workers.clear()

    def _idle(self) -> _Worker | None:
        for worker in self._workers:
            if worker.task is None:
                return worker
        return self._hire() if len(self._workers) < self.size else None

    def _hire(self) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_work, args=(theirs,), name="datapipe-worker", daemon=True)
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _bury(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.pipe.close()
        worker.process.join(5)
        if worker.process.is_alive():
            worker.process.kill()
            worker.process.join()


def task_name(task: Task) -> str:
    """A task as a person would name it."""
    if task.kind == "shard":
        return f"shard {task.index}"
    if task.kind in ("reduce", "combine"):
        return f"{task.kind} {task.name} {task.index}"
    return f"{task.kind} part {task.index}"


def _killed(task: Task, exitcode: int | None) -> str:
    how = f"exit code {exitcode}"
    if exitcode is not None and exitcode < 0:
        how = f"signal {signal.Signals(-exitcode).name}"
    hint = "; out of memory? fewer --workers or a smaller input_split need less" if exitcode == -signal.SIGKILL else ""
    return (
        f"{task_name(task)}: its worker died {ATTEMPTS} times ({how}){hint}. "
        "The other shards' work is kept: the same command resumes."
    )


def _work(pipe: Connection) -> None:
    """A worker's life: take a task, run it, answer; die when the driver does."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_follow_parent, daemon=True).start()
    importlib.import_module("datapipe.kernels.jit")  # Numba takes 0.4 s, in which the driver compiles the recipe
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            answer: tuple[str, Any] = ("done", run_task(task))
        except WorkLost as lost:
            answer = ("lost", (lost.name, lost.found))
        except (DatapipeError, OSError) as error:  # a full disk needs no traceback
            answer = ("failed", str(error))
        except Exception:  # noqa: BLE001  # told to the driver in full, which stops the run
            answer = ("failed", f"an error that datapipe did not expect:\n{traceback.format_exc()}")
        try:
            pipe.send(answer)
        except OSError:
            return


def _follow_parent() -> None:
    """A killed driver leaves no workers behind that write beside its successor."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
