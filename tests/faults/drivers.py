"""Drivers in processes of their own, which can be killed: forked from one that has imported everything, so 30 a second."""

from __future__ import annotations

import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

from datapipe.core.errors import DatapipeError
from datapipe.engine import admission
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess, LocalPool
from datapipe.engine.member import EVERYTHING, Member
from datapipe.engine.pin import pinned_plan
from datapipe.io.store import open_store
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import load
from tests.conftest import Quiet

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.faults.drivers", "datapipe.kernels.jit", "datapipe.ops.exact_dedup"])


def start(recipe: Path, out: Path, workers: int = 0, member: Member = EVERYTHING) -> Any:
    """A process that runs the recipe as `datapipe run` does; what it says goes to OUT.said."""
    process = CONTEXT.Process(target=_run, args=(str(recipe), str(out), workers, member))
    process.start()
    return process


def said(out: Path) -> str:
    """What the processes of a run folder had to say."""
    return Path(f"{out}.said").read_text() if Path(f"{out}.said").exists() else ""


def _run(recipe: str, out: str, workers: int, member: Member) -> None:
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
