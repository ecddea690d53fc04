"""Where a SentencePiece model's text may be cut without a change: between code points that stand together in no piece.

White space is a blank here, whatever the model's own sign for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pair_tables import MULTIPLIER
from datapipe.kernels.jit import inlined
from datapipe.kernels.piece_tables import ASCII_PAIRS, NO_NODE

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@inlined
def point_at(data: Bytes, i: int) -> tuple[int, int]:
    """The code point at i, and how many bytes it has."""
    b = int(data[i])
    if b < 128:
        return b, 1
    if b < 224:
        return (b & 31) << 6 | (int(data[i + 1]) & 63), 2
    point = (int(data[i + 1]) & 63) << 6 | (int(data[i + 2]) & 63)
    if b < 240:
        return (b & 15) << 12 | point, 3
    return (b & 7) << 18 | point << 6 | (int(data[i + 3]) & 63), 4


@inlined
def joined(a: int, b: int, joints: Bytes) -> bool:
    """Whether a piece may have these neighbours."""
    if a < 128 and b < 128:
        bit = a << 7 | b
    else:
        key = (np.uint64(a) << np.uint64(32) | np.uint64(b)) * MULTIPLIER >> np.uint64(32)
        bit = ASCII_PAIRS + (int(key) & ((len(joints) << 3) - ASCII_PAIRS - 1))
    return bool(joints[bit >> 3] >> (bit & 7) & 1)


@inlined
def word_end(data: Bytes, i: int, stop: int, joints: Bytes) -> int:
    """Where the stretch from i on ends that must be looked at as a whole."""
    a, size = point_at(data, i)
    i += size
    while i < stop:
        b, size = point_at(data, i)
        if not joined(a, b, joints):
            break
        i += size
        a = b
    return i


@inlined
def child(node: int, byte: int, dense: Int32s, firsts: Int32s, labels: Bytes) -> int:
    """The node of a trie to which a byte leads, or NO_NODE."""
    if node << 8 < len(dense):
        return int(dense[node << 8 | int(byte)])
    low = int(firsts[node])
    high = int(firsts[node + 1])
    while high - low > 8:
        middle = (low + high) >> 1
        if labels[middle] <= byte:
            low = middle
        else:
            high = middle
    while low < high:
        if labels[low] == byte:
            return low
        low += 1
    return NO_NODE


@inlined
def longest(
    data: Bytes, i: int, stop: int, dense: Int32s, firsts: Int32s, labels: Bytes, pieces: Int32s
) -> tuple[int, int]:
    """The longest piece of a trie at i: its id (-1: none) and where it ends."""
    node = 0
    piece = -1
    end = i
    while i < stop:
        node = child(node, data[i], dense, firsts, labels)
        if node == NO_NODE:
            break
        i += 1
        if pieces[node] >= 0:
            piece = int(pieces[node])
            end = i
    return piece, end
