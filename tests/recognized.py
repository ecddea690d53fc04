"""What one recognizer says of one text."""

from __future__ import annotations

import time

import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizer import Recognizer


def found(recognizer: Recognizer, text: str, least: float = 0.5, lang: str | None = None) -> list[tuple[str, str]]:
    """(type, value) of the hits that score so much or more."""
    return [(kind, value) for kind, value, _ in scored(recognizer, text, least, lang)]


def scored(
    recognizer: Recognizer, text: str, least: float = 0.0, lang: str | None = None
) -> list[tuple[str, str, float]]:
    """(type, value, score) of the hits; a text before and after it on the page must not matter."""
    finder = Finder([recognizer], dict.fromkeys(recognizer.types, least))
    page, hits = finder.find(text_of(pa.array(["12.7:ab", text, "34.9:cd"], pa.large_string())), [lang] * 3)
    assert all(hit.row == 1 for hit in hits)
    return [(hit.type, page.data[hit.start : hit.end].decode(), hit.score) for hit in hits]


def seconds(recognizer: Recognizer, text: str) -> float:
    """CPU time of all that the recognizer does with a text; the best of two."""
    finder = Finder([recognizer], dict.fromkeys(recognizer.types, 0.0))
    column = text_of(pa.array([text], pa.large_string()))
    best = float("inf")
    for _ in range(2):
        before = time.process_time()
        finder.find(column, [None])
        best = min(best, time.process_time() - before)
    return best
