"""Sequences of several lengths: which document goes to those of which length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from datapipe.core.packing.methods import NONE, Int64s, Packed, Spans, best_fitted, bos_aligned, concatenated

Method = Literal["concat", "best_fit", "bos_aligned"]


def buckets(sizes: Int64s, lengths: Sequence[int], shares: Sequence[float], draw: npt.NDArray[np.float64]) -> Int64s:
    """The length (as its place in `lengths`, ascending) for each document: one that holds it whole, or the greatest.

    shares  what each length counts for where several hold a document, which then is drawn by its number in [0, 1)
    """
    least = np.minimum(np.searchsorted(lengths, sizes), len(lengths) - 1).astype(np.int64)
    if not len(shares):
        return least
    ends = np.cumsum(shares)
    before = ends[least] - np.asarray(shares)[least]
    place = np.searchsorted(ends, before + draw * (ends[-1] - before), "right")
    return np.asarray(np.clip(place, least, len(lengths) - 1), np.int64)


def packed_by_length(spans: Spans, bucket: Int64s, lengths: Sequence[int], method: Method, buffer: int) -> list[Packed]:
    """The sequences of each length, made from the greatest down so that padding is left at the least one only.

    What concat leaves below a full sequence goes on in those of the next length down; what best_fit leaves open is filled
    with documents that shorter sequences would hold (or 9 % of the places at 8,192 would be padding beside 2,048).
    """
    carried = NONE
    open_ = np.ones(len(bucket), np.bool_)
    found = []
    for place in range(len(lengths) - 1, -1, -1):
        length, mine = lengths[place], spans.take(open_ & (bucket == place))
        if method == "concat":
            mine = carried.followed_by(mine)
            packed = concatenated(mine, length)
            if place:
                full = packed.sequence < int(mine.sizes.sum()) // length
                carried = packed.spans.take(~full)
                packed = Packed(packed.spans.take(full), packed.sequence[full])
        elif method == "best_fit":
            packed = best_fitted(mine, length, spans.take(open_ & (bucket < place)) if place else NONE)
            open_[packed.spans.row] = False
        else:
            packed = bos_aligned(mine, length, buffer)
        found.append(packed)
    return found[::-1]
