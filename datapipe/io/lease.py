"""A lock in a store without locks: an object that says who holds it and is renewed while they live."""

from __future__ import annotations

import os
import socket
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import orjson

from datapipe.core.errors import DatapipeError
from datapipe.io.abstract_store import Store

_STALE = 4  # renewals that may be missed before others take the lease over


@contextmanager
def lease(
    store: Store,
    create_once: Callable[[str, bytes], None],
    name: str,
    shared: bool,
    clock: Callable[[], float],
    renew_every: float,
) -> Iterator[bool]:
    """Hold `name`, alone or with others who share it; False if somebody else has it.

    It tells a user of a second run and guards nothing: two who take over a stale lease in the same instant, or whose
    clocks differ by minutes, may both get it. A holder on this machine whose process is gone is known to be dead at
    once, any other after four missed renewals.
    """
    held = _Lease(store, create_once, name, shared, clock, renew_every)
    if not held.take():
        yield False
        return
    try:
        yield True
    finally:
        held.release()


class _Lease:
    def __init__(
        self,
        store: Store,
        create_once: Callable[[str, bytes], None],
        name: str,
        shared: bool,
        clock: Callable[[], float],
        renew_every: float,
    ) -> None:
        self._store = store
        self._create_once = create_once
        self._nonce = uuid.uuid4().hex
        self._name = name  # of the one holder; each of those who share has an object of its own beside it
        self._own = f"{name}.{self._nonce}" if shared else name
        self._clock = clock
        self._renew_every = renew_every
        self._ended = threading.Event()
        self._renewal = threading.Thread(target=self._renew, name=f"lease {name}", daemon=True)

    def take(self) -> bool:
        # Each writes first and looks for the others then: of two at once, one sees the other, or both do.
        if self._is_live(self._name):
            return False
        if self._own == self._name:
            self._store.remove(self._own)  # a stale one
        self._create_once(self._own, self._record())
        others = [self._name] if self._own != self._name else self._sharers()
        if not self._is_mine() or any(map(self._is_live, others)):
            self._remove_mine()
            return False
        self._renewal.start()
        return True

    def release(self) -> None:
        self._ended.set()
        self._renewal.join()
        try:
            self._remove_mine()
        except DatapipeError as error:  # the work in the block is done; the lease ends by itself
            _tell(f"{error}; it is free again in {_STALE * self._renew_every:.0f} s")

    def _renew(self) -> None:
        while not self._ended.wait(self._renew_every):
            try:
                if not self._is_mine():
                    _tell(f"{self._store.url(self._name)}: the lease was taken over; another run works here, too")
                    return
                with self._store.create(self._own) as stream:
                    stream.write(self._record())
            except DatapipeError as error:
                _tell(f"{error}; the lease was not renewed")

    def _record(self) -> bytes:
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "nonce": self._nonce, "time": self._clock()}
        return orjson.dumps(holder)

    def _read(self, name: str) -> dict[str, object]:
        try:
            value = self._store.read_json(name)
        except (FileNotFoundError, orjson.JSONDecodeError):
            return {}
        return value if isinstance(value, dict) else {}

    def _is_mine(self) -> bool:
        return self._read(self._own).get("nonce") == self._nonce

    def _is_live(self, name: str) -> bool:
        holder = self._read(name)
        then = holder.get("time")
        if not isinstance(then, (int, float)) or abs(self._clock() - then) > _STALE * self._renew_every:
            return False
        return holder.get("host") != socket.gethostname() or _runs(holder.get("pid"))

    def _sharers(self) -> list[str]:
        folder, _, last = self._name.rpartition("/")
        names = self._store.names(folder)
        return [f"{folder}/{n}" if folder else n for n in names if n.startswith(f"{last}.")]

    def _remove_mine(self) -> None:
        if self._is_mine():
            self._store.remove(self._own)


def _runs(pid: object) -> bool:
    try:
        os.kill(int(str(pid)), 0)
    except ProcessLookupError:
        return False
    except (ValueError, PermissionError):
        return True
    return True


def _tell(message: str) -> None:
    print(f"datapipe: {message}", file=sys.stderr, flush=True)
