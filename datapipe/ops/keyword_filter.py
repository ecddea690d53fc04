"""Lists of words: documents, or lines of them, that hold too many of them go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.arrow.text import Text, column_of, text_of, valid_of
from datapipe.core.context import Context
from datapipe.core.path_parameters import FilePath
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.keywords import Automaton, automaton, count_found

Int64s = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class KeywordFilter(ThresholdFilter):
    """Drop documents that hold listed words, or cut the lines that do and keep the rest.

    A document (or line) is hit when it holds at least `min_hits` listed words, each place counted, and, where
    `max_ratio` is given, more than that many of them per word of its own. Words are runs of letters, digits and marks;
    a letter of a script without spaces (Han, kana, Thai, ...) is one word, and listed words are found anywhere in such
    a script. A listed phrase's spaces stand for any white space. Lower-casing is one letter to one letter: ß stays,
    ς is not σ. The method of C4's list of bad words (Raffel et al. 2020) and of cookie-notice and boilerplate lists.
    """

    name: ClassVar[str] = "keyword_filter"
    choices: ClassVar[tuple[str, ...]] = ("min_hits", "max_ratio")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"words": ["lorem", "same line", "句"]},
        {"words": ["Terms of Use", "e"], "match": "substring", "min_hits": 2, "max_ratio": 0.1},
        {"words": ["line", "Satz", "repeated"], "cut": "line", "case": True},
    )

    words: tuple[str, ...] = Field((), description="words and phrases")
    word_files: tuple[FilePath, ...] = Field((), description="lists of them, one a line, # comments; also .gz")
    match: Literal["word", "substring"] = Field("word", description="found between non-letters only, or anywhere")
    case: bool = Field(False, description="capital and small letters differ")
    min_hits: int = Field(1, ge=1, description="listed words it takes")
    max_ratio: float | None = Field(
        None, ge=0, description="listed words per word that are still kept; null: only min_hits decides"
    )
    cut: Literal["document", "line"] = Field(
        "document",
        description="document: what is hit is dropped; line: lines that are hit are cut, and a document is dropped when "
        "nothing but white space is left of it",
    )

    _automaton: Automaton | None = PrivateAttr(None)

    @field_validator("words", "word_files", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> KeywordFilter:
        if not (self.words or self.word_files):
            raise ValueError("expected words, or word_files with lists of them")
        if any(not word.strip() for word in self.words):
            raise ValueError("words: one of them is blank")
        return self

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The text, where lines are cut."""
        return {"text": pa.large_string()} if self.cut == "line" else {}

    def setup(self, ctx: Context) -> None:
        """Read the lists and build the automaton: 20 ms for 10,000 words."""
        words = [*self.words, *(word for path in self.word_files for word in ctx.lines(path))]
        self._automaton = automaton(words, self.case, self.match == "word")

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """One pass; with cut: line, lines are judged as documents are, and joined again."""
        column = batch.column("text")
        text = text_of(column)
        if self.cut == "document":
            hits, words = self._count(text)
            return Verdict(batch.num_rows, scores=_scores(hits, words))
        lines, owner = _lines(text)
        hits, words = self._count(lines)
        gone = self._is_hit(hits, _ratio(hits, words))
        totals = [np.diff(_sums(counts)[owner]) for counts in (hits, words, gone)]
        cut = np.flatnonzero(totals[2])
        left = column
        blank = np.zeros(batch.num_rows, np.bool_)
        if len(cut):
            left = column_of(*_without(lines, owner, gone), valid_of(column))
            rest = pc.binary_length(pc.utf8_trim_whitespace(left.take(pa.array(cut))))
            blank[cut] = rest.to_numpy(zero_copy_only=False) == 0
        return Verdict(batch.num_rows, {"nothing_left": blank}, _scores(totals[0], totals[1]), {"text": left})

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """Documents that are hit; lines have been cut by then."""
        if self.cut == "line":
            return {}
        return {"keyword": self._is_hit(measured.scores["hits"], measured.scores["hit_ratio"])}

    def tunable(self) -> tuple[str, ...]:
        """Which lines are cut is no matter of the document's scores."""
        return () if self.cut == "line" else self.choices

    def _count(self, text: Text) -> tuple[Int64s, Int64s]:
        assert self._automaton is not None, "setup was not called"
        return count_found(text.offsets, text.data, self._automaton)

    def _is_hit(self, hits: npt.NDArray[Any], ratio: npt.NDArray[np.float64]) -> Mask:
        hit: Mask = hits >= self.min_hits
        if self.max_ratio is not None:
            hit &= ratio > self.max_ratio
        return hit


def _ratio(hits: Int64s, words: Int64s) -> npt.NDArray[np.float64]:
    return hits / np.maximum(words, 1)


def _scores(hits: Int64s, words: Int64s) -> dict[str, npt.NDArray[np.float64]]:
    return {"hits": hits.astype(np.float64), "hit_ratio": _ratio(hits, words)}


def _lines(text: Text) -> tuple[Text, Int64s]:
    """Every line as a document, its newline with it; and where among the lines each document starts."""
    first, last = text.offsets[0], text.offsets[-1]
    after = np.flatnonzero(text.data[first:last] == 10) + first + 1
    cuts = np.sort(np.concatenate([text.offsets, after]), kind="stable")  # a merge; np.unique hashes, at 50 MB/s
    cuts = cuts[np.concatenate([[True], cuts[1:] != cuts[:-1]])]
    cuts.flags.writeable = False  # as the offsets of documents are, so that the kernel is compiled once
    return Text(cuts, text.data), np.searchsorted(cuts, text.offsets)


def _without(lines: Text, owner: Int64s, gone: Mask) -> tuple[Int64s, npt.NDArray[np.uint8]]:
    """The documents without the lines that are gone."""
    first = lines.offsets[0]
    size = lines.lengths
    kept = np.repeat(~gone, size)
    size = np.where(gone, 0, size)
    # Where a last line without a newline goes, the one before it gives up its own.
    before = np.maximum.accumulate(np.where(gone, -1, np.arange(len(gone))))
    full = np.flatnonzero(np.diff(owner))
    last = owner[full + 1] - 1
    bare = last[gone[last] & (lines.data[lines.offsets[last + 1] - 1] != 10) & (before[last] >= owner[full])]
    size[before[bare]] -= 1
    kept[lines.offsets[before[bare] + 1] - 1 - first] = False
    return _sums(size)[owner], lines.data[first : lines.offsets[-1]][kept]


def _sums(values: npt.NDArray[Any]) -> Int64s:
    """Running totals, with a 0 before the first."""
    out = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=out[1:])
    return out
