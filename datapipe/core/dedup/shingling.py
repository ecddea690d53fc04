"""What near-duplicates are compared by: the parameters that make shingles, and the shingles of a batch."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from datapipe.arrow.text import text_of
from datapipe.core.keys import splitmix
from datapipe.core.segmenters import Segmented
from datapipe.kernels.classes import class_table
from datapipe.kernels.shingles import fold_table, shingle_text, shingle_tokens

TOKENS = "tokens"  # the column of `unit: tokens`, a list of integers


class Shingles(NamedTuple):
    """Row i has `values[offsets[i]:offsets[i + 1]]`, one for each n-gram, in the order of the text.

    A row of at most one n-gram has none, but in `short` the 64-bit hash of all it holds: 0 if that is nothing.
    """

    offsets: npt.NDArray[np.int64]
    values: npt.NDArray[np.uint32]
    short: npt.NDArray[np.uint64]


class Sets(NamedTuple):
    """Row i has the distinct shingles `values[offsets[i]:offsets[i + 1]]`, ascending; equal `digest`: equal documents."""

    offsets: npt.NDArray[np.int64]
    values: npt.NDArray[np.uint32]
    digest: npt.NDArray[np.uint64]


class Shingled(Segmented):
    """What operators on shingles have in common: n-grams of words, characters or tokens, as 32-bit hashes."""

    ngram: int = Field(5, ge=1, description="length of a shingle, in units")
    unit: Literal["words", "chars", "tokens"] = Field(
        "words",
        description="what n-grams are of: words (runs of letters, marks and digits; a written syllable in scripts without "
        "spaces), chars (code points; a run of white space is one), or tokens (column `tokens`, a list of integers)",
    )
    ignore: tuple[Literal["case", "punctuation", "digits", "accents"], ...] = Field(
        ("case", "punctuation"),
        description="what makes no difference: letter case; punctuation and symbols (else each is a word); which digit it is; "
        "marks on letters (NFD, as FineWeb). White space never makes one",
    )

    def columns_read(self) -> tuple[str, ...]:
        """Text or tokens, and the language where it decides on segmenters."""
        if self.unit == "tokens":
            return (TOKENS,)
        return ("text", "lang") if self.segmenters else ("text",)

    def check(self, schema: pa.Schema) -> str | None:
        """Tokens are lists of integers."""
        if self.unit == "tokens":
            dtype = schema.field(TOKENS).type
            lists = pa.types.is_list(dtype) or pa.types.is_large_list(dtype)
            if not lists or not pa.types.is_integer(dtype.value_type):
                return f"unit: the column {TOKENS} is {dtype}, expected a list of integers"
        return super().check(schema)

    def shingles(self, batch: pa.RecordBatch) -> Shingles:
        """The shingles of each row."""
        if self.unit == "tokens":
            lists = batch.column(TOKENS).cast(pa.large_list(pa.int64())).fill_null([])
            offsets, values = lists.offsets.to_numpy(), lists.values.to_numpy()
            return Shingles(*shingle_tokens(_mutable(offsets), _mutable(values), self.ngram))
        text = text_of(batch.column("text"))
        folds = fold_table("case" in self.ignore, "digits" in self.ignore, "accents" in self.ignore)
        breaks = self.breaks(batch, text)
        signs = "punctuation" not in self.ignore
        words = self.unit == "words"
        return Shingles(*shingle_text(*text, class_table(), folds, signs, breaks, self.ngram, words))


def sets_of(shingles: Shingles) -> Sets:
    """The distinct shingles of each row; documents of at most one shingle have none, and are equal where `short` is."""
    rows = len(shingles.short)
    row = np.repeat(np.arange(rows, dtype=np.uint64), np.diff(shingles.offsets))
    both = np.sort(row << np.uint64(32) | shingles.values)  # np.unique, which hashes, takes a hundred times as long
    both = both[np.diff(both, prepend=~both[:1]) != 0]
    counts = np.bincount((both >> np.uint64(32)).astype(np.int64), minlength=rows)
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(counts)])
    values = both.astype(np.uint32)
    sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(splitmix(values.astype(np.uint64)))])
    return Sets(offsets, values, splitmix(sums[offsets[1:]] - sums[offsets[:-1]]) ^ shingles.short)


def _mutable(values: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """A copy: Numba would compile again for arrays that may not be written."""
    return np.array(values, np.int64)
