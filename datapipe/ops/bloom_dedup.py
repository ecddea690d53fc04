"""De-duplication by the share of word n-grams seen before, in a Bloom filter: lines are cut, documents dropped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, PrivateAttr, model_validator

from datapipe.arrow.text import column_of, text_of, valid_of
from datapipe.core.columns import ADDR
from datapipe.core.dedup.preference import Preference
from datapipe.core.errors import RunFailed
from datapipe.core.operator import Filter
from datapipe.core.segmenters import Segmented
from datapipe.core.spans import no_spans, spans_column
from datapipe.core.verdict import Verdict
from datapipe.kernels.bloom import (
    BLOCK,
    MOST_BLOCKS,
    blocks_for,
    empty_filter,
    keys_and_functions,
    realised_rate,
    screen,
)
from datapipe.kernels.classes import class_table
from datapipe.kernels.hashing import BASE
from datapipe.kernels.line_ngrams import line_ngrams
from datapipe.kernels.line_spans import line_spans
from datapipe.kernels.spans import cut_spans
from datapipe.kernels.words import abbreviations

Int64s = npt.NDArray[np.int64]

CHUNK = 1 << 22  # n-grams screened at once: 32 MB
DOCUMENT = -1  # in place of a line
HASH, COUNT = np.dtype(np.uint64), np.dtype(np.uint32)


class BloomDedup(Segmented, Preference):
    """Cut lines, and drop documents, of whose word n-grams at least `threshold` were seen before, by a Bloom filter.

    As BFF, which made DCLM-Baseline (mlfoundations/dclm, dedup/bff/src/main.rs: n-grams of 13, threshold 0.8, rate 0.01;
    `both` is its `old-both`). Documents are taken one after another, the best first (by default as they were read), lines
    one after another. A line whose n-grams the filter holds to `threshold` goes; the n-grams of the others are put in. A
    document goes as `duplicate` if the n-grams seen are `threshold` of all in its lines, or as `empty` if no line is
    left; lines of fewer words than `min_ngram` are neither judged nor counted, and stay.

    BFF fills its filter in the order of threads and files it shuffles; here the order is that of reading, and any number
    of workers gives the same bytes: they hash the n-grams (8 bytes each on disk), one task screens them, 17 million a
    second. Other than BFF:
    a share equal to the threshold goes, as in its mode `both` and in Dolma (allenai/dolma, src/deduper.rs); words are
    ours, punctuation among them, not Unicode's; the first line goes with the newline after it, the others with the one
    before. A filter remembers no documents, so nothing names the one that held an n-gram before.
    """

    name: ClassVar[str] = "bloom_dedup"
    partition_by: ClassVar[str] = "key"
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}
    examples = ({"ngram": 5, "min_ngram": 1}, {"remove": "document"}, {"remove": "paragraph", "expected_ngrams": 10**6})

    remove: Literal["paragraph", "document", "both"] = Field(
        "both", description="what goes: lines (what the field calls paragraphs here), whole documents, or both"
    )
    ngram: int = Field(13, ge=1, description="words of an n-gram")
    min_ngram: int | None = Field(
        None,
        ge=1,
        description="a line of fewer words than `ngram` and at least so many is one n-gram; null: as `ngram`",
    )
    threshold: float = Field(0.8, gt=0, le=1, description="smallest share of n-grams seen before that goes")
    fpr: float = Field(
        0.01,
        ge=1e-9,
        le=0.1,
        description="largest share of new n-grams that the filter may take for seen (false positives)",
    )
    expected_ngrams: int | None = Field(
        None,
        ge=1,
        description="n-grams for which memory is planned; the run fails if more make the rate exceed `fpr`. null: as many "
        "as the corpus has, counted before the filter is made",
    )
    memory_gb: float | None = Field(
        None,
        gt=0,
        description="most GB that the filter may take; if it needs more nothing is screened. null: what it needs",
    )

    @model_validator(mode="after")
    def _least(self) -> BloomDedup:
        if self.min_ngram is not None and self.min_ngram > self.ngram:
            raise ValueError(f"min_ngram: {self.min_ngram} is more than ngram: {self.ngram}")
        if self.expected_ngrams and (problem := self._too_large(self.expected_ngrams)):
            raise ValueError(problem)
        return self

    def _too_large(self, ngrams: int) -> str | None:
        """A sentence if the filter for so many n-grams may not be made."""
        size = blocks_for(ngrams, self.fpr) * BLOCK / 8e9
        most = min(self.memory_gb or np.inf, MOST_BLOCKS * BLOCK / 8e9)
        if size <= most:
            return None
        return f"{ngrams:,} n-grams at fpr: {self.fpr:g} need {size:.3g} GB, more than {most:.3g} (memory_gb); take a larger fpr"

    def columns_read(self) -> tuple[str, ...]:
        """Text, the columns that decide, and the language where segmenters are named."""
        return tuple(dict.fromkeys((*super().columns_read(), *self.deciding())))

    def remarks(self) -> tuple[str, ...]:
        """The filter's size."""
        keys, functions = keys_and_functions(self.fpr)
        ngrams = self.expected_ngrams or 10**9
        size = blocks_for(ngrams, self.fpr) * BLOCK / 8e9
        plan = (
            f"planned for {ngrams:,} n-grams"
            if self.expected_ngrams
            else f"sized by the corpus; for {ngrams:,} n-grams"
        )
        return (
            f"Bloom filter {plan} {size:.3g} GB of memory ({BLOCK / keys:.1f} bits an n-gram, {functions} hash functions): "
            f"at most {self.fpr:g} of new n-grams are taken for seen",
        )

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The n-gram hashes of each document that has some, and how many each line has."""
        text = text_of(batch.column("text"))
        size = int(text.offsets[-1] - text.offsets[0])
        hashes = np.empty(size, np.uint64)  # pages that are never touched cost nothing
        counts = np.empty(size + len(text), np.uint32)
        ends = np.zeros((2, len(text) + 1), np.int64)
        line_ngrams(
            text.offsets,
            text.data,
            class_table(),
            abbreviations(),
            self.breaks(batch, text),
            self.ngram,
            self.min_ngram or self.ngram,
            self.remove != "document",
            hashes,
            counts,
            ends,
        )
        columns = {
            ADDR: batch.column(ADDR),
            "key": pa.array(batch.column(ADDR).to_numpy() * BASE),  # Fibonacci hashing: the top bits are even
            **self.preference(batch),
            "hashes": _packed(ends[0], hashes),
            "counts": _packed(ends[1], counts),
        }
        return pa.RecordBatch.from_pydict(columns).filter(pa.array(np.diff(ends[0]) > 0))

    def reduce(self, part: pa.Table) -> pa.Table:
        """The documents as they are: only in their order can the filter be filled."""
        return part.drop_columns(["key"])

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """Lines that go, and documents (line -1), with the share of their n-grams that was seen; by address and line."""
        batches = [batch for part in parts for batch in part.to_batches() if batch.num_rows]
        total = sum(len(_unpacked(batch.column("hashes"), HASH)[0]) for batch in batches)
        planned = self.expected_ngrams or total
        if problem := self._too_large(planned):
            raise RunFailed(f"bloom_dedup: {problem}")
        bits, functions = empty_filter(blocks_for(planned, self.fpr)), keys_and_functions(self.fpr)[1]
        found = [self._screened(bits, functions, documents) for documents in self._in_order(batches)]
        rate = realised_rate(bits, functions)
        if self.expected_ngrams and total > self.expected_ngrams and rate > self.fpr:
            raise RunFailed(
                f"bloom_dedup: the corpus has {total:,} n-grams, expected_ngrams is {self.expected_ngrams:,}: {rate:.3g} of "
                f"new n-grams are taken for seen, more than fpr: {self.fpr:g}; raise expected_ngrams or leave it out"
            )
        return pa.concat_tables([_answer([], [], []), *found]).sort_by([(ADDR, "ascending"), ("line", "ascending")])

    def bind(self, artifact: pa.Table) -> Filter:
        """Cuts and drops what was found."""
        found = SeenBefore()
        found._address, found._line, found._share = (artifact.column(c).to_numpy() for c in (ADDR, "line", "share"))
        return found

    def _in_order(self, batches: list[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """The documents, the best first, a few million n-grams at once; of all there are 40 bytes each in memory."""
        if not batches:
            return
        heads = pa.Table.from_batches(batches, batches[0].schema).select([ADDR, "tier", "rank"])
        order = self.best_first(heads)
        size = np.concatenate([_unpacked(batch.column("hashes"), HASH)[1] for batch in batches])
        of = np.repeat(np.arange(len(batches)), [batch.num_rows for batch in batches])
        first = np.cumsum([0, *(batch.num_rows for batch in batches)])
        chunk = np.cumsum(size[order]) // CHUNK
        for rows in np.split(order, np.flatnonzero(np.diff(chunk)) + 1):
            by_batch = np.argsort(of[rows], kind="stable")
            borders = np.flatnonzero(np.diff(of[rows[by_batch]], prepend=-1))
            parts = [
                _rows(batches[of[some[0]]], some - first[of[some[0]]]) for some in np.split(rows[by_batch], borders[1:])
            ]
            documents = pa.Table.from_batches(parts).combine_chunks().to_batches()[0]
            yield _rows(documents, np.argsort(by_batch))

    def _screened(self, bits: npt.NDArray[np.uint64], functions: int, documents: pa.RecordBatch) -> pa.Table:
        """Put documents into the filter, and say what of them goes."""
        counts, lines_of = _unpacked(documents.column("counts"), COUNT)
        lines = np.concatenate([[0], np.cumsum(lines_of)])
        held = documents.column("tier").to_numpy() < len(self.against)
        inserts = held if self.against else np.ones(len(held), np.bool_)
        seen = np.empty(len(counts), np.int64)
        hashes, _ = _unpacked(documents.column("hashes"), HASH)
        screen(bits, functions, hashes, counts, lines, ~held, inserts, self.threshold, seen)
        address = documents.column(ADDR).to_numpy()
        answers = []
        if self.remove != "paragraph":
            share = np.add.reduceat(seen, lines[:-1]) / np.add.reduceat(counts, lines[:-1])
            gone = np.flatnonzero(share >= self.threshold)
            answers.append(_answer(address[gone], np.full(len(gone), DOCUMENT), share[gone]))
        if self.remove != "document":
            share = seen / np.maximum(counts, 1)
            gone = np.flatnonzero(share >= self.threshold)
            row = np.searchsorted(lines, gone, "right") - 1
            answers.append(_answer(address[row], gone - lines[row], share[gone]))
        return pa.concat_tables(answers)


class SeenBefore(Filter):
    """Cuts the lines it was given, and drops the documents it was given or of which nothing is left."""

    reads: ClassVar[tuple[str, ...]] = (ADDR, "text")
    writes: ClassVar[Mapping[str, pa.DataType]] = {"text": pa.large_string()}

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _line: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.int64))
    _share: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row, in the answers about its shard; newlines are looked for in texts that lose some."""
        column = batch.column("text")
        here = batch.column(ADDR).to_numpy()
        begin, end = np.searchsorted(self._address, here, "left"), np.searchsorted(self._address, here, "right")
        rows = np.repeat(np.arange(len(here)), end - begin)
        answer = np.arange(len(rows)) - np.repeat(np.cumsum(end - begin) - end, end - begin)
        line, share = self._line[answer], self._share[answer]
        whole = line == DOCUMENT
        duplicate, overlap = np.zeros(len(here), np.bool_), np.full(len(here), np.nan)
        duplicate[rows[whole]] = True
        overlap[rows[whole]] = share[whole]

        text = text_of(column)
        rows, line = rows[~whole], line[~whole].astype(np.int64)
        if not len(rows):
            left, spans = column, no_spans(len(here))
            empty = np.zeros(len(here), np.bool_)
        else:
            cuts = (rows, *line_spans(text.offsets, text.data, rows, line))
            offsets, data = cut_spans(text.offsets, text.data, *cuts)
            left = column_of(offsets, data, valid_of(column))
            spans = spans_column(text, *cuts, "seen_before")
            empty = np.zeros(len(here), np.bool_)
            cut = np.unique(rows)
            empty[cut] = [not left[int(row)].as_py().strip() for row in cut]
        failed = {"duplicate": duplicate, "empty": empty & ~duplicate}
        return Verdict(len(here), failed, {"overlap": overlap}, {"text": left}, spans=spans)


def _packed(ends: Int64s, values: npt.NDArray[Any]) -> pa.Array:
    """Lists of numbers as bytes: Arrow copies a list number by number, bytes at once (a third of the whole run)."""
    buffers = [None, pa.py_buffer(ends * values.itemsize), pa.py_buffer(values[: ends[-1]])]
    return pa.Array.from_buffers(pa.large_binary(), len(ends) - 1, buffers)


def _unpacked(column: pa.Array, dtype: np.dtype[Any]) -> tuple[npt.NDArray[Any], Int64s]:
    """The numbers of all lists in a row, and how many each has."""
    text = text_of(column)
    return text.data[text.offsets[0] : text.offsets[-1]].view(dtype), text.lengths // dtype.itemsize


def _rows(batch: pa.RecordBatch, rows: Int64s) -> pa.RecordBatch:
    """These rows, without a copy where they follow each other."""
    if (np.diff(rows) == 1).all():
        return batch.slice(int(rows[0]), len(rows))
    return batch.take(pa.array(rows))


def _answer(address: npt.ArrayLike, line: npt.ArrayLike, share: npt.ArrayLike) -> pa.Table:
    columns = {ADDR: (address, np.uint64), "line": (line, np.int32), "share": (share, np.float64)}
    return pa.table({name: pa.array(np.asarray(values, dtype)) for name, (values, dtype) in columns.items()})
