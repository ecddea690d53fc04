"""Lists of words by language and category, and where a text holds them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.core.context import Context

Int64s = npt.NDArray[np.int64]
Words = str | Sequence[str]  # a file, or the words themselves
Spec = str | Sequence[str] | Mapping[str, Words | Mapping[str, Words]]
LISTED = "listed"  # the category of lists that name none


class Spans(NamedTuple):
    """Places of listed words in order of row and start; bytes from the start of their text."""

    rows: Int64s
    starts: Int64s
    stops: Int64s
    categories: Int64s  # number among `WordLists.categories`


class Counts(NamedTuple):
    """What was found in each row.

    words  all its words (a letter of a script without spaces is one)
    hits   (rows, categories): listed words; one inside a longer one of its category is not counted
    places listed words of whatever category; one that stands in two counts once
    """

    words: Int64s
    hits: Int64s
    places: Int64s
    spans: Spans


class WordLists:
    """Lists of words, ready to be counted.

    categories  their names in alphabetical order, `listed` for lists without; columns of `Counts.hits`
    languages   those with a list, `*` for the one of every language
    """

    categories: tuple[str, ...]
    languages: tuple[str, ...]

    @classmethod
    def read(cls, spec: Spec, ctx: Context, everywhere: bool = False, disguises: Sequence[str] = ()) -> WordLists:
        """The lists of a recipe.

        spec        by language: a file of one word or phrase a line, words, or either by category; `*` is for every
                    language. Or published files: of JSON lines {lang, words}, or named by their language (en, en.txt)
        everywhere  every list is used for every row, as pages mix languages
        disguises   of core/toxicity/disguises.py: also find words spelled so as to escape lists
        """
        raise NotImplementedError

    def count(self, text: Text, langs: Sequence[str | None]) -> Counts:
        """Find the words of each row's language and of `*`; a row without language has those of `*` only."""
        raise NotImplementedError


def files_of(spec: Spec) -> tuple[str, ...]:
    """The paths in it."""
    if isinstance(spec, str):
        return (spec,)
    if not isinstance(spec, Mapping):
        return tuple(spec)
    nested = [words.values() if isinstance(words, Mapping) else [words] for words in spec.values()]
    return tuple(words for group in nested for words in group if isinstance(words, str))
