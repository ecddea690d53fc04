"""Who may work in a run folder: one driver, or the members of one job array; anybody else touches nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from datapipe.core.errors import RunFailed
from datapipe.engine.names import LOCK, LOCKS
from datapipe.io.store import Store

PATIENCE = 10.0  # seconds: a member may come while the last one tidies up, or while another looks who is there


def admitted(store: Store, fingerprint: str, shared: bool) -> AbstractContextManager[None]:
    """Work in the folder during the block, alone or with those who share the plan. Raises RunFailed if others do."""
    return _patient(store, lambda: _locked(store, fingerprint, shared), PATIENCE if shared else 0)


def entered(store: Store) -> AbstractContextManager[None]:
    """Write there what all members of an array share. Raises RunFailed while a driver has the folder for itself."""
    return _patient(store, lambda: _entry(store, shared=True), PATIENCE)


@contextmanager
def _patient(store: Store, lock: Callable[[], AbstractContextManager[str | None]], patience: float) -> Iterator[None]:
    deadline = time.monotonic() + patience
    while True:
        with lock() as refusal:
            if refusal is None:
                yield
                return
        if time.monotonic() >= deadline:
            raise RunFailed(f"{refusal} in {store.root}; wait for it, or give --out another folder")
        time.sleep(0.5)


@contextmanager
def _entry(store: Store, shared: bool) -> Iterator[str | None]:
    with store.alone(LOCK, shared=shared) as granted:
        yield None if granted else "another run is at work"


@contextmanager
def _locked(store: Store, fingerprint: str, shared: bool) -> Iterator[str | None]:
    """None if the locks are held during the block, or who has them."""
    with _entry(store, shared) as refusal:
        if refusal is not None or not shared:
            yield refusal
            return
        own = f"array-{fingerprint}"
        with store.alone(f"{LOCKS}/{own}", shared=True) as granted:
            # Each enters itself first and looks for others then: of two at once, one sees the other, or both do.
            found = {name.partition(".")[0] for name in store.names(LOCKS) if name.startswith("array-")}
            others = not granted or any(_is_held(store, f"{LOCKS}/{name}") for name in found - {own})
            yield "a job array with another recipe or other inputs is at work" if others else None


def _is_held(store: Store, name: str) -> bool:
    with store.alone(name) as free:
        return not free
