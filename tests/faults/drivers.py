"""Drivers in processes of their own, which can be killed: forked from one that has imported everything, so 30 a second."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from datapipe.core.errors import DatapipeError
from datapipe.engine import admission
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess, LocalPool
from datapipe.engine.member import EVERYTHING, Member
from datapipe.engine.pin import pinned_plan
from datapipe.io.local_store import LocalStore
from datapipe.io.store import open_store
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import load
from tests.conftest import Quiet

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.drivers", "datapipe.kernels.jit", "datapipe.ops.exact_dedup"])


def start(recipe: Path, out: Path, workers: int = 0, member: Member = EVERYTHING, fuse: int | None = None) -> Any:
    """A process that runs the recipe as `datapipe run` does; what it says goes to OUT.said.

    fuse  it is killed by SIGKILL in the middle of so manieth a file
    """
    process = CONTEXT.Process(target=_run, args=(str(recipe), str(out), workers, member, fuse))
    process.start()
    return process


def said(out: Path) -> str:
    """What the processes of a run folder had to say."""
    return Path(f"{out}.said").read_text() if Path(f"{out}.said").exists() else ""


def _run(recipe: str, out: str, workers: int, member: Member, fuse: int | None) -> None:
    if fuse is not None:
        _burn(fuse)
    sys.stderr = Path(f"{out}.said").open("a", buffering=1)  # noqa: SIM115  # until it dies
    admission.PATIENCE = 2.0  # for tests
    pool = LocalPool(workers) if workers else InProcess()
    code = 0
    try:
        located = load(recipe)
        plan = pinned_plan(located, open_store(out)) if member.shared else compile_recipe(located)
        Driver(plan, out, pool, Quiet(), member).run()
    except (DatapipeError, OSError) as error:
        print(error, file=sys.stderr)
        code = getattr(error, "exit_code", 1)
    pool.close()
    sys.stderr.flush()
    os._exit(code)


def _burn(left: int) -> None:
    """Kill this process when half of its `left`-th file is written: no clock decides where."""
    create = LocalStore.create

    @contextmanager
    def doomed(store: LocalStore, name: str) -> Iterator[BinaryIO]:
        nonlocal left
        left -= 1
        last = left == 0
        with create(store, name) as stream:
            yield stream
            if last:
                stream.flush()
                stream.truncate(stream.tell() // 2)
                os.kill(os.getpid(), signal.SIGKILL)

    LocalStore.create = doomed  # type: ignore[method-assign]  # of this process, which dies of it
