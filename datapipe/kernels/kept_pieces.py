"""What pieces of text came to is kept: slots by their hash, in each the newest piece; 19 of 20 pieces are found there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pair_tables import MIX, MULTIPLIER
from datapipe.kernels.jit import inlined

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]

SLOTS, LONGEST, MOST = 1 << 16, 32, 8  # how many are kept, their bytes, their tokens


class Kept(NamedTuple):
    """Pieces and their tokens; `sizes` are bytes (0: free) and tokens."""

    pieces: Bytes
    sizes: Int32s
    tokens: Int32s


def empty_kept(slots: int = SLOTS) -> Kept:
    """Nothing is kept yet."""
    return Kept(np.zeros((slots, LONGEST), np.uint8), np.zeros((slots, 2), np.int32), np.zeros((slots, MOST), np.int32))


@inlined
def hash_of_piece(data: Bytes, i: int, end: int) -> int:
    """40 bits of a piece."""
    h = np.uint64(end - i)
    for k in range(i, end):
        h = (h + np.uint64(data[k])) * MULTIPLIER
    return int((h ^ h >> np.uint64(29)) * MIX >> np.uint64(24))


@inlined
def is_kept(data: Bytes, i: int, size: int, slot: int, pieces: Bytes, sizes: Int32s) -> bool:
    """Whether the piece data[i:i + size] stands in a slot."""
    if sizes[slot, 0] != size:
        return False
    k = 0
    while k < size and pieces[slot, k] == data[i + k]:
        k += 1
    return k == size


@inlined
def keep(
    data: Bytes, i: int, size: int, slot: int, found: Int32s, count: int, pieces: Bytes, sizes: Int32s, tokens: Int32s
) -> None:
    """Put the piece data[i:i + size] and its tokens found[:count] into a slot, if there is room for them."""
    if size > LONGEST or count > MOST:
        return
    sizes[slot, 0] = size
    sizes[slot, 1] = count
    for k in range(size):
        pieces[slot, k] = data[i + k]
    for t in range(count):
        tokens[slot, t] = found[t]
