"""Word lists by language, as operators take them: written in the recipe, or a file of one word a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.core.context import Context
from datapipe.core.operator import FilePath
from datapipe.kernels.lexicon import Lexicon, lexicon
from datapipe.ops.language_id import LABELS

WordLists = Mapping[str, FilePath | tuple[str, ...]]
Phrases = Callable[[str, str], tuple[str, ...]]  # language and entry to the words that it is made of


def stop_words(lang: str) -> tuple[str, ...]:
    """The stop words that come with the package: for no language so far, so a recipe gives its own."""
    return ()


def with_packaged(lists: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The recipe's stop words, and the package's for the languages it does not name."""
    packaged = {lang: words for lang in sorted(LABELS) if (words := stop_words(lang))}
    return packaged | dict(lists)


def read_lists(lists: WordLists, ctx: Context) -> dict[str, tuple[str, ...]]:
    """The words of each language: `#` starts a comment in a file."""
    return {lang: tuple(ctx.lines(words)) if isinstance(words, str) else words for lang, words in lists.items()}


def lexicon_of(lists: Mapping[str, tuple[str, ...]], phrases: Phrases) -> Lexicon:
    """The lists in the table that kernels read."""
    return lexicon({lang: [phrases(lang, word) for word in words] for lang, words in lists.items()})


def numbers_of(languages: pa.Array | pa.ChunkedArray, numbers: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """The number of each row's language, 0 where it has none or is not known."""
    if isinstance(languages, pa.ChunkedArray):
        languages = languages.combine_chunks()
    coded = languages if pa.types.is_dictionary(languages.type) else languages.dictionary_encode()
    known = np.array([numbers.get(lang, 0) for lang in coded.dictionary.to_pylist()] + [0], np.int64)
    found: npt.NDArray[np.int64] = known[coded.indices.fill_null(len(known) - 1).to_numpy(zero_copy_only=False)]
    return found
