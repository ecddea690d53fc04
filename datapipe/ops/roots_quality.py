"""The filters of BLOOM's corpus ROOTS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.stop_words import stop_words
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Numbers, Verdict
from datapipe.core.word_lists import WordLists, WordTable, coded, numbers_of
from datapipe.kernels.points import HAN_SIGNS, point_tables
from datapipe.kernels.text_stats import MEASURES, PAIRS, SIGNS, WORDS, measure_text


class Thresholds(NamedTuple):
    """What is asked of a language; bounds are kept themselves."""

    min_words: float
    max_words: float
    max_character_repetition: float
    max_word_repetition: float
    max_special_characters: float
    min_stop_words: float
    max_flagged_words: float
    character_run: int = 10  # characters of the runs whose repetition is measured
    word_run: int = 5
    lookup: int = WORDS


# parameters_filtering.py of the pipeline; a language it does not name takes the first row.
THRESHOLDS = {
    "": Thresholds(10, 100_000, 0.2, 0.3, 0.4, 0.1, 0.1),
    "ar": Thresholds(20, 100_000, 0.2, 0.34, 0.3, 0.07, 0.03),
    "bn": Thresholds(33, 100_000, 0.13, 0.21, 0.45, 0.002, 0.001),
    "ca": Thresholds(15, 100_000, 0.2, 0.4, 0.25, 0.25, 0.1),
    "en": Thresholds(20, 100_000, 0.106, 0.19, 0.4, 0.3, 0.01),
    "es": Thresholds(16, 100_000, 0.14, 0.25, 0.34, 0.4, 0.01),
    "eu": Thresholds(8, 100_000, 0.2, 0.4, 0.31, 0.05, 0.1),
    "fr": Thresholds(13, 100_000, 0.14, 0.13, 0.34, 0.27, 0.008),
    "hi": Thresholds(38, 100_000, 0.18, 0.47, 0.45, 0.01, 0.005),
    "id": Thresholds(15, 100_000, 0.15, 0.2, 0.34, 0.15, 0.01),
    "pt": Thresholds(19, 100_000, 0.25, 0.98, 0.35, 0.2, 0.007),
    "ur": Thresholds(25, 100_000, 0.19, 0.5, 0.25, 0.01, 0.025, word_run=7),
    "vi": Thresholds(30, 100_000, 0.15, 0.2, 0.34, 0.08, 0.005, lookup=PAIRS),
    "zh": Thresholds(1, 1_000_000, 0.2, 0.96, 0.3, 0.1691, 0.001, character_run=3, lookup=SIGNS),
}
LANGUAGES = {lang: number for number, lang in enumerate(THRESHOLDS)}
SCORES = ("words", "character_repetition", "word_repetition", "special_characters", "stop_words", "flagged_words")
Published = Literal["published"]


def _bound(what: str) -> Any:
    return Field("published", description=f"{what}; a number for all languages, or null: not looked at")


class RootsQuality(ThresholdFilter):
    """Drop documents by BLOOM's rules for ROOTS, each with the thresholds of the row's `lang`.

    Rules of Laurençon et al. 2022, arXiv:2303.03915, as bigscience-workshop/data-preparation measures them
    (preprocessing/training/01b_oscar_cleaning_and_filtering: filtering.py, parameters_filtering.py): words stand between
    blanks, tabs and newlines, in small letters, special characters stripped off their ends; the most frequent runs of
    characters, as many as the root of their number; runs of words that occur twice. Vietnamese lists are compared with
    pairs of words, too. Chinese was cut by a SentencePiece model there; here each sign is a word, and pairs are
    compared. The edits before these rules (white space, long words, links) are not made, and the rules that need models
    are language_id and perplexity. Emoji are those of emoji 2.16. A language without a list is not judged by it
    (score NaN).
    """

    name: ClassVar[str] = "roots_quality"
    reads: ClassVar[tuple[str, ...]] = ("text", "lang")
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "too_few_words": ("min_words", "words"),
        "too_many_words": ("max_words", "words"),
        "character_repetition": ("max_character_repetition", "character_repetition"),
        "word_repetition": ("max_word_repetition", "word_repetition"),
        "special_characters": ("max_special_characters", "special_characters"),
        "few_stop_words": ("min_stop_words", "stop_words"),
        "flagged_words": ("max_flagged_words", "flagged_words"),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"stop_words": {"en": ["the", "and"]}, "flagged_words": {"en": ["lorem"]}, "min_words": 2, "max_words": None},
    )

    min_words: float | Published | None = _bound("fewest words")
    max_words: float | Published | None = _bound("most words")
    max_character_repetition: float | Published | None = _bound("largest share of the most frequent runs of characters")
    max_word_repetition: float | Published | None = _bound("largest share of runs of words that occur twice or more")
    max_special_characters: float | Published | None = _bound("largest share of special characters, blanks among them")
    min_stop_words: float | Published | None = _bound("smallest share of stop words")
    max_flagged_words: float | Published | None = _bound("largest share of flagged words")
    stop_words: WordLists = Field({}, description="by language, words in small letters, or a file of them, one a line")
    flagged_words: WordLists = Field({}, description="by language, words in small letters, or a file of them")

    _tables: Any = PrivateAttr(None)

    def setup(self, ctx: Context) -> None:
        """Read the lists."""
        self._tables = (
            WordTable(self.stop_words, ctx, _phrase, stop_words),
            WordTable(self.flagged_words, ctx, _phrase),
        )

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All measures in one pass, and the language, which the rules ask for."""
        text = text_of(batch.column("text"))
        stop, flagged = self._tables
        settings = np.empty((5, len(text)), np.int64)
        for row, table in enumerate((stop, flagged)):
            settings[row] = table.numbers(batch.column("lang"))
        settings[2:] = _published(batch.column("lang"))[-3:]
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
            True,
            out,
        )
        scores = {name: out[MEASURES.index(name)] for name in SCORES}
        return Verdict(len(text), scores=scores, columns={"lang": batch.column("lang")})

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """By the thresholds of each row's language, where the recipe gives no others."""
        published = _published(measured.columns["lang"])
        failed: dict[str, Mask] = {}
        for rule, (parameter, score) in self.bounds.items():
            asked, values = getattr(self, parameter), measured.scores[score]
            if asked is not None:
                bound = published[Thresholds._fields.index(parameter)] if asked == "published" else asked
                failed[rule] = values < bound if parameter.startswith("min_") else values > bound
        return failed

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Measure every document once, then hold the measures against the thresholds; the language stays as it is."""
        measured = self.measure(batch)
        return Verdict(measured.rows, self.rules(measured), measured.scores)


def _published(languages: pa.Array) -> Numbers:
    """The fields of Thresholds for each row."""
    table: Numbers = np.array([THRESHOLDS[lang] for lang in LANGUAGES]).T
    return table[:, numbers_of(*coded(languages), LANGUAGES)]


_HAN = "".join("-".join(chr(int(end, 16)) for end in part.split("-")) for part in HAN_SIGNS.split())
_CHINESE_WORD = re.compile(f"[{_HAN}]|[^{_HAN} ]+")


def _phrase(lang: str, entry: str) -> tuple[str, ...]:
    """What a list's entry is compared with: its words, in Chinese its signs."""
    signs = THRESHOLDS.get(lang, THRESHOLDS[""]).lookup == SIGNS
    return tuple(_CHINESE_WORD.findall(entry) if signs else entry.split(" "))
