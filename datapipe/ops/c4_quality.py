"""C4's rules for lines and documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import column_of, text_of, valid_of
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.c4 import CITATIONS, JAVASCRIPT, MEASURES, PHRASES, POLICY, c4_quality, packed
from datapipe.kernels.c4_pages import DOTS_TOO, c4_pages
from datapipe.kernels.classes import class_table
from datapipe.kernels.words import abbreviations

Variant = Literal["paper", "datatrove", "dclm", "dolma"]
# A recipe that names a variant gets its defaults unless it says more; datatrove swaps the reference's two minima.
DEFAULTS: dict[str, dict[str, Any]] = {
    "datatrove": {"min_words_per_line": 3, "min_sentences": 5},
    "dolma": {
        "min_words_per_line": 3,
        "min_sentences": None,
        "max_word_length": None,
        "remove_citations": False,
        "policy": False,
    },
}
NO_LIMIT = 1 << 62


class C4Quality(ThresholdFilter):
    """Drop lines that are no sentences, then documents with too few left, with filler text or with code.

    Rules of Raffel et al. 2020, arXiv:1910.10683, section 2.2. In order a line goes for a long word, no end mark (or
    three dots), few words, `javascript`, a policy phrase; `lorem ipsum` and { are looked for in what is left. By variant:

    paper      the reference, tensorflow_datasets text/c4_utils.py; lines as str.splitlines cuts them, stripped
    datatrove  (datatrove 0.10.1, pipeline/filters/c4_filters.py) also ends lines at ', counts words before it removes
               citations, and defaults to 3 words a line and 5 sentences
    dclm       (mlfoundations/dclm, baselines_configs/c4.yaml): lines between newlines, as they stand; blank ones stay
    dolma      (allenai/dolma, taggers/c4.py v2, configs/c4-replication): lines between newlines go for no end mark
               (three dots are one) or fewer than 3 words; `javascript`, `lorem ipsum` and { anywhere drop the document;
               no other rule, but for those a recipe turns on

    Sentences are counted by rule: one begins after . ? ! (of any script) that is not part of a known abbreviation.
    Language, page size and the list of bad words are steps of their own. None disables a threshold; 0 is one.
    """

    name: ClassVar[str] = "c4_quality"
    version: ClassVar[int] = 2
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {"too_few_sentences": ("min_sentences", "sentences")}
    choices: ClassVar[tuple[str, ...]] = ("lorem_ipsum", "curly_bracket")  # what cuts lines changes the scores, too
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}

    examples: ClassVar[tuple[dict[str, Any], ...]] = tuple({"variant": variant} for variant in get_args(Variant))

    variant: Variant = Field("paper", description="whose definitions and defaults to follow")
    end_mark: bool = Field(True, description="drop lines that do not end in . ? ! or a quotation mark")
    min_words_per_line: int | None = Field(5, ge=0, description="fewest words of a line (variants datatrove, dolma: 3)")
    min_sentences: int | None = Field(
        3, ge=0, description="fewest sentences of what is left (variant datatrove: 5, dolma: null)"
    )
    max_word_length: int | None = Field(1000, ge=1, description="longest word of a line, in characters")
    remove_citations: bool = Field(True, description="cut [1], [], [edit] and [citation needed]")
    lorem_ipsum: bool = Field(True, description="drop documents with `lorem ipsum` in any case")
    javascript: bool = Field(True, description="drop lines with `javascript` in any case (dolma: documents)")
    curly_bracket: bool = Field(True, description="drop documents with a {")
    policy: bool = Field(True, description="drop lines on cookies, privacy or terms of use (6 phrases)")

    @model_validator(mode="before")
    @classmethod
    def _defaults_of_variant(cls, values: Any) -> Any:
        if isinstance(values, dict):
            return {**DEFAULTS.get(values.get("variant", ""), {}), **values}
        return values

    @model_validator(mode="after")
    def _measured(self) -> C4Quality:
        if self.variant == "dolma" and self.policy:
            raise ValueError("variant dolma has no rule `policy`: leave it out, or take the variant paper")
        return self

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Cut the lines, count why, and measure what is left."""
        column = batch.column("text")
        text = text_of(column)
        out = np.empty((len(MEASURES), len(text)))
        offsets = np.empty(len(text) + 1, np.int64)
        data = np.empty(int(text.offsets[-1] - text.offsets[0]), np.uint8)
        phrase_starts, phrases = packed(tuple(phrase for phrase, _ in PHRASES))
        dots, cite = {"datatrove": (2, 2), "dolma": (DOTS_TOO, 1)}.get(self.variant, (1, 1))
        arguments: list[Any] = [
            *text,
            class_table(),
            abbreviations(),
            phrase_starts,
            phrases,
            np.array([meaning for _, meaning in PHRASES]),
            *packed(CITATIONS),
            JAVASCRIPT * self.javascript | POLICY * self.policy,
            dots * self.end_mark,
            cite * self.remove_citations,
            self.min_words_per_line or 0,
            NO_LIMIT if self.max_word_length is None else self.max_word_length,
            out,
            offsets,
            data,
        ]
        if self.variant in ("dclm", "dolma"):
            c4_pages(*[*arguments, self.variant == "dolma"])
        else:
            c4_quality(*arguments)
        left = column_of(offsets, data[: offsets[-1]], valid_of(column))
        return Verdict(len(text), scores=dict(zip(MEASURES, out, strict=True)), columns={"text": left})

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """What the whole document is dropped for."""
        failed: dict[str, Mask] = {}
        for rule in self._pages():
            if getattr(self, rule):
                failed[rule] = measured.scores[f"{rule}_lines"] > 0
        return {**failed, **super().rules(measured)}

    def tunable(self) -> tuple[str, ...]:
        """What drops documents."""
        return tuple(dict.fromkeys((*super().tunable(), *self._pages())))

    def _pages(self) -> tuple[str, ...]:
        """The rules for phrases and signs that drop documents rather than lines."""
        return (*self.choices, "javascript") if self.variant == "dolma" else self.choices
