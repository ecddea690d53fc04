"""What a task takes of its worker."""

from __future__ import annotations

import os
import resource
import time
from pathlib import Path
from typing import Any


class Watch:
    """Counts from when it is made."""

    def __init__(self) -> None:
        self._seconds, self._cpu = time.perf_counter(), time.process_time()

    def spent(self) -> dict[str, Any]:
        """What the task took.

        seconds, cpu  on the clock, and of all threads of the process
        worker        its process    lived  CPU seconds of the process since it was started
        memory        bytes: the largest resident set the process has had
        """
        return {
            "seconds": time.perf_counter() - self._seconds,
            "cpu": time.process_time() - self._cpu,
            "worker": os.getpid(),
            "lived": time.process_time(),
            "memory": peak_memory(),
        }


def peak_memory() -> int:
    """The largest resident set of this process so far; `ru_maxrss` would count what its parent had when it forked."""
    try:
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) * 1024
    except (OSError, IndexError):  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
