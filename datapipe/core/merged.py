"""What several rows became: others that hold them, or parts of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa


@dataclass(frozen=True)
class Merged:
    """What a window of rows became.

    rows     the new rows: the columns that the operator writes, and no others
    ends     row i was made from the window's rows `members[ends[i - 1]:ends[i]]`, in this order; every row of the window
             is among them
    members  see `ends`
    tallies  name -> number (or names below it): what was counted on the way, summed by source in the manifest
    """

    rows: pa.RecordBatch
    ends: npt.NDArray[np.int64]
    members: npt.NDArray[np.int64]
    tallies: Mapping[str, Any] = field(default_factory=dict)
