"""Signs of progress from a call that gives none itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread

EVERY = 0.5  # seconds on the clock between two looks
LEAST = 0.01  # CPU seconds in between that are work: the look itself takes some 0.0001


@contextmanager
def working(progress: Callable[[], None], most: float) -> Iterator[None]:
    """Call `progress` while this process uses the CPU within the block, for `most` CPU seconds altogether.

    For a library's call that lets go of the interpreter's lock. One that waits for ever shows no progress, as before, and
    one that computes for ever none after `most`.
    """
    done = Event()
    begun = time.process_time()

    def look() -> None:
        last = begun
        while not done.wait(EVERY):
            now = time.process_time()
            if now - begun > most:
                return
            if now - last >= LEAST:
                progress()
            last = now

    thread = Thread(target=look, name="signs-of-progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
