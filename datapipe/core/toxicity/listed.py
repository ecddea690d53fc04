"""Scores of texts by lists of words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.toxicity.list_files import LISTED
from datapipe.core.toxicity.word_lists import Bytes, WordLists
from datapipe.core.verdict import Numbers


def check_lists(paths: Sequence[str], ctx: Context) -> None:
    """RecipeError for a file that cannot be read, or that holds no word: its language would silently not be judged."""
    for path in paths:
        try:
            lines = ctx.lines(path)
        except UnicodeDecodeError as error:
            raise RecipeError(f"words: {path}: not UTF-8 at byte {error.start}; convert it") from None
        except (OSError, EOFError) as error:
            raise RecipeError(f"words: {path}: {getattr(error, 'strerror', None) or error}") from None
        if not lines:
            raise RecipeError(f"words: {path}: no word in it; expected one a line")


def listed_scores(lists: WordLists, text: Text, langs: Sequence[str | None], breaks: Bytes) -> dict[str, Numbers]:
    """`hits`, `hit_ratio` (hits per word) and, where lists have categories, `hits_…` of each; breaks as in `WordLists.count`.

    NaN for a text without words, and for one in a language without a list.
    """
    found = lists.count(text, langs, breaks=breaks)
    judged = lists.judges(langs) & ((found.words > 0) | (found.places > 0))
    scores = {"hits": found.places, "hit_ratio": found.places / np.maximum(found.words, 1)}
    if lists.categories != (LISTED,):
        scores |= dict(zip((f"hits_{name}" for name in lists.categories), found.hits.T, strict=True))
    return {name: np.where(judged, values, np.nan) for name, values in scores.items()}
