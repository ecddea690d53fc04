"""Ctrl-C and SIGTERM as one error, so that whatever is open is closed on the way out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stopping(resumes: bool = False) -> Iterator[None]:
    """Raise Interrupted inside the block when a person or a scheduler stops the program.

    resumes  whether the same command would go on where this one stopped
    """
    from datapipe.core.errors import Interrupted

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number, resumes)

    old = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
