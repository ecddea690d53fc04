"""What a recognizer says of one text."""

from __future__ import annotations

import time

import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizer import Recognizer

Said = list[tuple[str, str, float]]


def said(recognizers: list[Recognizer], text: str, least: float = 0.5) -> Said:
    """Type, value and score of every hit in a text between two others, which no window may reach into."""
    wanted = {name.partition(".")[0]: least for one in recognizers for name in one.types}
    texts = ["a text before it: key=", text, "=after it"]
    page, hits = Finder(recognizers, wanted).find(text_of(pa.array(texts, pa.large_string())), [None] * 3)
    return [(hit.type, page.data[hit.start : hit.end].decode(), hit.score) for hit in hits if hit.row == 1]


def values(recognizers: list[Recognizer], text: str) -> list[str]:
    """The values of hits that count by default."""
    return [value for _, value, _ in said(recognizers, text)]


def seconds(recognizers: list[Recognizer], text: str) -> float:
    """CPU time for a text."""
    finder = Finder(recognizers, {name.partition(".")[0]: 0.0 for one in recognizers for name in one.types})
    finder.find(text_of(pa.array([text[:99]], pa.large_string())), [None])
    start = time.process_time()
    finder.find(text_of(pa.array([text], pa.large_string())), [None])
    return time.process_time() - start
