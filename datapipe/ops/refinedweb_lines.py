"""RefinedWeb's corrections, line by line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, field_validator

from datapipe.arrow.text import Bytes, Int64s, column_of, text_of, valid_of
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.refinedweb import MEASURES, UNITS, refinedweb_lines

NO_LIMIT = 1 << 62


class RefinedwebLines(ThresholdFilter):
    """Drop lines of capitals, of digits, counters (`3 likes`) and single words, cut `Read more...`, then judge the loss.

    Rules of Penedo et al. 2023, arXiv:2306.01116, appendix G.2. The variant `dclm` is how DCLM-Baseline applies them
    (mlfoundations/dclm, baselines/baselines_configs/dclm_baseline_refinedweb.yaml and baselines/mappers/modifiers.py):
    lines end at newlines alone; in order a line goes for capitals, digits, a counter, few words (`str.split`; the score
    counts the first); phrases are cut from short lines, in any ASCII case and with one white space beside them, and a
    dot in a phrase stands for any character, so `Read more...` also cuts `read more on`. A document goes if more than
    5 % of its words (fastText's tokens that begin with a letter or number) went with the lines, or if nothing is left.
    None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "refinedweb_lines"
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {"removed_words": ("max_removed_words", "removed_words")}

    variant: Literal["dclm"] = Field("dclm", description="whose definitions and defaults to follow")
    max_uppercase: float | None = Field(
        0.5, ge=0, le=1, description="largest share of upper case characters of a line, white space among all"
    )
    numeric: bool = Field(True, description="drop lines of decimal digits alone")
    counters: bool = Field(True, description="drop lines such as `3 likes` or `1.2K followers` (12 English units)")
    min_words_per_line: int | None = Field(2, ge=0, description="fewest words of a line between white space")
    max_edited_words: int | None = Field(10, ge=0, description="most words of a line from which phrases are cut")
    cut_anywhere: tuple[str, ...] = Field(("items in cart",), description="phrases cut wherever they stand in a line")
    cut_at_end: tuple[str, ...] = Field(("Read more...",), description="phrases cut at the end of a line")
    cut_at_start: tuple[str, ...] = Field(("Sign-in",), description="phrases cut at the start of a line")
    max_newlines: int | None = Field(2, ge=1, description="newlines in a row that stay, before lines are dropped")
    max_removed_words: float | None = Field(0.05, ge=0, le=1, description="largest share of words that lines may lose")

    @field_validator("cut_anywhere", "cut_at_end", "cut_at_start")
    @classmethod
    def _phrases_say_something(cls, phrases: tuple[str, ...]) -> tuple[str, ...]:
        if not all(phrase and "\n" not in phrase for phrase in phrases):
            raise ValueError("a phrase is a part of a line: not empty, and without newlines")
        return phrases

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Cut the lines, count why, and measure what is lost."""
        column = batch.column("text")
        text = text_of(column)
        out = np.empty((len(MEASURES), len(text)))
        offsets = np.empty(len(text) + 1, np.int64)
        data = np.empty(int(text.offsets[-1] - text.offsets[0]) + 1, np.uint8)
        groups = (self.cut_anywhere, self.cut_at_end, self.cut_at_start)
        refinedweb_lines(
            text.offsets,
            text.data,
            class_table(),
            1.0 if self.max_uppercase is None else self.max_uppercase,
            self.numeric,
            self.min_words_per_line or 0,
            NO_LIMIT if self.max_newlines is None else self.max_newlines,
            NO_LIMIT if self.max_edited_words is None else self.max_edited_words,
            *packed(UNITS if self.counters else ()),
            np.cumsum([0, *map(len, groups)]),
            *packed(tuple(phrase for group in groups for phrase in group)),
            out,
            offsets,
            data,
        )
        scores = dict(zip(MEASURES, out, strict=True))
        empty = (scores["lines_kept"] == 0) | (scores["words"] == 0)
        left = column_of(offsets, data[: offsets[-1]], valid_of(column))
        return Verdict(len(text), {"empty": empty}, scores, {"text": left})


def packed(phrases: tuple[str, ...]) -> tuple[Int64s, Bytes]:
    """Phrases, ASCII letters in lower case, as offsets and bytes."""
    parts = [phrase.encode().lower() for phrase in phrases]
    return np.cumsum([0, *map(len, parts)]), np.frombuffer(b"".join(parts), np.uint8)
