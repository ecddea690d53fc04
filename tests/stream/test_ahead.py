"""Results come in order, errors in their place, and nothing is left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest

from datapipe.stream.ahead import ahead


def slept(number: int) -> int:
    time.sleep(0.001 * (number % 3))
    if number == 13:
        raise ValueError("unlucky")
    return number


@pytest.mark.parametrize("threads", [1, 4])
def test_order_and_errors(threads: int) -> None:
    tasks = [(partial(slept, i), str(i)) for i in range(12)]
    assert list(ahead(tasks, threads)) == [(i, str(i)) for i in range(12)]
    seen = []
    with pytest.raises(ValueError, match="unlucky"):
        seen += [done for done, _ in ahead(((partial(slept, i), None) for i in range(10, 20)), threads)]
    assert list(ahead([], threads)) == []


def test_little_is_done_ahead_and_nothing_after_the_end() -> None:
    begun: list[int] = []

    def tasks() -> Iterator[tuple[Callable[[], int], None]]:
        for number in range(100):
            begun.append(number)
            yield partial(slept, number % 3), None

    before = set(threading.enumerate())
    results = ahead(tasks(), 2)
    next(results)
    assert len(begun) == 3
    results.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 30
    while set(threading.enumerate()) - before and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before
    assert len(begun) == 3
