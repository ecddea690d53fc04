"""Where rows go in a stream that is ordered anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.core.verdict import Verdict

SEGMENT, AT = "_segment", "_at"  # columns of placed rows on their way to their shards


@dataclass(frozen=True)
class Segment:
    """A stretch of the stream that begins a shard and a published part of its own, such as a stage of a curriculum.

    share  of the bytes that come to the step, about (above 1 where copies make more of them): when the recipe is
           compiled, shards are counted by it
    """

    name: str
    share: float


@dataclass(frozen=True)
class Placed:
    """Where the rows of a batch go.

    verdict  rows that have no place are dropped by it: a row fails exactly if it is not among `parents`
    parents  for each place the row of the batch that goes there, not decreasing
    segment  for each place the number of its segment, from 0
    at       for each place where in its segment it lies, as a share of 2^64, spread evenly: a shard of the stream is a
             fixed stretch of them. Equal places stand in the order of their ids, then of their sources
    columns  column name -> new values, one for each place (the stage's name, the epoch)
    tallies  name -> number (or names below it): what the manifest tells of the step, summed over all batches
    """

    verdict: Verdict
    parents: npt.NDArray[np.int64]
    segment: npt.NDArray[np.int64]
    at: npt.NDArray[np.uint64]
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    tallies: Mapping[str, Any] = field(default_factory=dict)
