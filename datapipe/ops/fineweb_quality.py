"""FineWeb's own quality rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from datapipe.arrow.text import text_of
from datapipe.core.segmenters import Segmented
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.lines import fineweb_quality
from datapipe.kernels.words import abbreviations

MEASURES = ("lines", "punctuated_lines", "short_lines", "duplicate_line_characters", "newlines_per_word")


class FinewebQuality(Segmented, ThresholdFilter):
    """Drop documents of list-like lines: unpunctuated, short, repeated, or with few words each.

    Rules of Penedo et al. 2024, arXiv:2406.17557, section 3.6, as datatrove 0.10.1 measures them
    (pipeline/filters/fineweb_quality_filter.py): lines end at newlines alone, blank ones are left out; terminal
    punctuation of all scripts counts; a document without lines is dropped as `empty`. None disables a rule; 0 is a
    threshold.
    """

    name: ClassVar[str] = "fineweb_quality"
    version: ClassVar[int] = 2
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "unpunctuated_lines": ("min_punctuated_lines", "punctuated_lines"),
        "short_lines": ("max_short_lines", "short_lines"),
        "duplicate_line_characters": ("max_duplicate_line_characters", "duplicate_line_characters"),
        "many_newlines": ("max_newlines_per_word", "newlines_per_word"),
    }
    choices: ClassVar[tuple[str, ...]] = ("keep_unpunctuated",)

    variant: Literal["datatrove"] = Field("datatrove", description="whose definitions of the measures to follow")
    min_punctuated_lines: float | None = Field(
        0.12, ge=0, le=1, description="smallest share of lines that end in terminal punctuation"
    )
    keep_unpunctuated: bool = Field(
        False, description="keep documents without any terminal punctuation at a line's end"
    )
    max_short_lines: float | None = Field(0.67, ge=0, le=1, description="largest share of short lines")
    short_line_length: int = Field(30, ge=0, description="most characters of a short line")
    max_duplicate_line_characters: float | None = Field(
        0.01, ge=0, le=1, description="largest share of characters, newlines left out, in lines that occurred before"
    )
    max_newlines_per_word: float | None = Field(0.3, ge=0, description="most newlines per word; symbols are words")

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All measures in one pass."""
        text = text_of(batch.column("text"))
        out = np.empty((len(MEASURES), len(text)))
        breaks = self.breaks(batch, text)
        fineweb_quality(text.offsets, text.data, class_table(), abbreviations(), self.short_line_length, breaks, out)
        return Verdict(len(text), {"empty": out[0] == 0}, dict(zip(MEASURES, out, strict=True)))

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """A document without lines has no unpunctuated ones."""
        failed = super().rules(measured)
        if "unpunctuated_lines" in failed:
            failed["unpunctuated_lines"] &= measured.scores["lines"] > 0
            if self.keep_unpunctuated:
                failed["unpunctuated_lines"] &= measured.scores["punctuated_lines"] > 0
        return failed
