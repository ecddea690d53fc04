"""mC4's rules, for languages that do not end sentences as English does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.path_parameters import FilePath
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict
from datapipe.kernels.c4_pages import count_long_lines
from datapipe.kernels.keywords import Automaton, automaton, count_found


class Mc4Quality(ThresholdFilter):
    """Drop documents without three long lines, and those with a bad word of the lists given.

    Rules of Xue et al. 2021, arXiv:2010.11934, section 3.1: at least three lines, between newlines, of 200 characters or
    more, instead of C4's end marks (tensorflow_datasets text/c4_utils.py, paragraph_filter); no word of the language's
    list, which the authors took from LDNOOBW and which is not shipped here. A listed word is found between non-letters,
    in any case, and anywhere in scripts without spaces. Give a list for each language by `where: {lang: [de]}`; lines
    that repeat over the corpus, language and page size are steps of their own. None disables a rule; 0 is a threshold.
    """

    name: ClassVar[str] = "mc4_quality"
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {"few_long_lines": ("min_long_lines", "long_lines")}
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"min_long_lines": 1, "long_line_length": 10, "words": ["lorem", "句"]},
    )

    min_long_lines: int | None = Field(3, ge=0, description="fewest long lines; null: no such rule")
    long_line_length: int = Field(200, ge=0, description="fewest characters of a long line")
    words: tuple[str, ...] = Field((), description="bad words and phrases")
    word_files: tuple[FilePath, ...] = Field((), description="lists of them, one a line, # comments; also .gz")

    _automaton: Automaton | None = PrivateAttr(None)

    @field_validator("words", "word_files", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def setup(self, ctx: Context) -> None:
        """Read the lists."""
        words = [*self.words, *(word for path in self.word_files for word in ctx.lines(path))]
        self._automaton = automaton(words, case=False, whole=True) if words else None

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Long lines in one pass, bad words in another."""
        text = text_of(batch.column("text"))
        long_lines = np.empty(len(text))
        count_long_lines(text.offsets, text.data, self.long_line_length, long_lines)
        scores = {"long_lines": long_lines}
        if self._automaton is not None:
            found, _ = count_found(text.offsets, text.data, self._automaton)
            scores["bad_words"] = found.astype(np.float64)
        return Verdict(len(text), scores=scores)

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """A bad word is too many."""
        failed = super().rules(measured)
        if "bad_words" in measured.scores:
            failed["bad_words"] = measured.scores["bad_words"] > 0
        return failed
