"""Gopher's quality rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.fold import lower_table
from datapipe.kernels.hashing import word_table
from datapipe.kernels.prose import DCLM, DOLMA, PAPER, spaced_quality
from datapipe.kernels.quality import MEASURES, gopher_quality
from datapipe.kernels.words import abbreviations

Variant = Literal["paper", "datatrove", "dclm", "dolma"]
STYLES = {"paper": PAPER, "dclm": DCLM, "dolma": DOLMA}
AS_WRITTEN = np.empty(0, np.int32)  # a table of lower case that changes nothing


class GopherQuality(ThresholdFilter):
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

    examples: ClassVar[tuple[dict[str, Any], ...]] = tuple({"variant": variant} for variant in get_args(Variant))

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
    stop_words: tuple[str, ...] = Field(
        ("the", "be", "to", "of", "and", "that", "have", "with"), description="the stop words, as written"
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

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All measures in one pass."""
        text = text_of(batch.column("text"))
        out = np.empty((len(MEASURES), len(text)))
        if self.variant == "datatrove":
            stop_words = [word.encode() for word in self.stop_words]
            shapes = np.zeros(256, np.uint64)  # a look-up for one word of ten, not for every `t...`
            for word in filter(None, stop_words):
                shapes[word[0]] |= np.uint64(1 << min(len(word), 63))
            table = word_table(self.stop_words)
            gopher_quality(text.offsets, text.data, class_table(), abbreviations(), table, shapes, out)
        else:
            lower = AS_WRITTEN if self.variant == "dolma" else lower_table()
            words_to_find = text_of(pa.array(self.stop_words, pa.large_string()))
            style = STYLES[self.variant]
            spaced_quality(text.offsets, text.data, class_table(), lower, *words_to_find, style, out)
        return Verdict(len(text), scores=dict(zip(MEASURES, out, strict=True)))
