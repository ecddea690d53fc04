"""What recognizers say of one text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import pyarrow as pa

from datapipe.arrow.text import text_of
from datapipe.core.pii.catalog import parent
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizer import Recognizer
from datapipe.core.pii.recognizers import Settings, recognizers

BEFORE, AFTER = (
    "@ 12.7:ab key=",
    "1+ =34.9:cd",
)  # neighbours that no window may reach into; they hold nothing themselves


def said(
    by: Recognizer | Sequence[Recognizer], text: str, least: float = 0.5, lang: str | None = None
) -> list[tuple[str, str, float]]:
    """(type, value, score) of the hits in a text, in order; `least` is the lowest score that counts."""
    finder = finder_of((by,) if isinstance(by, Recognizer) else tuple(by), least)
    page, hits = finder.find(text_of(pa.array([BEFORE, text, AFTER], pa.large_string())), [None, lang, None])
    assert all(hit.row == 1 for hit in hits)
    return [(hit.type, page.data[hit.start : hit.end].decode(), hit.score) for hit in hits]


def found(
    by: Recognizer | Sequence[Recognizer], text: str, least: float = 0.5, lang: str | None = None
) -> list[tuple[str, str]]:
    """(type, value) of the hits."""
    return [(kind, value) for kind, value, _ in said(by, text, least, lang)]


def values(by: Recognizer | Sequence[Recognizer], text: str, least: float = 0.5, lang: str | None = None) -> list[str]:
    """The hits alone."""
    return [value for _, value, _ in said(by, text, least, lang)]


def recognized(
    text: str, *types: str, least: float = 0.5, lang: str | None = None, regions: tuple[str, ...] = ("US",)
) -> list[str]:
    """The hits of all recognizers of these types."""
    return values(house(types, regions), text, least, lang)


@lru_cache
def house(types: tuple[str, ...], regions: tuple[str, ...] = ("US",)) -> tuple[Recognizer, ...]:
    """The recognizers of these types; one and the same object in all tests."""
    return tuple(recognizers(types, Settings(regions)))


@lru_cache(maxsize=99)
def finder_of(by: tuple[Recognizer, ...], least: float) -> Finder:
    """All that these recognizers find, from this score on."""
    return Finder(by, {parent(name): least for one in by for name in one.types})
