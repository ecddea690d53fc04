"""Exact de-duplication: one document of each text stays, the others name it."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from pydantic import Field, PrivateAttr, field_validator

from datapipe.arrow.text import text_of
from datapipe.core.columns import ADDR
from datapipe.core.operator import Filter, Global
from datapipe.core.verdict import Verdict
from datapipe.kernels.fold import fold_text, lower_table

Order = Literal["asc", "desc"]


class ExactDedup(Global):
    """Keep one document of every normalised text, by a 128-bit hash (xxh3); the others are dropped as `duplicate`.

    Two different texts among 10^9 share a hash with probability below 10^-20. Memory is bounded: hashes are
    partitioned by their top bits. Documents whose normalised text is empty are kept: they say nothing of each other.
    """

    name: ClassVar[str] = "exact_dedup"
    partition_by: ClassVar[str] = "high"

    ignore: tuple[Literal["case", "whitespace", "punctuation"], ...] = Field(
        ("case", "whitespace"),
        description="what makes no difference: letter case; runs of white space and those at the ends; ASCII punctuation",
    )
    keep: Literal["first", "longest"] | dict[str, Order] = Field(
        "first",
        description="which document stays: the one read first, the longest (in bytes), or {column: desc|asc}; ties: the first",
    )

    @field_validator("keep")
    @classmethod
    def _one_column(cls, value: Any) -> Any:
        if isinstance(value, dict) and len(value) != 1:
            raise ValueError("expected first, longest, or one column and its order, such as {quality: desc}")
        return value

    def columns_read(self) -> tuple[str, ...]:
        """Text, id, and the column that decides."""
        return ("text", "id", *(self.keep if isinstance(self.keep, dict) else ()))

    def check(self, schema: pa.Schema) -> str | None:
        """The deciding column must be a number."""
        if isinstance(self.keep, dict):
            column = next(iter(self.keep))
            dtype = schema.field(column).type
            if not (pa.types.is_integer(dtype) or pa.types.is_floating(dtype)):
                return f"keep: the column {column} is {dtype}, expected a number"
        return None

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hash, rank (the highest stays) and id of each document."""
        text = text_of(batch.column("text"))
        folded = fold_text(
            text.offsets,
            text.data,
            lower_table(),
            "case" in self.ignore,
            "whitespace" in self.ignore,
            "punctuation" in self.ignore,
        )
        halves = _hashes(*folded)
        used = np.flatnonzero(np.diff(folded[0]) > 0)
        columns = [
            batch.column(ADDR),
            pa.array(halves[:, 0]),
            pa.array(halves[:, 1]),
            pa.array(self._rank(batch, text.lengths)),
            batch.column("id"),
        ]
        return pa.RecordBatch.from_arrays(columns, names=[ADDR, "high", "low", "rank", "id"]).take(pa.array(used))

    def reduce(self, part: pa.Table) -> pa.Table:
        """Every document but the best of its text, with the id of that one."""
        address, high, low, rank = (part.column(c).to_numpy() for c in (ADDR, "high", "low", "rank"))
        order = np.lexsort((address, -rank, low, high))  # best first within a text
        high, low = high[order], low[order]
        same = np.zeros(len(order), np.bool_)
        same[1:] = (high[1:] == high[:-1]) & (low[1:] == low[:-1])
        best = np.maximum.accumulate(np.where(same, 0, np.arange(len(order))))
        twins = part.column("id").combine_chunks().take(pa.array(order[best[same]]))
        return pa.table({ADDR: pa.array(address[order[same]], pa.uint64()), "duplicate_of": twins})

    def bind(self, artifact: pa.Table) -> Filter:
        """Drops the documents found."""
        found = Duplicates()
        found._address = artifact.column(ADDR).to_numpy()
        found._twin = artifact.column("duplicate_of").combine_chunks()
        return found

    def _rank(self, batch: pa.RecordBatch, lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        if self.keep == "longest":
            return lengths.astype(np.float64)
        if isinstance(self.keep, dict):
            ((column, order),) = self.keep.items()
            values = pc.cast(batch.column(column), pa.float64()).to_numpy(zero_copy_only=False)
            values = values if order == "desc" else -values
            return np.where(np.isnan(values), -np.inf, values)
        return np.zeros(batch.num_rows)


class Duplicates(Filter):
    """Drops the rows whose addresses it was given, naming each one's kept twin."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _twin: Any = PrivateAttr(default_factory=lambda: pa.array([], pa.string()))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        here = batch.column(ADDR).to_numpy()
        at = np.searchsorted(self._address, here)
        at[at == len(self._address)] = 0
        hit = (self._address[at] == here) if len(self._address) else np.zeros(len(here), np.bool_)
        twins = self._twin.take(pa.array(at, mask=~hit)) if hit.any() else pa.nulls(len(here), pa.string())
        return Verdict(batch.num_rows, {"duplicate": hit}, duplicate_of=twins)


def _hashes(offsets: npt.NDArray[np.int64], data: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    view = data.data
    digest = xxhash.xxh3_128_digest
    raw = b"".join(digest(view[a:b]) for a, b in zip(offsets[:-1].tolist(), offsets[1:].tolist(), strict=True))
    return np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64)
