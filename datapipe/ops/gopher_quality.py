"""Gopher's quality rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.segmenters import Segmented
from datapipe.core.stop_words import stop_words
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.fold import lower_table
from datapipe.kernels.prose import DCLM, DOLMA, PAPER, spaced_quality
from datapipe.kernels.quality import MEASURES, SIGNS, gopher_quality, stop_tables
from datapipe.kernels.words import abbreviations

Int64s = npt.NDArray[np.int64]

Variant = Literal["paper", "datatrove", "dclm", "dolma"]
STYLES = {"paper": PAPER, "dclm": DCLM, "dolma": DOLMA}
AS_WRITTEN = np.empty(0, np.int32)  # a table of lower case that changes nothing

GOPHER = ("the", "be", "to", "of", "and", "that", "have", "with")


class GopherQuality(Segmented, ThresholdFilter):
    """Drop documents that do not look like prose: too few words, odd words, symbols, lists, no stop words.

    Rules of Rae et al. 2021, arXiv:2112.11446, appendix A.1.1, with the same thresholds in all variants:

    datatrove  (datatrove 0.10.1, pipeline/filters/gopher_quality_filter.py): words of symbols alone are not counted as
               words, hashes and ellipses are judged apart, stop words are counted once each and by case; words are cut
               by rules that follow spaCy's English tokenizer (kernels/words.py)
    dclm       (mlfoundations/dclm, baselines/mappers/filters/content_filters.py): words between white space, in the
               number of words those that start with a letter or digit; hashes and ellipses are one number; lines without
               blank ones, bullets * too; every stop word counts, in any case
    dolma      (allenai/dolma, taggers/gopher.py v1, mixes 1.5 and 1.6): words between white space, their median length;
               words with # or U+2026 are one number; lines as they stand, bullets - and *; every stop word counts
    paper      the paper leaves this open; we read it with words between white space, hashes and ellipses apart, lines
               without blank ones, different stop words in any case

    Scores have the same names in all: where one number stands for hashes and ellipses it is `hashes_per_word`, and
    `mean_word_length` of dolma is the median. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "gopher_quality"
    version: ClassVar[int] = 2
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "too_few_words": ("min_words", "words"),
        "too_many_words": ("max_words", "words"),
        "short_words": ("min_avg_word_length", "mean_word_length"),
        "long_words": ("max_avg_word_length", "mean_word_length"),
        "hash_symbols": ("max_symbol_word_ratio", "hashes_per_word"),
        "ellipsis_symbols": ("max_symbol_word_ratio", "ellipses_per_word"),
        "bullet_lines": ("max_bullet_lines_ratio", "bullet_lines"),
        "ellipsis_lines": ("max_ellipsis_lines_ratio", "ellipsis_lines"),
        "non_alphabetic_words": ("min_alpha_words_ratio", "alphabetic_words"),
        "few_stop_words": ("min_stop_words", "stop_words"),
    }

    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        *({"variant": variant} for variant in get_args(Variant)),
        {"stop_words": "auto", "signs": "unicode"},
    )

    variant: Variant = Field("datatrove", description="whose definitions of the measures to follow")
    min_words: int | None = Field(50, ge=0, description="fewest words; symbols are none")
    max_words: int | None = Field(100_000, ge=0, description="most words; symbols are none")
    min_avg_word_length: float | None = Field(3, ge=0, description="shortest mean word, in characters")
    max_avg_word_length: float | None = Field(10, ge=0, description="longest mean word, in characters")
    max_symbol_word_ratio: float | None = Field(
        0.1, ge=0, description="most hash signs per word, and most ellipses per word"
    )
    max_bullet_lines_ratio: float | None = Field(
        0.9, ge=0, le=1, description="largest share of lines that start with a bullet or a hyphen"
    )
    max_ellipsis_lines_ratio: float | None = Field(
        0.3, ge=0, le=1, description="largest share of lines that end in an ellipsis"
    )
    min_alpha_words_ratio: float | None = Field(
        0.8, ge=0, le=1, description="smallest share of words with a letter, among words and symbols"
    )
    min_stop_words: int | None = Field(
        2, ge=0, description="fewest stop words: different ones (paper, datatrove), or all"
    )
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
        if self.variant != "datatrove":
            if self.stop_words == "auto":
                raise ValueError(
                    f"stop_words: auto is for the variant datatrove; list the words of variant {self.variant}"
                )
            if self.signs != "published" or self.segmenters:
                what = "segmenters" if self.segmenters else "signs"
                raise ValueError(f"variant {self.variant} has {what} of its own: leave them out, or take datatrove")
        return self

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All measures in one pass."""
        text = text_of(batch.column("text"))
        out = np.empty((len(MEASURES), len(text)))
        if self.variant == "datatrove":
            lists, words_of = self._lists(batch)
            table, shapes, starts = stop_tables(words_of)
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
        else:
            lower = AS_WRITTEN if self.variant == "dolma" else lower_table()
            words_to_find = text_of(pa.array(self.stop_words, pa.large_string()))
            style = STYLES[self.variant]
            spaced_quality(text.offsets, text.data, class_table(), lower, *words_to_find, style, out)
        return Verdict(len(text), scores=dict(zip(MEASURES, out, strict=True)))

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
