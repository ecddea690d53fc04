"""What a published policy is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.pii.recognizer import Hit, Page
from datapipe.core.pii.replacing.scrubbing import Scrubbed, apply
from datapipe.core.pii.replacing.settling import Change
from datapipe.core.pii.replacing.treatment import Key


class Found(NamedTuple):
    """changes: in order, without overlaps. besides: what the policy counts, too, and leaves in the text."""

    changes: list[Change]
    besides: list[Hit]


class Policy(ABC):
    """Finds and replaces as published, faults included.

    types   what it finds: its counts are the step's scores      most  a document with more hits is dropped
    faults  what is known to be wrong with it, for people
    """

    types: ClassVar[tuple[str, ...]]
    most: ClassVar[int | None] = None
    faults: ClassVar[tuple[str, ...]]

    def __init__(self, key: Key, values: bool = False) -> None:
        self.key = key
        self._values = values

    def scrub(self, text: Text, langs: list[str | None]) -> tuple[Scrubbed, list[Hit]]:
        """The texts after it with the evidence, and what it counts besides."""
        page = Page.of(text, langs)
        found = self.find(page)
        return apply(page, found.changes, self.key, self._values), found.besides

    @abstractmethod
    def find(self, page: Page) -> Found:
        """What the policy finds in these texts."""


class Rows:
    """Which text a place of a page is in; places are asked for in order."""

    def __init__(self, page: Page) -> None:
        self._offsets = page.offsets
        self._row = 0

    def __call__(self, place: int) -> int:
        while self._offsets[self._row + 1] <= place:
            self._row += 1
        return self._row


def rows_with(page: Page, places: Iterator[int]) -> list[int]:
    """The texts in which these places are, in order, each once."""
    found = np.fromiter(places, np.int64)
    rows: list[int] = np.unique(np.searchsorted(np.asarray(page.offsets, np.int64), found, side="right") - 1).tolist()
    return rows


def run_start(data: bytes, start: int, stop: int, signs: bytes) -> int:
    """Where the run of these signs that ends at `stop` begins, not before `start`."""
    size = 64
    while True:
        lowest = max(start, stop - size)
        left = len(data[lowest:stop].rstrip(signs))
        if left or lowest == start:
            return lowest + left
        size *= 4
