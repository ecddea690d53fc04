"""What the recognizers find in one text, and how long a text of one candidate after another takes them."""

from __future__ import annotations

import gc
import time

import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizers import Settings, recognizers


def recognized(text: str, *types: str, least: float = 0.5, lang: str | None = None, regions=("US",)) -> list[str]:
    """Values of the hits in a text, in order; texts beside it hold nothing that it could borrow."""
    finder = Finder(recognizers(types, Settings(regions)), dict.fromkeys(types, least))
    page, hits = finder.find(text_of(pa.array(["@", text, "1+"], pa.large_string())), [None, lang, None])
    assert all(hit.row == 1 for hit in hits)
    return [page.data[hit.start : hit.end].decode() for hit in hits]


def seconds(prefix: str, size: int, *types: str) -> float:
    """CPU time for `size` bytes of one and the same piece of text."""
    finder = Finder(recognizers(types, Settings()), dict.fromkeys(types, 0.5))
    text = text_of(pa.array([prefix * (size // len(prefix.encode()) + 1)], pa.large_string()))
    gc.disable()  # its pauses grow with all that the tests hold
    try:
        begin = time.process_time()
        finder.find(text, [None])
        return time.process_time() - begin
    finally:
        gc.enable()


def assert_linear(prefix: str, *types: str) -> None:
    """A megabyte takes no more than some seconds, and about four times as long as a quarter of it."""
    seconds(prefix, 1000, *types)
    quarter, whole = min(seconds(prefix, 250_000, *types) for _ in range(2)), seconds(prefix, 1_000_000, *types)
    assert whole < 6 * quarter + 0.1, (prefix, quarter, whole)  # a quadratic one takes sixteen times as long
    assert whole < 10, (prefix, whole)
