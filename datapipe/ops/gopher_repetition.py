"""Gopher's repetition rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.segmenters import Segmented
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.fold import lower_table
from datapipe.kernels.ngrams import REPEATED, TOP, gopher_repetition
from datapipe.kernels.repetition import DEFINITIONS, repetition
from datapipe.kernels.words import abbreviations

MEASURES = (
    "duplicate_paragraphs",
    "duplicate_paragraph_characters",
    "duplicate_lines",
    "duplicate_line_characters",
    *(f"top_{n}_gram" for n in TOP),
    *(f"duplicate_{n}_gram" for n in REPEATED),
)


def _share(default: float, of: str) -> float | None:
    """A threshold on a share of the document's characters, white space included."""
    value: float | None = Field(default, ge=0, description=f"largest share of characters in {of}")
    return value


Variant = Literal["paper", "datatrove", "dclm", "dolma", "curator", "rpv2", "data_juicer"]
LINES = MEASURES[:4]


def _off(measures: tuple[str, ...]) -> dict[str, Any]:
    """Parameters that disable these rules."""
    return dict.fromkeys((f"max_{measure}" for measure in measures), None)


# Where a tool's published thresholds are not the defaults; None: it has no such rule, or no such measure.
DEFAULTS: dict[str, dict[str, Any]] = {
    "dolma": {**_off(MEASURES[:2]), "max_duplicate_line_characters": 0.3},
    "rpv2": _off(LINES),
    "data_juicer": {**_off(MEASURES), "max_duplicate_10_gram": 0.5},
}
ABSENT = {"dolma": MEASURES[:2], "rpv2": LINES, "data_juicer": MEASURES[:7]}


class GopherRepetition(Segmented, ThresholdFilter):
    """Drop documents that repeat themselves: lines, paragraphs, one frequent n-gram, or long n-grams.

    Thresholds of Rae et al. 2021, arXiv:2112.11446, table A1. Tools measure different things under these names; with
    one sentence of ten words twice in a document of 120 words, the share of duplicate 5-grams is, by variant:

    datatrove    .070  (datatrove 0.10.1, pipeline/filters/gopher_repetition_filter.py): the first occurrence is no
                 duplicate; a top n-gram counts every occurrence and its inner spaces, even where it occurs once;
                 duplicate n-grams do not overlap and are joined without spaces; shares of all characters
    curator      .082  (NVIDIA-NeMo/Curator, stages/text/filters/heuristic/repetition): later occurrences, overlaps
                 once, spaces included; a top n-gram is looked for in the text; fewer than n words are all repeated
    dclm         .167  (mlfoundations/dclm, baselines/mappers/filters/content_filters.py): all occurrences, the first
                 too, each character once, of the words' characters; words by Unicode's boundaries, punctuation left out
    rpv2         .167  (togethercomputer/RedPajama-Data, core/quality_signals/repetitions.py): as dclm, words in lower
                 case without ASCII punctuation (not decomposed as there); no lines
    paper        .167  the paper leaves this open; we read it as dclm does, with words between white space
    dolma        .103  (allenai/dolma, taggers/gopher.py v1, mixes 1.5 and 1.6): all occurrences of repeated n-grams of
                 all n-grams, overlaps counted; blank lines repeat, too; no paragraphs. A misspelt name keeps the mixes'
                 three rules of top n-grams from ever acting; here they act
    data_juicer  .103  (datajuicer/data-juicer, ops/filter/word_repetition_filter.py): the share of n-grams that repeat,
                 words in lower case bared of signs; by default of 10-grams alone, at most 0.5

    Rules carry the names of their scores, NaN where a variant has none; an empty document (but for datatrove: a blank
    one) is dropped as `empty`. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "gopher_repetition"
    version: ClassVar[int] = 2
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {measure: (f"max_{measure}", measure) for measure in MEASURES}
    examples: ClassVar[tuple[dict[str, Any], ...]] = tuple({"variant": variant} for variant in get_args(Variant))

    variant: Variant = Field("datatrove", description="whose definitions of the measures, and defaults, to follow")
    max_duplicate_paragraphs: float | None = Field(
        0.3, ge=0, le=1, description="largest share of paragraphs (cut at blank lines) that are repeated"
    )
    max_duplicate_paragraph_characters: float | None = _share(0.2, "repeated paragraphs")
    max_duplicate_lines: float | None = Field(0.3, ge=0, le=1, description="largest share of lines that are repeated")
    max_duplicate_line_characters: float | None = _share(0.2, "repeated lines")
    # A top n-gram overlaps itself in `a a a a`, so its share of characters can pass 1.
    max_top_2_gram: float | None = _share(0.20, "the most frequent pair of words")
    max_top_3_gram: float | None = _share(0.18, "the most frequent run of 3 words")
    max_top_4_gram: float | None = _share(0.16, "the most frequent run of 4 words")
    max_duplicate_5_gram: float | None = _share(0.15, "repeated runs of 5 words")
    max_duplicate_6_gram: float | None = _share(0.14, "repeated runs of 6 words")
    max_duplicate_7_gram: float | None = _share(0.13, "repeated runs of 7 words")
    max_duplicate_8_gram: float | None = _share(0.12, "repeated runs of 8 words")
    max_duplicate_9_gram: float | None = _share(0.11, "repeated runs of 9 words")
    max_duplicate_10_gram: float | None = _share(0.10, "repeated runs of 10 words")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_variant(cls, values: Any) -> Any:
        if isinstance(values, dict):
            return {**DEFAULTS.get(values.get("variant", ""), {}), **values}
        return values

    def tunable(self) -> tuple[str, ...]:
        """The thresholds on what the variant measures."""
        return tuple(f"max_{measure}" for measure in MEASURES if measure not in ABSENT.get(self.variant, ()))

    @model_validator(mode="after")
    def _measured(self) -> GopherRepetition:
        if self.segmenters and self.variant != "datatrove":
            raise ValueError(f"variant {self.variant} has words of its own: leave segmenters out, or take datatrove")
        for measure in ABSENT.get(self.variant, ()):
            if getattr(self, f"max_{measure}") is not None:
                raise ValueError(f"variant {self.variant} does not measure {measure}: leave max_{measure} out")
        return self

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All measures in one pass."""
        text = text_of(batch.column("text"))
        out = np.empty((len(MEASURES), len(text)))
        if self.variant == "datatrove":
            breaks = self.breaks(batch, text)
            gopher_repetition(text.offsets, text.data, class_table(), abbreviations(), breaks, out)
            empty = text.lengths == 0
        else:
            repetition(text.offsets, text.data, class_table(), lower_table(), *DEFINITIONS[self.variant], out)
            empty = np.isnan(out[-1])
        return Verdict(len(text), {"empty": empty}, dict(zip(MEASURES, out, strict=True)))
