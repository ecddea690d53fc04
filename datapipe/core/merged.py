"""What several rows became: others that hold them, or parts of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MIXED = "mixed"  # the source of a new row whose members are of several


@dataclass(frozen=True)
class Merged:
    """What a window of rows became.

    rows     the new rows: the columns that the operator writes, and no others
    ends     row i was made from the window's rows `members[ends[i - 1]:ends[i]]`, in this order; every row of the window
             is among them
    members  see `ends`
    tallies  name -> number (or names below it): what was counted on the way, summed by source in the manifest
    by_source  source -> the part of the tallies that is its own, where the window's rows are of several; what is of no
               single one is `mixed`
    """

    rows: pa.RecordBatch
    ends: npt.NDArray[np.int64]
    members: npt.NDArray[np.int64]
    tallies: Mapping[str, Any] = field(default_factory=dict)
    by_source: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def shared(column: pa.Array, ends: npt.NDArray[np.int64], members: npt.NDArray[np.int64]) -> pa.Array:
    """For each new row the value that all its members share, else null; `ends` and `members` as above."""
    codes = column.dictionary_encode()
    number = codes.indices.fill_null(-1).to_numpy(zero_copy_only=False)[members]
    starts = np.concatenate([[0], ends[:-1]])[: len(ends)]
    if not len(ends):
        return pa.nulls(0, column.type)
    low, high = np.minimum.reduceat(number, starts), np.maximum.reduceat(number, starts)
    return codes.dictionary.take(pa.array(low, mask=(low != high) | (low < 0))).cast(column.type)
