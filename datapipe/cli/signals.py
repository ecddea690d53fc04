"""Ctrl-C and SIGTERM as an error that unwinds, so that whatever was started is stopped."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from datapipe.core.errors import Interrupted


@contextmanager
def signals_stop() -> Iterator[None]:
    """During the block SIGINT and SIGTERM raise Interrupted."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    old = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
