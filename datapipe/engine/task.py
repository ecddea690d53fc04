"""A unit of work as a plain value, and the one function that runs it."""

from __future__ import annotations

import contextlib
import ctypes
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import pyarrow as pa
from pydantic import ValidationError

from datapipe.core.errors import WorkLost
from datapipe.core.reader import Piece
from datapipe.engine.build import Operators, load_operators
from datapipe.engine.collect import collect_table
from datapipe.engine.isolation import Careful, Isolation, Skip
from datapipe.engine.names import plan_name
from datapipe.engine.pack import pack_part
from datapipe.engine.reduce import combine_artifact, gather_sketches, reduce_partition
from datapipe.engine.shard import run_shard
from datapipe.engine.spent import Watch
from datapipe.io.store import open_store
from datapipe.plan.plan import Plan

Kind = Literal["shard", "gather", "reduce", "combine", "pack", "collect"]


@dataclass(frozen=True)
class Task:
    """What to do, in names and numbers; the plan lies in the run folder as `work/plan-FINGERPRINT.json`.

    shard    run shard `index` through stage `stage`; `pieces` are its inputs
    gather   group `index` of the sketches `name` of stage `stage`, cut for `of` partitions; `slices`: (first, end, 0)
             of the stage's shards
    reduce   partition `index` of `of` of the sketch `name` of stage `stage`; `slices`: (0, groups it was gathered in, 0)
    combine  the artifact of the sketch `name` from `of` partitions
    pack     part `index` of publication `name`; `slices`: (shard, first row, end row)
    collect  part `index` of the side table `name` (ledger, scores, …); `slices`: (stage number, shard, rows)

    A further attempt knows which rows hung or killed a worker:

    careful  (step, first address, last address) of rows that the step takes one by one
    skip     (step, address, why) of rows that go to quarantine when they come to the step
    """

    kind: Kind
    run: str
    plan: str
    index: int = 0
    stage: str = ""
    name: str = ""
    of: int = 1
    slices: tuple[tuple[int, int, int], ...] = ()
    pieces: tuple[Piece, ...] = ()
    careful: Careful = ()
    skip: Skip = ()

    @property
    def key(self) -> tuple[str, str, str, int]:
        """Which task this is, whatever an earlier attempt at it has found out."""
        return self.kind, self.stage, self.name, self.index

    def __str__(self) -> str:
        if self.kind == "shard":
            return f"shard {self.index}"
        if self.kind in ("gather", "reduce", "combine"):
            return f"{self.kind} {self.name} {self.index}"
        return f"{self.kind} part {self.index}"


@dataclass(frozen=True)
class Limits:
    """What a task may take.

    timeout  seconds without a sign of progress after which it counts as hanging; None: it may take any time
    memory   bytes a worker may hold after a task, or a fresh one takes its place; None: not limited
    cpus     cores a worker asks a cluster for
    gpus     GPUs it asks for
    """

    timeout: float | None = None
    memory: int | None = None
    cpus: int = 1
    gpus: int = 0


NO_LIMITS = Limits()


def run_task(task: Task) -> dict[str, Any]:
    """Do a task and return its report, and in `spent` what it took. Doing it twice, or twice at once, gives the same files."""
    watch = Watch()
    if "jemalloc" in pa.supported_memory_backends():
        # mimalloc keeps freed pages: over 16 shards a worker grew 1.3 times, with jemalloc 1.1, at the same speed.
        pa.set_memory_pool(pa.jemalloc_memory_pool())
    pa.set_cpu_count(1)  # as many workers as cores: threads below them would only fight
    pa.set_io_thread_count(1)
    try:
        report = _run(task)
    finally:
        _give_back()
    return {**report, "spent": watch.spent()}  # in the answer only: what is committed must be the same on every machine


def _give_back() -> None:
    """Hand freed memory to the system: what one task held must not add up with what the next one needs."""
    pa.default_memory_pool().release_unused()
    with contextlib.suppress(AttributeError, OSError):  # only glibc has it
        ctypes.CDLL(None).malloc_trim(0)


def _run(task: Task) -> dict[str, Any]:
    store = open_store(task.run)
    plan, operators = _plan(task.run, task.plan)
    if task.kind == "pack":
        return pack_part(store, plan, plan.publications[int(task.name)], task.index, task.slices)
    if task.kind == "collect":
        return collect_table(store, plan, task.name, task.index, task.slices)
    stage = plan.stage(task.stage)
    if task.kind == "shard":
        isolation = Isolation(task.careful, task.skip)
        return run_shard(store, plan, operators, stage, task.index, task.pieces, isolation)
    if task.kind == "gather":
        ((start, end, _),) = task.slices
        return gather_sketches(store, operators, stage, task.name, task.index, task.of, start, end)
    if task.kind == "reduce":
        ((_, groups, _),) = task.slices
        return reduce_partition(store, operators, stage, task.name, task.index, task.of, groups)
    return combine_artifact(store, operators, stage, task.name, task.of)


@lru_cache(maxsize=4)
def _plan(run: str, fingerprint: str) -> tuple[Plan, Operators]:
    """The plan and its operators, set up once a process: models stay warm from task to task."""
    name = plan_name(fingerprint)
    try:
        plan = Plan.model_validate_json(open_store(run).read_bytes(name))
    except FileNotFoundError:
        raise WorkLost(name, "is gone") from None
    except ValidationError:
        raise WorkLost(name, "is damaged") from None
    return plan, load_operators(plan, open_store(run))
