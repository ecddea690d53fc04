"""Scores of texts by lists of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.toxicity.word_lists import LISTED, WordLists
from datapipe.core.verdict import Numbers

EVERY = "*"  # what the list of every language goes by


class Listed:
    """How many listed words each text holds, and how many of its words are."""

    def __init__(self, lists: WordLists) -> None:
        self._lists = lists
        self._known = {*lists.languages}

    @property
    def languages(self) -> tuple[str, ...]:
        """Those with a list."""
        return self._lists.languages

    def scores(self, text: Text, langs: Sequence[str | None]) -> dict[str, Numbers]:
        """`hits`, `hit_ratio` and, where lists have categories, `hits_…`; NaN without words, or without a list."""
        found = self._lists.count(text, langs)
        unlisted = EVERY not in self._known and np.array([lang not in self._known for lang in langs], np.bool_)
        blank = unlisted | ((found.words == 0) & (found.places == 0))
        scores = {"hits": found.places.astype(float), "hit_ratio": found.places / np.maximum(found.words, 1)}
        if self._lists.categories != (LISTED,):
            scores |= {
                f"hits_{name}": hits.astype(float)
                for name, hits in zip(self._lists.categories, found.hits.T, strict=True)
            }
        return {name: np.where(blank, np.nan, values) for name, values in scores.items()}
