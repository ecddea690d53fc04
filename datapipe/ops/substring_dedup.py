"""Substring de-duplication: passages that stand elsewhere in the corpus, letter for letter, are cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import Text, column_of, text_of, valid_of
from datapipe.core.columns import ADDR
from datapipe.core.dedup.preference import Preference
from datapipe.core.dedup.symbols import Symbols, symbols_of
from datapipe.core.operator import Filter, Global
from datapipe.core.spans import no_spans, spans_column
from datapipe.core.verdict import Verdict
from datapipe.kernels.repeated_windows import ALL, BEGIN, COPIES, END, OF_HELD, ROW, TWIN, repeated_spans
from datapipe.kernels.spans import cut_spans
from datapipe.kernels.winnow import AGAIN, ANCHOR, DOCUMENT, PERIOD, START, WIDTH, WINDOWS, anchors, passages

Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

BYTES = 100  # Lee et al. 2022: 50 tokens, stored in two bytes each
PASSAGE = {  # columns of the second sketch, and where a row of an anchor has them
    "start": (START, pa.int64()),
    "windows": (WINDOWS, pa.int32()),
    "anchor": (ANCHOR, pa.int32()),
    "again": (AGAIN, pa.int64()),
    "period": (PERIOD, pa.int32()),
}


class SubstringDedup(Preference):
    """Cut every passage of at least 100 bytes (or 50 words) that stands twice or more in the corpus, but for one copy.

    ExactSubstr of Lee et al. 2022 (section 4.1; google-research/deduplicate-text-datasets) without its suffix array: a
    window of `min_bytes` is cut if a better document, or the same one further up, has an equal one. Of every byte cut a
    copy stays, in this document or a better one, and no window is left in two places, unless a cut joins what stood
    apart. `remove: all` cuts every window that has an equal one, as the published tool does. Windows lie within one
    document; spans are shrunk to the borders of their characters.

    Two rounds: k-grams chosen by winnowing lead to the places where equal windows may be, and their texts are compared.
    """

    name: ClassVar[str] = "substring_dedup"
    reads: ClassVar[tuple[str, ...]] = ("text", "id")
    partition_by: ClassVar[str] = "key"
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    examples = (
        {},
        {"min_words": 4, "remove": "all", "min_words_left": 3},
        {"min_bytes": 20, "mode": "drop"},
        {"against": ["web"]},
    )

    min_bytes: int | None = Field(
        None, ge=16, description=f"bytes that a passage has at least; {BYTES} if none is given"
    )
    min_words: int | None = Field(
        None,
        ge=4,
        description="words instead of bytes (50, say), as the quality rules count them; white space makes no difference",
    )
    remove: Literal["copies", "all"] = Field(
        "copies", description="copies: the best copy stays (keep, prefer, against); all: every one goes, as published"
    )
    mode: Literal["cut", "drop"] = Field(
        "cut",
        description="cut: take the passages out; drop: drop documents with more than `max_share` of them, and leave the "
        "others alone (what two of them share is lost if both are dropped for other passages)",
    )
    max_share: float = Field(0.5, ge=0, le=1, description="of mode drop: share of a text's bytes that may be repeated")
    min_words_left: int = Field(
        0,
        ge=0,
        description="documents of fewer words after a cut are dropped, with what only they still hold; those of nothing "
        "but white space always are",
    )

    @model_validator(mode="after")
    def _one_way(self) -> SubstringDedup:
        if self.min_bytes and self.min_words:
            raise ValueError("give min_bytes or min_words, not both")
        if self.remove == "all" and (self.prefer or self.against or self.keep != "first"):
            raise ValueError("remove: all leaves no copy, so that keep, prefer and against say nothing; leave them out")
        return self

    def columns_read(self) -> tuple[str, ...]:
        """Text, id, and the columns that decide which copy stays."""
        return tuple(dict.fromkeys(("text", "id", *self.deciding())))

    def columns_written(self) -> dict[str, pa.DataType]:
        """The text, where passages are cut."""
        return dict(self.writes) if self.mode == "cut" else {}

    @property
    def length(self) -> int:
        """Symbols (bytes or words) of a window."""
        return self.min_words or self.min_bytes or BYTES

    def rounds(self) -> tuple[Global, ...]:
        """Which anchors stand twice; which windows around them do."""
        return self, RepeatedWindows.model_validate(self.model_dump())

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The anchors of each document: 16 bytes for 39 of text, at 100 bytes a window."""
        rows, keys = self.anchors(symbols_of(text_of(batch.column("text")), self.min_words is not None))
        copies = np.where(rows[:, AGAIN] > 0, 2, 1)  # a periodic passage repeats itself
        address = batch.column(ADDR).to_numpy()[rows[:, DOCUMENT]]
        return pa.RecordBatch.from_pydict(
            {ADDR: pa.array(np.repeat(address, copies)), "key": pa.array(np.repeat(keys, copies))}
        )

    def reduce(self, part: pa.Table) -> pa.Table:
        """The anchors that stand twice, and where."""
        key, address = (part.column(name).to_numpy() for name in ("key", ADDR))
        same = key[1:] == key[:-1]
        twice = np.append(same, False) | np.append(False, same) if len(key) else np.zeros(0, np.bool_)
        order = np.flatnonzero(twice)
        order = order[np.lexsort((key[order], address[order]))]
        return pa.table({ADDR: pa.array(address[order]), "key": pa.array(key[order])})

    def bind(self, artifact: pa.Table) -> Filter | Global:
        """The question about the windows of these anchors."""
        bound = RepeatedWindows.model_validate(self.model_dump())
        bound._address = artifact.column(ADDR).to_numpy()
        bound._keys = artifact.column("key").to_numpy()
        return bound

    def anchors(self, symbols: Symbols) -> tuple[Int64s, npt.NDArray[np.uint64]]:
        """Rows and hashes of anchors (kernels/winnow.py).

        A quarter of the window: of k-grams of 12, 16, 25, 50 bytes, 2.5, 2.3, 2.3, 2.9 bytes for each of text went
        into the second round (40 MB of web text, two thirds of it repeated), for long ones stand closer, and short
        ones are found twice where the windows are not.
        """
        return anchors(symbols.offsets, symbols.values, self.length, max(4, self.length // 4))


class RepeatedWindows(SubstringDedup):
    """The second round: the passages around the anchors that stand twice, and what of them to cut."""

    _address: npt.NDArray[np.uint64] = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _keys: npt.NDArray[np.uint64] = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The windows of each such anchor as one passage, with its document's id and preference."""
        asked = np.flatnonzero(np.isin(batch.column(ADDR).to_numpy(), self._address))
        batch = batch.take(pa.array(asked))
        symbols = symbols_of(text_of(batch.column("text")), self.min_words is not None)
        rows, keys = self.anchors(symbols)
        found = np.isin(keys, self._keys_of(batch))
        rows, keys = rows[found], keys[found]
        starts = symbols.offsets[rows[:, DOCUMENT]] + rows[:, START]
        offsets, values = passages(symbols.values, starts, starts + rows[:, WINDOWS] - 1 + self.length)
        documents = pa.array(rows[:, DOCUMENT])
        columns = {ADDR: batch.column(ADDR).take(documents), "key": pa.array(keys)}
        columns |= {name: column.take(documents) for name, column in self.preference(batch).items()}
        columns |= {name: pa.array(rows[:, at]).cast(dtype) for name, (at, dtype) in PASSAGE.items()}
        buffers = [None, pa.py_buffer(offsets * values.itemsize), pa.py_buffer(values.view(np.uint8))]
        columns["passage"] = pa.Array.from_buffers(pa.large_binary(), len(rows), buffers)
        columns["id"] = batch.column("id").take(documents)
        return pa.RecordBatch.from_pydict(columns)

    def reduce(self, part: pa.Table) -> pa.Table:
        """The spans to cut, in symbols, with the id of a document that has the same."""
        start, address, rank, tier, key = (part.column(n).to_numpy() for n in ("start", ADDR, "rank", "tier", "key"))
        order = np.lexsort((start, address, -rank, tier, key))  # of one anchor the best first
        offsets, values = text_of(part.column("passage"))
        if self.min_words:
            offsets, values = offsets // 8, values[: offsets[-1]].view(np.uint64)
        rows = np.zeros((len(order), WIDTH), np.int64)
        for name, (at, _) in PASSAGE.items():
            rows[:, at] = part.column(name).to_numpy()[order]
        groups = np.append(np.flatnonzero(np.append(True, np.diff(key[order]) > 0)[: len(order)]), len(order))
        held = tier[order] < len(self.against)
        cut = ALL if self.remove == "all" else OF_HELD if self.against else COPIES
        spans = repeated_spans(groups, offsets[:-1][order], values, rows, held, self.length, cut)
        begin = rows[spans[:, ROW], START]
        found = {
            ADDR: pa.array(address[order[spans[:, ROW]]]),
            "start": pa.array(begin + spans[:, BEGIN]),
            "end": pa.array(begin + spans[:, END]),
            "of": part.column("id").take(pa.array(order[spans[:, TWIN]])),
        }
        return pa.table(found).sort_by([(name, "ascending") for name in (ADDR, "start", "end")])

    def bind(self, artifact: pa.Table) -> Filter | Global:
        """Cuts the spans found, or drops the documents that have too many."""
        bound = RepeatedSpans.model_validate({name: getattr(self, name) for name in RepeatedSpans.model_fields})
        bound._address = artifact.column(ADDR).to_numpy()
        bound._spans = artifact
        return bound

    def _keys_of(self, batch: pa.RecordBatch) -> npt.NDArray[np.uint64]:
        """Those found in these rows; the rows of a batch follow one another."""
        address = batch.column(ADDR).to_numpy()
        if not len(address):
            return self._keys[:0]
        first = np.searchsorted(self._address, address.min(), "left")
        return self._keys[first : np.searchsorted(self._address, address.max(), "right")]


class RepeatedSpans(Filter):
    """Cuts the spans it was given, or drops the documents of which they are too large a share."""

    min_words: int | None
    mode: Literal["cut", "drop"]
    max_share: float
    min_words_left: int

    reads: ClassVar[tuple[str, ...]] = (ADDR, "id", "text")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}

    _address: npt.NDArray[np.uint64] = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _spans: pa.Table = PrivateAttr()

    def columns_written(self) -> dict[str, pa.DataType]:
        """The text, where passages are cut."""
        return dict(self.writes) if self.mode == "cut" else {}

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Spans that touch are one; it names the document of its first part, a dropped row the first other one."""
        text = text_of(batch.column("text"))
        row, start, end, of = self._found(batch, text)
        lost = np.bincount(row, end - start, minlength=len(text))
        share = lost / np.maximum(text.lengths, 1)
        spans = spans_column(text, row, start, end, "repeated", of) if len(row) else no_spans(len(text))
        columns = {}
        failed = {"repeated_passages": share > self.max_share}
        if self.mode == "cut":
            left = cut_spans(text.offsets, text.data, row, start, end)
            columns["text"] = column_of(*left, valid_of(batch.column("text")))
            failed = self._too_short(columns["text"], np.flatnonzero(lost))
        verdict = Verdict(len(text), failed, {"repeated_share": share}, columns, spans=spans)
        others = np.flatnonzero(pc.not_equal(of, batch.column("id").take(pa.array(row))).to_numpy(False))
        of, row = of.take(pa.array(others)), row[others]  # a document that repeats itself is no duplicate of another
        first, stop = (np.searchsorted(row, np.arange(len(text)), side) for side in ("left", "right"))
        alone = verdict.keep | (first == stop)
        return replace(verdict, duplicate_of=of.take(pa.array(np.where(alone, 0, first), mask=alone)))

    def _too_short(self, after: pa.Array, touched: Int64s) -> dict[str, Flags]:
        """Of the texts that were cut, which are dropped."""
        short = {name: np.zeros(len(after), np.bool_) for name in ("nothing_left", "too_few_words_left")}
        texts = after.take(pa.array(touched))
        short["nothing_left"][touched] = pc.binary_length(pc.utf8_trim_whitespace(texts)).to_numpy() == 0
        if self.min_words_left:  # 5 s of compiling that most recipes need not wait for
            words = np.diff(symbols_of(text_of(texts), True).offsets)
            short["too_few_words_left"][touched] = words < self.min_words_left
        return short

    def _found(self, batch: pa.RecordBatch, text: Text) -> tuple[Int64s, Int64s, Int64s, pa.Array]:
        """Row, start and end (in bytes) of spans that neither overlap nor touch, and whom the first part repeats."""
        address = batch.column(ADDR).to_numpy()
        first, stop = (np.searchsorted(self._address, address, side) for side in ("left", "right"))
        rows = np.flatnonzero(stop > first)
        counts = (stop - first)[rows]
        spans = self._spans.take(
            pa.array(np.repeat(first[rows] - np.cumsum(counts) + counts, counts) + np.arange(counts.sum()))
        )
        asked = symbols_of(text_of(batch.column("text").take(pa.array(rows))), self.min_words is not None)
        start, end = (spans.column(name).to_numpy() for name in ("start", "end"))
        row, start, end, part = asked.merged(np.repeat(np.arange(len(rows)), counts), start, end)
        return rows[row], start, end, spans.column("of").combine_chunks().take(pa.array(part))
