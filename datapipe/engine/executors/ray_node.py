"""What a node of a Ray cluster does with a task: hand it to a local pool of one, so that it runs as it would at home."""

from __future__ import annotations

import socket
import sys
from functools import cache
from typing import Any, Literal

from datapipe import __version__
from datapipe.core.errors import DatapipeError, WorkLost
from datapipe.engine.executors.local import LocalPool
from datapipe.engine.names import plan_name
from datapipe.engine.task import Limits, Task
from datapipe.io.store import open_store

Answer = tuple[Literal["done", "failed", "lost"], Any]


def run_on_node(task: Task, limits: Limits, version: str) -> Answer:
    """Run a task in this Ray worker's own pool. What goes wrong in it is an answer: only a death is Ray's business."""
    if objection := _objection(task, version):
        return "failed", f"{task}: {objection}"
    try:
        for _, report in _pool().run([task], limits):
            return "done", report
    except WorkLost as error:
        return "lost", (error.name, error.found)
    except (DatapipeError, OSError) as error:
        return "failed", str(error)
    raise AssertionError("a pool reports every task or raises")


@cache
def _pool() -> LocalPool:
    """One process, kept as long as the Ray worker lives: models stay warm from task to task."""
    # A spawned child runs its parent's main file again, and Ray's would import all of Ray: 0.2 s and 40 MB for nothing.
    vars(sys.modules["__main__"]).pop("__file__", None)
    return LocalPool(1)


def _objection(task: Task, version: str) -> str | None:
    """Why this node cannot do what the driver asks."""
    node = f"node {socket.gethostname()}"
    if version != __version__:
        return f"{node} has datapipe {__version__}, the driver {version}: install the same on every node"
    store, plan = open_store(task.run), plan_name(task.plan)
    folder, _, name = plan.rpartition("/")
    # Over NFS a new file may be absent for up to a minute where its absence is cached; listing its folder asks again.
    if store.exists(plan) or name in store.names(folder):
        return None
    return (
        f"{node} does not see the run folder {task.run} ({plan} is not there): "
        "with --executor ray it must be on storage that every node shares, under the same path"
    )
