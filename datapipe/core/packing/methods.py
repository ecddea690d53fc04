"""Three ways to put documents into sequences of one length."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.packing import best_fit, fit_and_crop, leaves

Int64s = npt.NDArray[np.int64]


class Spans(NamedTuple):
    """Parts of documents, in the order of reading: tokens `start` to `end` (not empty) of the document in `row`."""

    row: Int64s
    start: Int64s
    end: Int64s

    @property
    def sizes(self) -> Int64s:
        """Tokens of each."""
        return self.end - self.start

    def take(self, places: npt.NDArray[Any]) -> Spans:
        """Those at these places, or where a mask is True."""
        return Spans(*(column[places] for column in self))

    def followed_by(self, others: Spans) -> Spans:
        """These, and then those."""
        return Spans(*(np.concatenate(columns) for columns in zip(self, others, strict=True)))


NONE = Spans(*(np.zeros(0, np.int64),) * 3)


class Packed(NamedTuple):
    """Parts of documents in the order in which they are laid, and the number of the sequence that each stands in."""

    spans: Spans
    sequence: Int64s


def concatenated(spans: Spans, length: int) -> Packed:
    """One after another without a gap, cut wherever a sequence is full; the last sequence may be shorter."""
    ends = np.cumsum(spans.sizes)
    starts = ends - spans.sizes
    total = int(ends[-1]) if len(ends) else 0
    cuts = np.union1d(starts, np.arange(0, total, length))
    at = np.searchsorted(starts, cuts, "right") - 1
    first = spans.start[at] + cuts - starts[at]
    return Packed(Spans(spans.row[at], first, first + np.diff(cuts, append=total)), cuts // length)


def best_fitted(spans: Spans, length: int, fillers: Spans = NONE) -> Packed:
    """Best-fit decreasing: cut only what is longer than a sequence, into full sequences and a rest (Ding et al. 2024).

    Sequences stand in the order of the first document in each, documents in them in the order of reading: what trains
    next to what does not depend on how long it is. `fillers` go, whole, where there is space left, or nowhere.
    """
    parts = -(-spans.sizes // length)
    of = np.repeat(np.arange(len(parts)), parts)
    start = spans.start[of] + (np.arange(len(of)) - np.repeat(np.cumsum(parts) - parts, parts)) * length
    cut = Spans(spans.row[of], start, np.minimum(start + length, spans.end[of]))
    longest = np.concatenate([_longest(cut), len(of) + _longest(fillers)])
    pieces = cut.followed_by(fillers)
    bins = np.empty(len(longest), np.int64)
    bins[longest] = best_fit(pieces.sizes[longest], len(of), length, leaves(length))
    read = np.lexsort((pieces.start, pieces.row))
    read = read[bins[read] >= 0]
    _, first, of_bin = np.unique(bins[read], return_index=True, return_inverse=True)
    sequence = np.argsort(np.argsort(first))[of_bin] if len(read) else bins[read]
    order = np.argsort(sequence, kind="stable")
    return Packed(pieces.take(read[order]), sequence[order])


def _longest(spans: Spans) -> Int64s:
    return np.argsort(-spans.sizes, kind="stable")


def bos_aligned(spans: Spans, length: int, buffer: int) -> Packed:
    """Every sequence begins with a document's beginning and is full: the longest that fits, else the shortest, cropped.

    What is longer than a sequence fills one of its own.
    """
    sizes = np.minimum(spans.sizes, length)
    order, sequence, taken = fit_and_crop(sizes, length, leaves(length), buffer)
    laid = spans.take(order)
    return Packed(Spans(laid.row, laid.start, laid.start + taken), sequence)
