"""Sequences as columns: the tokens, which document each is of, where in it, and whether it is learned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.packing.methods import Int64s, Packed
from datapipe.kernels.packing import lay

DOCUMENTS = pa.list_(
    pa.struct([("id", pa.string()), ("start", pa.int64()), ("end", pa.int64()), ("tokens", pa.int64())])
)


class Documents(NamedTuple):
    """Tokens of documents: those of i are `tokens[starts[i]:starts[i + 1]]`.

    leads, tails  1 where BOS and EOS are added
    learned       parallel to tokens, 0: no loss; empty: all are learned
    """

    tokens: npt.NDArray[Any]
    starts: Int64s
    leads: npt.NDArray[np.uint8]
    tails: npt.NDArray[np.uint8]
    learned: npt.NDArray[np.uint8]

    @property
    def sizes(self) -> Int64s:
        """Tokens of each with those added."""
        return np.asarray(np.diff(self.starts) + self.leads + self.tails, np.int64)


class Rules(NamedTuple):
    """What is added and learned; an id of -1: none."""

    bos: int
    eos: int
    pad: int
    skip_first: bool
    skip_eos: bool


class Laid(NamedTuple):
    """Sequences of all lengths, one after another: `length` of each, its tokens, and its pieces (`ends`, `rows`)."""

    length: Int64s
    ids: npt.NDArray[Any]
    segments: npt.NDArray[np.int32]
    positions: npt.NDArray[np.int32]
    mask: npt.NDArray[np.uint8]
    ends: Int64s
    packed: Packed


def documents_of(column: pa.Array, learned: pa.Array | None, bos: int, eos: int) -> Documents:
    """The tokens of a list column; BOS and EOS are added where a document does not begin and end with them."""
    starts = np.concatenate([[0], np.cumsum(list_lengths(column))])
    tokens = column.flatten().to_numpy(zero_copy_only=False)
    filled = np.diff(starts) > 0
    first, last = (np.full(len(filled), -1, np.int64) for _ in range(2))
    first[filled] = tokens[starts[:-1][filled]]
    last[filled] = tokens[starts[1:][filled] - 1]
    weights = np.zeros(0, np.uint8)
    if learned is not None:
        weights = (pc.fill_null(learned.flatten().cast(pa.int64()), 0).to_numpy() != 0).astype(np.uint8)
    return Documents(
        tokens,
        starts,
        ((first != bos) & (bos >= 0)).astype(np.uint8),
        ((last != eos) & (eos >= 0)).astype(np.uint8),
        weights,
    )


def list_lengths(column: pa.Array) -> Int64s:
    """Values of each list; a null one has none."""
    lengths = pc.fill_null(pc.list_value_length(column), 0)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)


def lay_out(documents: Documents, found: Sequence[Packed], lengths: Sequence[int], dtype: Any, rules: Rules) -> Laid:
    """Lay the pieces of each length's sequences into place; what they do not cover is padding, with segment 0."""
    counts = [int(packed.sequence[-1]) + 1 if len(packed.sequence) else 0 for packed in found]
    total = sum(n * length for n, length in zip(counts, lengths, strict=True))
    ids = np.full(total, rules.pad, dtype)
    segments, positions = np.zeros(total, np.int32), np.zeros(total, np.int32)
    mask = np.zeros(total, np.uint8)
    numbers = np.array([rules.bos, rules.eos, rules.skip_first, rules.skip_eos], np.int64)
    tokens = documents.tokens.astype(dtype, copy=False)
    at = 0
    for packed, length, n in zip(found, lengths, counts, strict=True):
        here = slice(at, at + n * length)
        lay(
            _pieces(packed), length, tokens, documents.starts, documents.leads, documents.learned, numbers,
            ids[here], segments[here], positions[here], mask[here],
        )  # fmt: skip
        at += n * length
    before = np.cumsum([0, *counts[:-1]])
    whole = Packed(
        type(found[0].spans)(*(np.concatenate(c) for c in zip(*(packed.spans for packed in found), strict=True))),
        np.concatenate([packed.sequence + first for packed, first in zip(found, before, strict=True)]),
    )
    ends = np.cumsum(np.bincount(whole.sequence, minlength=sum(counts)))
    return Laid(np.repeat(lengths, counts), ids, segments, positions, mask, ends.astype(np.int64), whole)


def _pieces(packed: Packed) -> Int64s:
    """The table that `lay` takes."""
    sizes = packed.spans.sizes
    begins = np.flatnonzero(np.diff(packed.sequence, prepend=-1))  # the first piece of each sequence
    of = np.repeat(np.arange(len(begins)), np.diff(begins, append=len(sizes)))
    before = np.cumsum(sizes) - sizes
    offset, segment = before - before[begins][of], np.arange(len(sizes)) - begins[of] + 1
    return np.stack([*packed.spans, packed.sequence, offset, segment], axis=1)


def documents_column(laid: Laid, names: pa.Array, sizes: Int64s) -> pa.Array:
    """Which documents stand in each sequence: id, from which of its tokens to which, and how many it has."""
    spans = laid.packed.spans
    numbers = [pa.array(column) for column in (spans.start, spans.end, sizes[spans.row])]
    values = [names.take(pa.array(spans.row)).cast(pa.string()), *numbers]
    structs = pa.StructArray.from_arrays(values, fields=list(DOCUMENTS.value_type))
    return pa.ListArray.from_arrays(pa.array(np.concatenate([[0], laid.ends]), pa.int32()), structs)
