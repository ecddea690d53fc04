"""C4's rules for lines and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import column_of, text_of, valid_of
from datapipe.core.operator import Filter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.c4 import CITATIONS, JAVASCRIPT, MEASURES, PHRASES, POLICY, c4_quality, packed
from datapipe.kernels.classes import class_table
from datapipe.kernels.words import abbreviations

# datatrove swaps the two minima of the reference; a recipe that names this variant gets them unless it says more.
DATATROVE = {"min_words_per_line": 3, "min_sentences": 5}
NO_LIMIT = 1 << 62


class C4Quality(Filter):
    """Drop lines that are no sentences, then documents with too few left, with filler text or with code.

    Rules of Raffel et al. 2020, arXiv:1910.10683, section 2.2. The variant `paper` is the reference, tensorflow_datasets
    text/c4_utils.py; `datatrove` is datatrove 0.10.1 pipeline/filters/c4_filters.py, which also ends lines at ',
    counts words before it removes citations, and defaults to 3 words a line and 5 sentences. In order a line goes
    for a long word, no end mark (or three dots), few words, `javascript`, a policy phrase. Sentences are counted by
    rule: one begins after . ? ! (of any script) that is not part of a known abbreviation. Language, page size and the
    list of bad words are steps of their own. None disables a threshold; 0 is one.
    """

    name: ClassVar[str] = "c4_quality"
    version: ClassVar[int] = 2
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}

    variant: Literal["paper", "datatrove"] = Field("paper", description="whose definitions and defaults to follow")
    end_mark: bool = Field(True, description="drop lines that do not end in . ? ! or a quotation mark")
    min_words_per_line: int | None = Field(5, ge=0, description="fewest words of a line (variant datatrove: 3)")
    min_sentences: int | None = Field(3, ge=0, description="fewest sentences of what is left (variant datatrove: 5)")
    max_word_length: int | None = Field(1000, ge=1, description="longest word of a line, in characters")
    remove_citations: bool = Field(True, description="cut [1], [], [edit] and [citation needed]")
    lorem_ipsum: bool = Field(True, description="drop documents with `lorem ipsum` in any case")
    javascript: bool = Field(True, description="drop lines with `javascript` in any case")
    curly_bracket: bool = Field(True, description="drop documents with a {")
    policy: bool = Field(True, description="drop lines on cookies, privacy or terms of use (6 phrases)")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_variant(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("variant") == "datatrove":
            return {**DATATROVE, **values}
        return values

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Cut the lines, count why, and judge what is left."""
        column = batch.column("text")
        text = text_of(column)
        out = np.empty((len(MEASURES), len(text)))
        offsets = np.empty(len(text) + 1, np.int64)
        data = np.empty(int(text.offsets[-1] - text.offsets[0]), np.uint8)
        phrase_starts, phrases = packed(tuple(phrase for phrase, _ in PHRASES))
        datatrove = self.variant == "datatrove"
        c4_quality(
            text.offsets,
            text.data,
            class_table(),
            abbreviations(),
            phrase_starts,
            phrases,
            np.array([meaning for _, meaning in PHRASES]),
            *packed(CITATIONS),
            JAVASCRIPT * self.javascript | POLICY * self.policy,
            int(self.end_mark) * (2 if datatrove else 1),
            int(self.remove_citations) * (2 if datatrove else 1),
            self.min_words_per_line or 0,
            NO_LIMIT if self.max_word_length is None else self.max_word_length,
            out,
            offsets,
            data,
        )
        scores = dict(zip(MEASURES, out, strict=True))
        failed: dict[str, Mask] = {}
        if self.lorem_ipsum:
            failed["lorem_ipsum"] = scores["lorem_ipsum_lines"] > 0
        if self.curly_bracket:
            failed["curly_bracket"] = scores["curly_bracket_lines"] > 0
        if self.min_sentences is not None:
            failed["too_few_sentences"] = scores["sentences"] < self.min_sentences
        left = column_of(offsets, data[: offsets[-1]], valid_of(column))
        return Verdict(len(text), failed, scores, {"text": left})
