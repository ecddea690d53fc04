"""Exact de-duplication: one document of each text stays, the others name it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from pydantic import Field, PrivateAttr

from datapipe.arrow.text import text_of
from datapipe.core.columns import ADDR
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.dedup.urls import normal_url
from datapipe.core.keys import begins, locate
from datapipe.core.operator import Filter
from datapipe.core.verdict import Verdict
from datapipe.kernels.fold import fold_text, lower_table


class ExactDedup(Remembering):
    """Keep one document of every text (or URL, or value of a column), by a 128-bit hash; the others are dropped as `duplicate`.

    Two different texts among 10^9 share a hash (xxh3) with probability below 10^-20. Memory is bounded: hashes are
    partitioned by their top bits. Documents whose normalised text is empty, whose URL or value is null, are kept: they
    say nothing of each other.
    """

    name: ClassVar[str] = "exact_dedup"
    version: ClassVar[int] = 2
    reads: ClassVar[tuple[str, ...]] = ("text", "id")
    partition_by: ClassVar[str] = "high"
    same: ClassVar[tuple[str, ...]] = ("high", "low")

    by: str = Field(
        "text",
        description="what is compared: text; url, without scheme, `www.`, fragment and last slash; or any other column",
    )
    ignore: tuple[Literal["case", "whitespace", "punctuation"], ...] = Field(
        ("case", "whitespace"),
        description="what makes no difference in a text: letter case; runs of white space and those at the ends; ASCII "
        "punctuation",
    )

    def columns_read(self) -> tuple[str, ...]:
        """What is compared, id, and the columns that decide."""
        return tuple(dict.fromkeys((self.by, "id", *self.deciding())))

    def check(self, schema: pa.Schema) -> str | None:
        """Lists and structs are not compared."""
        dtype = schema.field(self.by).type
        if pa.types.is_nested(dtype):
            return f"by: the column {self.by} is {dtype}, expected text, a number, a time or a truth value"
        return super().check(schema)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hash, preference and id of each document that has something to compare."""
        halves, used = self._hashes(batch)
        columns = {
            ADDR: batch.column(ADDR),
            "high": pa.array(halves[:, 0]),
            "low": pa.array(halves[:, 1]),
            **self.preference(batch),
            "id": batch.column("id"),
        }
        found = pa.RecordBatch.from_pydict(columns)
        return found if used.all() else found.filter(pa.array(used))

    def reduce(self, part: pa.Table) -> pa.Table:
        """Every document but the best of its text, with the id of that one."""
        high, low, tier = (part.column(name).to_numpy() for name in ("high", "low", "tier"))
        order = self.best_first(part, low, high)
        gone, first = self.dropped(begins(high[order], low[order]), tier[order])
        twins = part.column("id").combine_chunks().take(pa.array(order[first[gone]]))
        return pa.table({ADDR: part.column(ADDR).take(pa.array(order[gone])), "duplicate_of": twins})

    def bind(self, artifact: pa.Table) -> Filter:
        """Drops the documents found."""
        found = Duplicates()
        found._address = artifact.column(ADDR).to_numpy()
        found._twin = artifact.column("duplicate_of").combine_chunks()
        return found

    def _hashes(self, batch: pa.RecordBatch) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
        """The 128 bits of each row in two numbers, and which rows have something to compare."""
        column = batch.column(self.by)
        used = np.asarray(column.is_valid().to_numpy(zero_copy_only=False))
        if self.by == "url":
            column = pa.array([normal_url(url) for url in column.fill_null("").to_pylist()], pa.large_string())
        elif self.by != "text":
            column = pc.cast(column, pa.large_string())
        offsets, data = text_of(column)
        if self.by == "text":
            ignored = (name in self.ignore for name in ("case", "whitespace", "punctuation"))
            offsets, data = fold_text(offsets, data, lower_table(), *ignored)
        if self.by in ("text", "url"):
            used &= np.diff(offsets) > 0
        return _hashes(offsets, data), used


class Duplicates(Filter):
    """Drops the rows whose addresses it was given, naming each one's kept twin."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _twin: Any = PrivateAttr(default_factory=lambda: pa.array([], pa.string()))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        here = batch.column(ADDR).to_numpy()
        at, hit = locate(self._address, here)
        twins = self._twin.take(pa.array(at, mask=~hit)) if hit.any() else pa.nulls(len(here), pa.string())
        return Verdict(batch.num_rows, {"duplicate": hit}, duplicate_of=twins)


def _hashes(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    view = data.data
    digest = xxhash.xxh3_128_digest
    raw = b"".join(digest(view[a:b]) for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True))
    return np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64)
