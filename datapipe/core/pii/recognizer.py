"""What every recognizer sees, and what it says."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.core.pii.spellings import spellings

Int64s = npt.NDArray[np.int64]

LITERAL = -1  # the kind of a place that one of a recognizer's own words marks


class Hit(NamedTuple):
    """An entity: bytes from the start of the page's buffer.

    score  0 to 1: .4 a shape that much else has, too; .6 a shape that little else has; .85 a shape with a cue beside it;
           1 check digits or a prefix that nothing else has
    """

    row: int
    start: int
    end: int
    type: str
    score: float


class Page(NamedTuple):
    """The texts of a batch in one buffer: text i is `data[offsets[i]:offsets[i + 1]]`, UTF-8.

    Patterns of bytes run on the whole buffer between two positions: `pattern.search(page.data, start, stop)`.
    """

    data: bytes
    offsets: list[int]
    langs: list[str | None]

    @classmethod
    def of(cls, text: Text, langs: list[str | None]) -> Page:
        """The page of these texts; one copy of their bytes."""
        first, last = int(text.offsets[0]), int(text.offsets[-1])
        return cls(text.data[first:last].tobytes(), (text.offsets - first).tolist(), langs)

    def before(self, row: int, start: int, most: int = 60) -> str:
        """What stands before `start` in its text, at most so many bytes of it; never across a border of characters."""
        return self.data[max(self.offsets[row], start - most) : start].decode("utf-8", "ignore")

    def after(self, row: int, end: int, most: int = 40) -> str:
        """What follows `end` in its text, at most so many bytes of it."""
        return self.data[end : min(self.offsets[row + 1], end + most)].decode("utf-8", "ignore")


class Candidate(NamedTuple):
    """A place to look at: the kind of its shape (`kernels/candidates.py`), or LITERAL and the number of the word there."""

    kind: int
    row: int
    start: int
    end: int
    digits: int
    word: int


class Recognizer(ABC):
    """Finds entities of some types among candidates.

    types  what it finds; a type `a.b` is a kind of the type `a`
    kinds  the shapes it wants to see
    words  literal words whose places it wants to see, in any case; `whole` says whether letters may stand beside them
    everywhere  it looks at whole texts: `find` is called where there are no candidates, too

    Patterns look at windows of bounded length around candidates, so that no text takes more than linear time.
    """

    types: ClassVar[tuple[str, ...]]
    kinds: ClassVar[tuple[int, ...]] = ()
    words: ClassVar[tuple[str, ...]] = ()
    whole: ClassVar[bool] = True
    everywhere: ClassVar[bool] = False

    @abstractmethod
    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """The entities at these candidates (in order of their starts), in any order; they may overlap."""


def cue(*words: str) -> re.Pattern[str]:
    """A pattern that finds any of these words in a context, in any case, where no letter stands beside them."""
    apart, inside = (spellings(w for w in words if has_borders(w) == borders) for borders in (True, False))
    parts = [rf"(?<![^\W\d_]){apart}(?![^\W\d_])"] if apart else []
    return re.compile("|".join([*parts, *([inside] if inside else [])]))


_WITHOUT_SPACES = re.compile(r"[\u0e00-\u0fff\u3040-\u9fff\uac00-\ud7af]")


def has_borders(word: str) -> bool:
    """Whether a word stands apart from its neighbours; in scripts without spaces it may stand inside a run of letters."""
    return _WITHOUT_SPACES.search(word) is None
