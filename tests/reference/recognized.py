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
    """CPU time for `size` bytes of one and the same piece of text, the best of two."""
    finder = Finder(recognizers(types, Settings()), dict.fromkeys(types, 0.5))
    text = text_of(pa.array([(prefix * (size // len(prefix.encode()) + 1))], pa.large_string()))
    best = float("inf")
    gc.disable()  # its pauses grow with all that the tests hold
    for _ in range(2):
        begin = time.process_time()
        finder.find(text, [None])
        best = min(best, time.process_time() - begin)
    gc.enable()
    return best


def assert_linear(prefix: str, *types: str) -> None:
    """Twice the text takes no more than two and a half times as long, and a megabyte no more than some seconds."""
    seconds(prefix, 1000, *types)
    half, whole = seconds(prefix, 500_000, *types), seconds(prefix, 1_000_000, *types)
    assert whole < 2.5 * half + 0.05, (prefix, half, whole)
    assert whole < 8, (prefix, whole)
