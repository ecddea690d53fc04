"""Gopher's quality rules."""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.operator import Filter
from datapipe.core.segmenters import Segmented
from datapipe.core.stop_words import stop_words
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.hashing import Hashes, word_table
from datapipe.kernels.quality import MEASURES, gopher_quality
from datapipe.kernels.words import abbreviations

Int64s = npt.NDArray[np.int64]

GOPHER = ("the", "be", "to", "of", "and", "that", "have", "with")

# Bullets and ellipses as the kernel compares them; beyond the published ones, RedPajama-v2's list of bullets (which
# Curator has, too), what word processors write, and the katakana and middle dots of East Asian lists.
SIGNS = {
    name: [np.array([int.from_bytes(sign.encode(), "little") for sign in signs]) for signs in (bullets, ellipses)]
    for name, bullets, ellipses in (
        ("published", "-•", "…"),
        ("unicode", "-•‣▶◀◦■□▪▫–—*·・･●○◆◇►➢➤✓", "…‥⋯᠁"),
    )
}


class GopherQuality(Segmented, Filter):
    """Drop documents that do not look like prose: too few words, odd words, symbols, lists, no stop words.

    Rules of Rae et al. 2021, arXiv:2112.11446, appendix A.1.1. The variant `datatrove` measures as datatrove 0.10.1
    does (pipeline/filters/gopher_quality_filter.py): words of symbols alone are not counted as words, word length is
    a mean, hashes and ellipses are judged apart, stop words are counted once each and by case. Words are cut by
    rules that follow spaCy's English tokenizer (kernels/words.py). None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "gopher_quality"
    version: ClassVar[int] = 2
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"stop_words": "auto"})

    variant: Literal["datatrove"] = Field("datatrove", description="whose definitions of the measures to follow")
    min_words: int | None = Field(50, ge=0, description="fewest words; symbols are none")
    max_words: int | None = Field(100_000, ge=0, description="most words; symbols are none")
    min_avg_word_length: float | None = Field(3, ge=0, description="shortest mean word, in characters")
    max_avg_word_length: float | None = Field(10, ge=0, description="longest mean word, in characters")
    max_symbol_word_ratio: float | None = Field(
        0.1, ge=0, description="most hash signs per word, and most ellipses per word"
    )
    max_bullet_lines_ratio: float | None = Field(
        0.9, ge=0, le=1, description="largest share of lines that start with a bullet (U+2022) or a hyphen"
    )
    max_ellipsis_lines_ratio: float | None = Field(
        0.3, ge=0, le=1, description="largest share of lines that end in an ellipsis"
    )
    min_alpha_words_ratio: float | None = Field(
        0.8, ge=0, le=1, description="smallest share of words with a letter, among words and symbols"
    )
    min_stop_words: int | None = Field(2, ge=0, description="fewest different stop words")
    stop_words: tuple[str, ...] | Literal["auto"] = Field(
        GOPHER,
        description="the stop words, as written; auto: those of the row's language (column lang; of English the default, "
        "of 57 others the package stopwordsiso's), and rows of another language have no such rule",
    )

    signs: Literal["published", "unicode"] = Field(
        "published",
        description="published: bullets are - and U+2022, ellipses three dots and U+2026; unicode: bullets and ellipses of "
        "other scripts and of word processors, too",
    )

    @model_validator(mode="after")
    def _possible(self) -> GopherQuality:
        for low, high, what in (
            (self.min_words, self.max_words, "words"),
            (self.min_avg_word_length, self.max_avg_word_length, "avg_word_length"),
        ):
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_{what} {low} is more than max_{what} {high}: no document would be kept")
        return self

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Measure every document once, then hold the measures against the thresholds."""
        text = text_of(batch.column("text"))
        out = np.empty((len(MEASURES), len(text)))
        lists, words_of = self._lists(batch)
        table, shapes, starts = _tables(words_of)
        bullets, ellipses = SIGNS[self.signs]
        gopher_quality(
            text.offsets,
            text.data,
            class_table(),
            abbreviations(),
            table,
            shapes,
            starts,
            lists,
            bullets,
            ellipses,
            self.breaks(batch, text),
            out,
        )
        words, length, hashes, dots, listed, trailing, alphabetic, found = out
        failed: dict[str, Mask] = {}
        if self.min_words is not None:
            failed["too_few_words"] = words < self.min_words
        if self.max_words is not None:
            failed["too_many_words"] = words > self.max_words
        if self.min_avg_word_length is not None:
            failed["short_words"] = length < self.min_avg_word_length
        if self.max_avg_word_length is not None:
            failed["long_words"] = length > self.max_avg_word_length
        if self.max_symbol_word_ratio is not None:
            failed["hash_symbols"] = hashes > self.max_symbol_word_ratio
            failed["ellipsis_symbols"] = dots > self.max_symbol_word_ratio
        if self.max_bullet_lines_ratio is not None:
            failed["bullet_lines"] = listed > self.max_bullet_lines_ratio
        if self.max_ellipsis_lines_ratio is not None:
            failed["ellipsis_lines"] = trailing > self.max_ellipsis_lines_ratio
        if self.min_alpha_words_ratio is not None:
            failed["non_alphabetic_words"] = alphabetic < self.min_alpha_words_ratio
        if self.min_stop_words is not None:
            failed["few_stop_words"] = found < self.min_stop_words
        return Verdict(len(text), failed, dict(zip(MEASURES, out, strict=True)))

    def columns_read(self) -> tuple[str, ...]:
        """The language too, where it chooses the stop words."""
        needed = (*super().columns_read(), "lang") if self.stop_words == "auto" else super().columns_read()
        return tuple(dict.fromkeys(needed))

    def _lists(self, batch: pa.RecordBatch) -> tuple[Int64s, list[tuple[str, ...]]]:
        """The number of each row's list, -1 if there is none, and the lists, of which there is at least one."""
        if self.stop_words != "auto":
            return np.zeros(batch.num_rows, np.int64), [self.stop_words]
        coded = batch.column("lang").dictionary_encode()
        words = [GOPHER if _is_english(lang) else stop_words(lang) for lang in coded.dictionary.to_pylist()]
        number = np.array([i if listed else -1 for i, listed in enumerate(words)] + [-1], np.int64)
        return number[coded.indices.fill_null(len(words)).to_numpy()], words or [()]


def _is_english(lang: str) -> bool:
    return lang.lower().replace("-", "_").split("_")[0] in ("en", "eng")


def _tables(lists: list[tuple[str, ...]]) -> tuple[Hashes, Hashes, Int64s]:
    """Lists of stop words for the kernel: tables of hashes, the shapes of the words, where each table starts."""
    tables, shapes = zip(*map(_table, lists), strict=True)
    return np.concatenate(tables), np.stack(shapes), np.cumsum([0, *map(len, tables)])


@cache
def _table(words: tuple[str, ...]) -> tuple[Hashes, Hashes]:
    """The hashes, and for each first byte the lengths of such words: a look-up for one word of ten, not every `t...`."""
    shapes = np.zeros(256, np.uint64)
    for word in filter(None, map(str.encode, words)):
        shapes[word[0]] |= np.uint64(1 << min(len(word), 63))
    return word_table(words), shapes
