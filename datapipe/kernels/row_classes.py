"""Which classes of code points stand in a text."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.decode import class_at
from datapipe.kernels.jit import kernel

Bytes = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint16]
Int64s = npt.NDArray[np.int64]


@kernel
def row_classes(offsets: Int64s, data: Bytes, classes: Table, out: Table) -> None:
    """The classes of all code points beyond ASCII of every text, or-ed."""
    for d in range(len(offsets) - 1):
        i = offsets[d]
        found = 0
        while i < offsets[d + 1]:
            if data[i] < 128:
                i += 1
                continue
            kind, size = class_at(data, i, classes)
            found |= kind
            i += size
        out[d] = found
