"""Sentences and phrases that a document repeats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from datapipe.arrow.text import Text, text_of
from datapipe.core.dedup.cuts import disjoint, without
from datapipe.core.dedup.units import Form, sentences_in_lines, sentences_of, spans_of
from datapipe.core.operator import Filter
from datapipe.core.spans import no_spans, spans_column
from datapipe.core.verdict import Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.fold import lower_table
from datapipe.kernels.loops import find_loops
from datapipe.kernels.spans import copy_spans
from datapipe.kernels.words import abbreviations

Int64s = npt.NDArray[np.int64]
REASONS = ("repeated_sentence", "repeated_phrase")
WHOLE = 1 << 62


class RepeatedSentences(Filter):
    """Cut sentences that the document has said before, and phrases that go on in a loop; the first copy stays.

    No document is dropped. A sentence ends at a newline, too, as for Data-Juicer (datajuicer/data-juicer, ops/mapper/
    remove_repeat_sentences_mapper.py), which compares letters and digits of sentences of 2 characters or more; here short
    ones stay, for `Yes.` may be said twice. A loop is a phrase that repeats in a row; OLMo looks for up to 13 tokens
    (allenai/OLMo-core, InstanceFilterConfig, repetition_max_period) and masks what occurs 32 times.
    """

    name: ClassVar[str] = "repeated_sentences"
    reads: ClassVar[tuple[str, ...]] = ("text",)
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"min_words": 1, "max_phrase": 0, "normalize": "datatrove"})

    normalize: Form = Field(
        "c4",
        description="what makes no difference between sentences; c4: case; exact: nothing; ccnet: case, digits, signs "
        "beyond ASCII; datatrove: case, punctuation, white space, marks on letters, and which number it is",
    )
    min_words: int = Field(5, ge=1, description="shortest sentence that is cut, in words and signs")
    min_times: int = Field(2, ge=2, description="how often a sentence stands in the document, at least, to be cut")
    max_phrase: int = Field(13, ge=0, le=100, description="longest phrase of a loop, in words and signs; 0: no loops")
    min_loop_times: int = Field(3, ge=2, description="how often a phrase stands in a row, at least")
    min_loop_words: int = Field(10, ge=2, description="shortest loop, all its copies together, in words and signs")

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Texts without what they repeat, and the places of that."""
        column = batch.column("text")
        text = text_of(column)
        found = [self._sentences(text), self._loops(text)]
        row, start, stop = np.concatenate(found, axis=1)
        if not len(row):
            return Verdict(len(text), columns={"text": column}, spans=no_spans(len(text)))
        label = np.repeat([0, 1], [part.shape[1] for part in found])
        cuts = disjoint(text, row, start, stop, label, whole_lines=False)
        reasons = [REASONS[kind] for kind in label[cuts.which].tolist()]
        spans = spans_column(text, cuts.row, cuts.start, cuts.stop, reasons)
        return Verdict(len(text), columns={"text": without(column, text, cuts)}, spans=spans)

    def _sentences(self, text: Text) -> Int64s:
        """Document, start and stop of those that go."""
        found = spans_of(text, sentences_in_lines(text), self.normalize)
        order = np.lexsort((found.check, found.key, found.document))  # stable: the first copy comes first
        other = np.ones(len(order), np.bool_)
        for n, values in enumerate((found.document, found.key, found.check)):
            sorted_ = values[order]
            differs = sorted_[1:] != sorted_[:-1]
            other[1:] = differs if n == 0 else other[1:] | differs
        first = np.flatnonzero(other)
        often = np.diff(np.append(first, len(order))) >= self.min_times
        again = np.sort(order[~other & np.repeat(often, np.diff(np.append(first, len(order))))])
        row, start, stop = found.document[again], found.start[again], found.stop[again]
        _, words = sentences_of(Text(*copy_spans(text.offsets, text.data, row, start, stop, WHOLE)), self.min_words)
        return np.stack([row, start, stop])[:, words >= self.min_words]

    def _loops(self, text: Text) -> Int64s:
        """Document, start and stop of what follows each loop's first copy."""
        if not self.max_phrase:
            return np.zeros((3, 0), np.int64)
        found = np.empty((int(text.offsets[-1] - text.offsets[0]) // 2 + 1, 3), np.int64)
        tables = class_table(), lower_table(), abbreviations()
        bounds = self.max_phrase, self.min_loop_times, self.min_loop_words
        return found[: find_loops(text.offsets, text.data, *tables, *bounds, found)].T
