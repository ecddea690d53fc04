"""Data-Juicer's text statistics filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.stop_words import stop_words
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.core.word_lists import WordLists, WordTable
from datapipe.kernels.points import point_tables
from datapipe.kernels.text_stats import MEASURES, WORDS, measure_text

# Data-Juicer's names, in the order of the kernel's measures.
STATS = (
    "alnum_ratio",
    "avg_line_length",
    "max_line_length",
    "char_rep_ratio",
    "word_rep_ratio",
    "special_char_ratio",
    "stopwords_ratio",
    "flagged_words_ratio",
    "text_len",
    "num_words",
)


def _bound(default: float | None, what: str) -> Any:
    return Field(default, ge=0, description=f"{what}; null: no bound")


class DataJuicerStats(ThresholdFilter):
    """Drop documents by Data-Juicer's text statistics, all of them measured in one pass.

    Definitions and defaults of datajuicer/data-juicer (data_juicer/ops/filter: alphanumeric, average_line_length,
    maximum_line_length, character_repetition, word_repetition, special_characters, stopwords, flagged_words,
    text_length, words_num), each without `tokenization`: words stand between blanks, tabs and newlines, special
    characters are stripped off their ends. Bounds are kept themselves; scores have Data-Juicer's names, and rules
    theirs with `too_low` or `too_high`. Emoji are those of emoji 2.16. A language without a list is not judged by it
    (score NaN). Its recipe config_all.yaml has .0045 where the class has .045 for flagged words. Filters that need
    a model (language score, perplexity, tokens) are left out. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "data_juicer_stats"
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        f"{stat}_too_{side}": (f"{bound}_{stat}", stat)
        for stat in STATS
        for side, bound in (("low", "min"), ("high", "max"))
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"lang": None, "stop_words": {"en": ["the", "and"]}, "flagged_words": {"en": ["lorem"]}, "max_text_len": 1000},
    )

    min_alnum_ratio: float | None = _bound(0.25, "smallest share of letters and digits in all characters")
    max_alnum_ratio: float | None = _bound(None, "largest share of letters and digits")
    min_avg_line_length: float | None = _bound(10, "fewest characters a line on average, line ends counted")
    max_avg_line_length: float | None = _bound(None, "most characters a line on average")
    min_max_line_length: float | None = _bound(10, "fewest characters of the longest line")
    max_max_line_length: float | None = _bound(None, "most characters of the longest line")
    char_rep_len: int = Field(10, ge=1, le=64, description="characters of the runs whose repetition is measured")
    min_char_rep_ratio: float | None = _bound(0, "smallest share of the most frequent of them")
    max_char_rep_ratio: float | None = _bound(0.5, "largest share of the most frequent of them")
    word_rep_len: int = Field(10, ge=1, le=64, description="words of the runs whose repetition is measured")
    min_word_rep_ratio: float | None = _bound(0, "smallest share of runs that occur twice or more")
    max_word_rep_ratio: float | None = _bound(0.5, "largest share of runs that occur twice or more")
    min_special_char_ratio: float | None = _bound(
        0, "smallest share of special characters, blanks and digits among them"
    )
    max_special_char_ratio: float | None = _bound(0.25, "largest share of special characters")
    min_stopwords_ratio: float | None = _bound(0.3, "smallest share of stop words")
    max_stopwords_ratio: float | None = _bound(1, "largest share of stop words")
    min_flagged_words_ratio: float | None = _bound(0, "smallest share of flagged words")
    max_flagged_words_ratio: float | None = _bound(0.045, "largest share of flagged words")
    min_text_len: int | None = _bound(10, "fewest characters")
    max_text_len: int | None = _bound(None, "most characters")
    min_num_words: int | None = _bound(10, "fewest words")
    max_num_words: int | None = _bound(None, "most words")
    lang: str | None = Field("en", description="whose word lists to use for every row; null: those of its `lang`")
    stop_words: WordLists = Field({}, description="by language, words in small letters, or a file of them, one a line")
    flagged_words: WordLists = Field({}, description="by language, words in small letters, or a file of them")

    _tables: Any = PrivateAttr(None)

    @model_validator(mode="after")
    def _possible(self) -> DataJuicerStats:
        for stat in STATS:
            low, high = getattr(self, f"min_{stat}"), getattr(self, f"max_{stat}")
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_{stat} {low} is more than max_{stat} {high}: no document would be kept")
        for lists in ("stop_words", "flagged_words"):
            given = getattr(self, lists)
            if self.lang and given and self.lang not in given:
                raise ValueError(
                    f"{lists} has no list for lang {self.lang}, so it would judge nothing; name one of "
                    f"{', '.join(sorted(given))} as lang, or say lang: null for that of each row"
                )
        return self

    def columns_read(self) -> tuple[str, ...]:
        """The language, too, if it decides."""
        return ("text",) if self.lang else ("text", "lang")

    def setup(self, ctx: Context) -> None:
        """Read the lists."""
        self._tables = (
            WordTable(self.stop_words, ctx, packaged=stop_words),
            WordTable(self.flagged_words, ctx),
        )

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All statistics in one pass."""
        text = text_of(batch.column("text"))
        stop, flagged = self._tables
        settings = np.empty((5, len(text)), np.int64)
        for row, table in enumerate((stop, flagged)):
            settings[row] = table.numbers([self.lang] if self.lang else batch.column("lang"))
        settings[2:] = np.array([[self.char_rep_len], [self.word_rep_len], [WORDS]])
        out = np.empty((len(MEASURES), len(text)))
        points = point_tables()
        measure_text(
            text.offsets,
            text.data,
            points.classes,
            points.lower,
            points.pool,
            points.combining,
            stop.lexicon.keys,
            flagged.lexicon.keys,
            settings,
            False,
            out,
        )
        return Verdict(len(text), scores=dict(zip(STATS, out, strict=True)))
