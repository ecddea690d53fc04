"""The Ray cluster a run uses: an existing one, or one started on this machine; and how many tasks it holds at a time."""

from __future__ import annotations

import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any

from datapipe.core.errors import DatapipeError, MissingDependency, RecipeError, RunFailed
from datapipe.engine.task import Limits

CONNECT_SECONDS = 10.0
STARTS = 2  # of a Ray of our own: it waits 30 s for its processes, which a machine at load 10 has exceeded
OBJECT_STORE = 100_000_000  # reports are a few kB and travel inline; Ray would take 30 % of the memory


class RayCluster:
    """Joined when first needed; left, or stopped, only if it was this object that joined or started it."""

    def __init__(self, address: str | None = None, cpus: int | None = None) -> None:
        self.address = address or os.environ.get("RAY_ADDRESS") or None
        self._cpus = cpus or len(os.sched_getaffinity(0))
        self._ours = False

    @property
    def started(self) -> bool:
        """Whether this is a Ray of our own on this machine, which will not grow."""
        return self._ours and self.address is None

    def check(self) -> None:
        """Say what is wrong before any work is done: Ray itself takes minutes to give up on a dead address."""
        if self.address not in (None, "local"):  # Ray would try 20 times for 40 s whatever answers there but is no Ray
            os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")
        import_ray()
        if self.address in (None, "auto", "local"):
            return
        assert self.address is not None
        if "://" in self.address:
            raise RecipeError(
                f"--ray-address {self.address}: the Ray client is not supported; run datapipe on a node of the cluster "
                "with --ray-address auto, or with the host:port of its head"
            )
        host, _, port = self.address.rpartition(":")
        if not host or not re.fullmatch(r"\d{1,5}", port) or int(port) > 65535:
            raise RecipeError(f"--ray-address {self.address}: expected auto or host:port")
        try:
            socket.create_connection((host.strip("[]"), int(port)), CONNECT_SECONDS).close()
        except OSError as error:
            raise RunFailed(
                f"no Ray cluster answers at {self.address} ({error.strerror or error}); "
                "`ray status` on its head node shows whether it runs"
            ) from None

    def join(self) -> Any:
        """Ray, initialised: as it is in this process, else at the address, else started here."""
        ray = import_ray()
        if ray.is_initialized():
            return ray
        self._ours = True
        for name in ("RAY_USAGE_STATS_ENABLED", "RAY_COLOR_PREFIX"):
            os.environ.setdefault(name, "0")
        quiet = {"include_dashboard": False, "log_to_driver": True, "logging_level": logging.ERROR}
        logging.getLogger("ray").setLevel(logging.ERROR)
        if self.address == "local":
            self.address = None
        if self.address is None:
            start = partial(ray.init, "local", num_cpus=self._cpus, object_store_memory=OBJECT_STORE, **quiet)
        else:
            quiet.pop("include_dashboard")
            start = partial(ray.init, self.address, **quiet)
        for attempt in range(STARTS):
            try:
                with _own_signal_handlers():
                    start()
                break
            except DatapipeError:  # a signal came meanwhile
                raise
            except Exception as error:  # Ray raises bare ones, too
                ray.shutdown()
                if attempt + 1 < STARTS and "timed out during startup" in str(error):
                    continue
                where = f"the Ray cluster at {self.address} cannot be joined" if self.address else "Ray does not start"
                raise RunFailed(f"{where}: {' '.join(str(error).split())}") from error
        return ray

    def leave(self) -> None:
        """Stop the Ray that was started here, or disconnect."""
        if self._ours:
            self._ours = False
            import_ray().shutdown()

    def slots(self, limits: Limits) -> int:
        """How many tasks of these limits the nodes that are alive now run at a time."""
        with _own_signal_handlers():
            nodes = import_ray().nodes()
        return sum(_fitting(node["Resources"], limits) for node in nodes if node["Alive"])


def import_ray() -> Any:
    """The package, which is an extra."""
    try:
        import ray
    except ImportError:
        raise MissingDependency("ray", "ray", "--executor ray") from None
    return ray


def _fitting(resources: dict[str, float], limits: Limits) -> int:
    slots = int(resources.get("CPU", 0)) // limits.cpus
    if limits.gpus:
        slots = min(slots, int(resources.get("GPU", 0)) // limits.gpus)
    return slots if limits.memory is None else min(slots, int(resources.get("memory", 0)) // limits.memory)


@contextmanager
def _own_signal_handlers() -> Iterator[None]:
    """Ray takes SIGTERM for itself, and swallows what a handler raises below its C++: signals wait, and ours come back."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        arrived.append(number)

    handlers = {number: signal.signal(number, note) for number in (int(signal.SIGINT), int(signal.SIGTERM))}
    try:
        yield
    finally:
        for caught, handler in handlers.items():
            signal.signal(caught, handler)
        for number in arrived[:1]:  # also where Ray failed, for the signal may be why
            signal.raise_signal(number)
