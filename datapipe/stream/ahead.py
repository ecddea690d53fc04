"""Work done by threads a little before its results are asked for, in order."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


def ahead(tasks: Iterable[tuple[Callable[[], T], U]], threads: int) -> Iterator[tuple[T, U]]:
    """What each task returns, and what came with it. While one result is used, as many are made as there are threads.

    `tasks` is run through in the caller's thread. An error of a task is raised in its place.
    """
    pool = ThreadPoolExecutor(threads, "datapipe-stream")
    try:
        waiting: deque[tuple[Future[T], U]] = deque()
        for number, (task, beside) in enumerate(tasks):
            waiting.append((pool.submit(task) if number else _done(task), beside))
            if len(waiting) > threads:
                result, with_it = waiting.popleft()
                yield result.result(), with_it
        while waiting:
            result, with_it = waiting.popleft()
            yield result.result(), with_it
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _done(task: Callable[[], T]) -> Future[T]:
    """The first task is done at once: somebody waits for it, and those after it would take its core."""
    future: Future[T] = Future()
    future.set_result(task())
    return future
