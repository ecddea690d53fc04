"""RedPajama-v2's quality signals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datapipe.arrow.text import text_of
from datapipe.core.columns import set_columns
from datapipe.core.context import Context
from datapipe.core.operator import Map
from datapipe.core.stop_words import stop_words
from datapipe.core.word_lists import WordLists, WordTable
from datapipe.kernels.points import point_tables
from datapipe.kernels.signals import LINE_MEASURES, MEASURES, measure_signals

NEWLINE = 10


class RedpajamaSignals(Map):
    """Write RedPajama-v2's quality signals as columns `rps_doc_*` and `rps_lines_*`; drop nothing.

    Definitions of togethercomputer/RedPajama-Data (app/src/core/quality_signals: natural_language.py, repetitions.py,
    lines.py, content.py), unrounded; null where the original says None. Two kinds of words: tokens of `\\w+|[^\\w\\s]+`
    (symbols, letters, capitals, stop words), and what stands between white space in small letters, in NFD and without
    ASCII punctuation (all else). `rps_lines_*` are lists of one number a line, in order; lines end after newlines. Left
    out are the signals that need a model or another data set: ccnet_* (perplexity, bucket, language score),
    rps_doc_ml_*, importance weights and the UT1 list (see url_filter). Word lists are by the row's `lang`; without one
    the stop word and LDNOOBW signals are null. The original's are 6/stopwords-json and LDNOOBW, whose accented entries
    match nothing there nor here, for the text is in NFD.
    """

    name: ClassVar[str] = "redpajama_signals"
    reads: ClassVar[tuple[str, ...]] = ("text", "lang")
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {},
        {"stop_words": {"en": ["the", "and"]}, "flagged_words": {"en": ["lorem ipsum", "word"]}, "lines": False},
    )

    stop_words: WordLists = Field(
        {}, description="by language, words or a file of them, one a line; compared as written, by case"
    )
    flagged_words: WordLists = Field(
        {}, description="by language, words and phrases, or a file of them; in small letters and without punctuation"
    )
    lines: bool = Field(True, description="write the signals of lines, too")

    _tables: Any = PrivateAttr(None)

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """A number for each document, and a list of numbers."""
        columns: dict[str, pa.DataType] = {f"rps_doc_{name}": pa.float64() for name in MEASURES}
        if self.lines:
            columns |= {f"rps_lines_{name}": pa.list_(pa.float64()) for name in LINE_MEASURES}
        return columns

    def setup(self, ctx: Context) -> None:
        """Read the lists."""
        self._tables = (
            WordTable(self.stop_words, ctx, packaged=stop_words),
            WordTable(self.flagged_words, ctx, lambda lang, phrase: tuple(phrase.split(" "))),
        )

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """All signals in one call of the kernel."""
        text = text_of(batch.column("text"))
        stop, flagged = self._tables
        stop_numbers, flagged_numbers = (table.numbers(batch.column("lang")) for table in self._tables)
        points = point_tables()
        out = np.empty((len(MEASURES), len(text)))
        most_lines = np.count_nonzero(text.data[text.offsets[0] : text.offsets[-1]] == NEWLINE) + len(text)
        lines = np.empty((len(LINE_MEASURES), most_lines))
        ends = np.zeros(len(text) + 1, np.int32)
        measure_signals(
            text.offsets,
            text.data,
            points.classes,
            points.fold,
            points.pool,
            points.combining,
            stop.lexicon.keys,
            stop_numbers,
            flagged.lexicon.keys,
            flagged_numbers,
            flagged.lexicon.longest,
            out,
            ends,
            lines,
        )
        columns = {f"rps_doc_{name}": pa.array(out[i], from_pandas=True) for i, name in enumerate(MEASURES)}
        if self.lines:
            for i, name in enumerate(LINE_MEASURES):
                columns[f"rps_lines_{name}"] = pa.ListArray.from_arrays(pa.array(ends), lines[i, : ends[-1]])
        return set_columns(batch, columns)
