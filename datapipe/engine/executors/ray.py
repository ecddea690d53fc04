"""Tasks on a Ray cluster: Ray places them and tries them again; this bounds how many it holds, and reports each."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent import futures
from contextlib import suppress
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any

from datapipe import __version__
from datapipe.core.errors import RunFailed, WorkLost
from datapipe.engine.executors.ray_cluster import RayCluster
from datapipe.engine.executors.ray_node import run_on_node
from datapipe.engine.executors.retries import ATTEMPTS
from datapipe.engine.task import NO_LIMITS, Limits, Task

AHEAD = 2  # tasks in flight for each that can run: one runs, one waits, so that no CPU waits for the driver
REFRESH_SECONDS = 5.0  # clusters grow and shrink
GROW_SECONDS = 300.0  # in which an autoscaler may bring a node that is big enough; cloud machines take minutes
ENDING_SECONDS, CANCEL_SECONDS = 1.0, 5.0

Future = futures.Future[Any]


class RayExecutor:
    """Runs tasks as Ray tasks; `workers` bounds how many run at a time, on a cluster or on a Ray started here."""

    def __init__(self, address: str | None = None, workers: int | None = None) -> None:
        self.cluster = RayCluster(address, workers)
        self._workers = workers
        self._flying: dict[Future, tuple[Task, Any]] = {}  # with Ray's reference, by which a task is cancelled

    def start(self) -> None:
        """Join a cluster that was named, whose absence should be told first; a Ray of our own starts with the work."""
        self.cluster.check()
        if self.cluster.address is not None:
            self.cluster.join()

    def run(self, tasks: Iterable[Task], limits: Limits = NO_LIMITS) -> Iterator[tuple[Task, dict[str, Any]]]:
        """Yield each task with its report as it ends; see `Executor.run`."""
        submit, ended = self._submitter(limits)
        waiting, deaths, room = (
            iter(tasks),
            Counter[tuple[str, str, str, int]](),
            _Room(self.cluster, self._workers, limits),
        )
        try:
            while True:
                for task in islice(waiting, max(0, room.now() - len(self._flying))):
                    submit(task)
                if not self._flying:
                    return
                try:
                    # A queue, not ray.wait: what a signal handler raises inside Ray's C++ code is lost.
                    future = ended.get(timeout=REFRESH_SECONDS)
                except Empty:
                    continue
                task, _ = self._flying.pop(future)
                if (error := future.exception()) is None:
                    yield task, _report(future.result())
                    continue
                deaths[task.key] += 1
                if not self._may_retry(error) or deaths[task.key] >= ATTEMPTS:
                    raise RunFailed(f"{task}: {self._reason(error)}") from error
                submit(task)
        finally:
            self._cancel()

    def close(self) -> None:
        """Cancel what runs, and leave Ray if it was joined or started here."""
        self._cancel()
        self.cluster.leave()

    def _submitter(self, limits: Limits) -> tuple[Callable[[Task], None], SimpleQueue[Future]]:
        """How to submit a task, and where its future comes when it has ended."""
        remote = self.cluster.join().remote(run_on_node)
        options = {"num_cpus": limits.cpus, "max_retries": ATTEMPTS - 1, "name": "datapipe"}
        if limits.memory is not None:
            options["memory"] = limits.memory
        if limits.gpus:  # without, Ray hides them from the task
            options["num_gpus"] = limits.gpus
        remote = remote.options(**options)
        ended: SimpleQueue[Future] = SimpleQueue()

        def submit(task: Task) -> None:
            reference = remote.remote(task, limits, __version__)
            future = reference.future()
            self._flying[future] = task, reference
            future.add_done_callback(ended.put)

        return submit, ended

    def _cancel(self) -> None:
        """Kill what is in flight and see it ended, so that nothing writes beside the next run.

        What is about to end may: Ray 2.60 aborts the whole process where a task ends while it is cancelled (its pull
        request 54798 mended one of two ways there). And shutting Ray down under pending futures hangs, one time in eight.
        """
        if not self._flying:
            return
        ray = self.cluster.join()
        futures.wait(self._flying, ENDING_SECONDS)
        for future, (_, reference) in self._flying.items():
            if not future.done():
                with suppress(ray.exceptions.RayError):  # it has ended
                    ray.cancel(reference, force=True)
        futures.wait(self._flying, CANCEL_SECONDS)
        self._flying.clear()

    def _may_retry(self, error: BaseException) -> bool:
        """Ray has tried a death ATTEMPTS times; out of memory it gives up on at once when a task is the only one left."""
        return isinstance(error, self.cluster.join().exceptions.OutOfMemoryError)

    def _reason(self, error: BaseException) -> str:
        kinds = self.cluster.join().exceptions
        kept = "The other shards' work is kept: the same command resumes."
        said = " ".join(str(error).split())
        if isinstance(error, kinds.RayTaskError):
            if "No module named 'datapipe" in said:
                return f"a node of the Ray cluster has no datapipe {__version__}: install it on every node"
            return f"an error that datapipe did not expect:\n{error}"
        if isinstance(error, kinds.OutOfMemoryError):
            return (
                f"its node ran out of memory {ATTEMPTS} times and Ray ended it; fewer --workers, a smaller input_split "
                f"or `resources: {{memory: …}}` in the recipe leave it more. {kept}"
            )
        return f"Ray lost it {ATTEMPTS} times ({type(error).__name__}: {said[:300]}). {kept}"


class _Room:
    """How many tasks may be in flight: a small multiple of what the cluster runs at a time, looked up now and then."""

    def __init__(self, cluster: RayCluster, workers: int | None, limits: Limits) -> None:
        self._cluster, self._workers, self._limits = cluster, workers, limits
        self._room, self._next = 0, 0.0
        self._fits = time.monotonic()

    def now(self) -> int:
        """The bound. Raises RunFailed when no node is big enough for one task, and none came that is."""
        now = time.monotonic()
        if now >= self._next:
            slots = self._cluster.slots(self._limits)
            if slots:
                self._fits = now
            elif now - self._fits > (0 if self._cluster.started else GROW_SECONDS):
                raise RunFailed(_too_big(self._limits))
            self._room = max(1, slots) * AHEAD
            if self._workers is not None and not self._cluster.started:
                self._room = min(self._room, self._workers)
            self._next = now + REFRESH_SECONDS
        return self._room


def _report(answer: tuple[str, Any]) -> dict[str, Any]:
    kind, value = answer
    if kind == "lost":
        raise WorkLost(*value)
    if kind == "failed":
        raise RunFailed(value)
    report: dict[str, Any] = value
    return report


def _too_big(limits: Limits) -> str:
    memory = "" if limits.memory is None else f" and {limits.memory:,} bytes of memory"
    gpus = f" and {limits.gpus} GPUs" if limits.gpus else ""
    return (
        f"no node of the Ray cluster has {limits.cpus} CPUs{gpus}{memory} for one task; see `resources` in the recipe"
    )
