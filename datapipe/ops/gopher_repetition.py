"""Gopher's repetition rules."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from datapipe.arrow.text import text_of
from datapipe.core.operator import Filter
from datapipe.core.segmenters import Segmented
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.ngrams import REPEATED, TOP, gopher_repetition
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


class GopherRepetition(Segmented, Filter):
    """Drop documents that repeat themselves: lines, paragraphs, one frequent n-gram, or long n-grams.

    Thresholds of Rae et al. 2021, arXiv:2112.11446, table A1. Five tools measure five things under these names; the
    variant `datatrove` follows datatrove 0.10.1 (pipeline/filters/gopher_repetition_filter.py): the first occurrence is
    no duplicate; a top n-gram counts every occurrence and its inner spaces, even where it occurs once; duplicate
    n-grams do not overlap and are joined without spaces; every share is of all characters of the text. Rules carry
    the names of their scores; an empty document is dropped as `empty`. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "gopher_repetition"
    version: ClassVar[int] = 2

    variant: Literal["datatrove"] = Field("datatrove", description="whose definitions of the measures to follow")
    max_duplicate_paragraphs: float | None = Field(
        0.3, ge=0, le=1, description="largest share of paragraphs (cut at blank lines) that occurred before"
    )
    max_duplicate_paragraph_characters: float | None = _share(0.2, "paragraphs that occurred before")
    max_duplicate_lines: float | None = Field(
        0.3, ge=0, le=1, description="largest share of lines that occurred before"
    )
    max_duplicate_line_characters: float | None = _share(0.2, "lines that occurred before")
    # A top n-gram overlaps itself in `a a a a`, so its share of characters can pass 1.
    max_top_2_gram: float | None = _share(0.20, "the most frequent pair of words")
    max_top_3_gram: float | None = _share(0.18, "the most frequent run of 3 words")
    max_top_4_gram: float | None = _share(0.16, "the most frequent run of 4 words")
    max_duplicate_5_gram: float | None = _share(0.15, "runs of 5 words that occurred before")
    max_duplicate_6_gram: float | None = _share(0.14, "runs of 6 words that occurred before")
    max_duplicate_7_gram: float | None = _share(0.13, "runs of 7 words that occurred before")
    max_duplicate_8_gram: float | None = _share(0.12, "runs of 8 words that occurred before")
    max_duplicate_9_gram: float | None = _share(0.11, "runs of 9 words that occurred before")
    max_duplicate_10_gram: float | None = _share(0.10, "runs of 10 words that occurred before")

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Measure every document once, then hold the measures against the thresholds."""
        text = text_of(batch.column("text"))
        out = np.empty((len(MEASURES), len(text)))
        gopher_repetition(text.offsets, text.data, class_table(), abbreviations(), self.breaks(batch, text), out)
        scores = dict(zip(MEASURES, out, strict=True))
        failed: dict[str, Mask] = {"empty": text.lengths == 0}
        for measure, score in scores.items():
            threshold = getattr(self, f"max_{measure}")
            if threshold is not None:
                failed[measure] = score > threshold
        return Verdict(len(text), failed, scores)
