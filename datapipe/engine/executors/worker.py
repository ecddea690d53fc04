"""A worker's life: take a task, run it, answer; die when the driver does."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import multiprocessing
import os
import resource
import signal
import sys
import threading
import traceback
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

from datapipe.core.errors import DatapipeError, RunFailed, WorkLost
from datapipe.engine import beacon
from datapipe.engine.build import WORKER
from datapipe.engine.task import Task, run_task

_PDEATHSIG = 1  # of prctl


class Answer(NamedTuple):
    """What a worker says of a task: its report, or what went wrong; and the bytes it holds now."""

    report: dict[str, Any] | None
    error: str = ""
    lost: str | None = None
    resident: int = 0

    def taken(self, task: Task) -> dict[str, Any]:
        """The report; raises what the task raised."""
        if self.lost is not None:
            raise WorkLost(self.lost, self.error)
        if self.report is None:
            raise RunFailed(f"{task}: {self.error}")
        return self.report


def work(pipe: Connection, memory: Any, bound: bool, number: int) -> None:
    """Serve the pool at the other end of the pipe, with a beacon in `memory`.

    bound   the thread that made this process lives as long as the driver, so its death is the driver's
    number  the worker's in its pool: a fresh one has that of the one it replaces
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the driver decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if bound:
        with contextlib.suppress(OSError, AttributeError):  # only Linux has it
            # The thread below waits for the interpreter's lock, which C code may never give back.
            ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
    threading.Thread(target=_follow_parent, daemon=True).start()
    beacon.install(memory)
    os.environ[WORKER] = str(number)
    importlib.import_module("datapipe.kernels.jit")  # Numba takes 0.4 s, in which the driver compiles the recipe
    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        answer = _answer(task)._replace(resident=_resident())
        try:
            pipe.send(answer)
        except OSError:
            return


def _answer(task: Task) -> Answer:
    try:
        return Answer(run_task(task))
    except WorkLost as error:
        return Answer(None, error.found, lost=error.name)
    except (DatapipeError, OSError) as error:  # a full disk needs no traceback
        return Answer(None, str(error))
    except Exception:  # noqa: BLE001  # told to the driver in full, which stops the run
        return Answer(None, f"an error that datapipe did not expect:\n{traceback.format_exc()}")


def _resident() -> int:
    """Bytes of memory this process holds; where only its peak is known, that."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak << 10


def _follow_parent() -> None:
    """A killed driver leaves no workers behind that write beside its successor."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
    os._exit(1)
