"""UTF-8 to classes of code points; Arrow text is always valid UTF-8, so nothing is checked."""

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import HEAD, Classes
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]


@inlined
def class_at(data: Bytes, i: int, classes: Classes) -> tuple[int, int]:
    """Class and byte length of the code point that starts at i."""
    b: Any = np.int64(data[i])
    kind: Any
    if b < 128:
        kind = np.int64(classes[HEAD + b])
        return kind, 1
    if b < 224:
        point = (b & 31) << 6 | (np.int64(data[i + 1]) & 63)
        size = 2
    elif b < 240:
        point = (b & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63)
        size = 3
    else:
        point = (b & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12
        point |= (np.int64(data[i + 2]) & 63) << 6 | (np.int64(data[i + 3]) & 63)
        size = 4
    kind = np.int64(classes[HEAD + (np.int64(classes[point >> 8]) << 8) + (point & 255)])
    return kind, size


@inlined
def entry_at(data: Bytes, i: int, table: Int32s) -> tuple[int, int]:
    """What a table with an entry for each code point says of the one at i, and its bytes."""
    b: Any = np.int64(data[i])
    point: Any = b
    size = 1
    if b >= 240:
        point = (b & 7) << 18 | (np.int64(data[i + 1]) & 63) << 12
        point |= (np.int64(data[i + 2]) & 63) << 6 | (np.int64(data[i + 3]) & 63)
        size = 4
    elif b >= 224:
        point = (b & 15) << 12 | (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63)
        size = 3
    elif b >= 128:
        point = (b & 31) << 6 | (np.int64(data[i + 1]) & 63)
        size = 2
    entry: Any = np.int64(table[point])
    return entry, size


@inlined
def before(data: Bytes, i: int) -> int:
    """Where the code point that ends at i starts."""
    i -= 1
    while data[i] & 0xC0 == 0x80:
        i -= 1
    return i


@inlined
def code_points(data: Bytes, start: int, stop: int) -> int:
    """Number of code points of a slice."""
    n = 0
    for i in range(start, stop):
        n += data[i] & 0xC0 != 0x80
    return n
