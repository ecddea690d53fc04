"""Word lists by language, as operators take them: written in the recipe, or a file of one word a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.core.context import Context
from datapipe.core.path_parameters import FilePath
from datapipe.kernels.lexicon import Lexicon, lexicon

WordLists = Mapping[str, FilePath | tuple[str, ...]]
Int64s = npt.NDArray[np.int64]
Phrase = Callable[[str, str], tuple[str, ...]]  # language and entry to the words that it is made of


def as_written(lang: str, entry: str) -> tuple[str, ...]:
    """An entry is one word."""
    return (entry,)


class WordTable:
    """The lists of a recipe in the table that kernels read; for languages it does not name, those of `packaged`.

    An empty list is none: its language is not judged. Those of the package join the table when rows of their language
    come: what identifies languages may have hundreds of codes.
    """

    def __init__(
        self,
        lists: WordLists,
        ctx: Context,
        phrase: Phrase = as_written,
        packaged: Callable[[str], tuple[str, ...]] = lambda lang: (),
    ) -> None:
        read = {lang: tuple(ctx.lines(words)) if isinstance(words, str) else words for lang, words in lists.items()}
        self._phrase, self._packaged = phrase, packaged
        self._entries = {lang: [phrase(lang, word) for word in words] for lang, words in read.items() if words}
        self._looked_up = set(read)
        self.lexicon: Lexicon = lexicon(self._entries)

    def numbers(self, languages: pa.Array | pa.ChunkedArray | list[str]) -> Int64s:
        """The number of each row's language in `lexicon`, 0 where it has none or there is no list."""
        codes, rows = coded(languages)
        new = set(codes) - self._looked_up
        if new:
            self._looked_up |= new
            found = {lang: words for lang in sorted(new) if (words := self._packaged(lang))}
            if found:
                self._entries |= {lang: [self._phrase(lang, word) for word in words] for lang, words in found.items()}
                self.lexicon = lexicon(self._entries)
        return numbers_of(codes, rows, self.lexicon.numbers)


def coded(languages: pa.Array | pa.ChunkedArray | list[str]) -> tuple[list[str], Int64s]:
    """The languages of the rows, and the place of each row's among them; -1 where it has none."""
    if isinstance(languages, list):
        languages = pa.array(languages, pa.string())
    if isinstance(languages, pa.ChunkedArray):
        languages = languages.combine_chunks()
    encoded = languages if pa.types.is_dictionary(languages.type) else languages.dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.cast(pa.int64()).fill_null(-1).to_numpy(zero_copy_only=False)


def numbers_of(codes: list[str], rows: Int64s, numbers: Mapping[str, int]) -> Int64s:
    """The number of each row's language, 0 where there is none."""
    found: Int64s = np.array([*(numbers.get(code, 0) for code in codes), 0], np.int64)[rows]
    return found
