"""Where a SentencePiece model's text may be cut without a change: between code points that stand together in no piece.

White space is a blank here, whatever the model's own sign for it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pair_tables import MULTIPLIER
from datapipe.kernels.jit import inlined
from datapipe.kernels.piece_tables import ASCII_PAIRS, NO_EDGE

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@inlined
def point_at(data: Bytes, i: int) -> tuple[int, int]:
    """The code point at i, and how many bytes it has."""
    b = np.int64(data[i])
    if b < 128:
        return b, 1
    if b < 224:
        return (b & 31) << 6 | (np.int64(data[i + 1]) & 63), 2
    point = (np.int64(data[i + 1]) & 63) << 6 | (np.int64(data[i + 2]) & 63)
    if b < 240:
        return (b & 15) << 12 | point, 3
    return (b & 7) << 18 | point << 6 | (np.int64(data[i + 3]) & 63), 4


@inlined
def joined(a: int, b: int, joints: Bytes) -> bool:
    """Whether a piece may have these neighbours."""
    if a < 128 and b < 128:
        bit = a << 7 | b
    else:
        key = (np.uint64(a) << np.uint64(32) | np.uint64(b)) * MULTIPLIER >> np.uint64(32)
        bit = ASCII_PAIRS + (np.int64(key) & ((len(joints) << 3) - ASCII_PAIRS - 1))
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
def child(node: int, byte: int, edges: Int64s, children: Int32s) -> int:
    """The node to which a byte leads, or NO_EDGE."""
    key = np.int64(node) << 8 | np.int64(byte)
    mask = len(edges) - 1
    slot = np.int64((np.uint64(key) + np.uint64(1)) * MULTIPLIER >> np.uint64(32)) & mask
    while edges[slot] != key:
        if edges[slot] == NO_EDGE:
            return NO_EDGE
        slot = (slot + 1) & mask
    return int(children[slot])


@inlined
def longest(data: Bytes, i: int, stop: int, edges: Int64s, children: Int32s, pieces: Int32s) -> tuple[int, int]:
    """The longest piece of a trie at i: its id (-1: none) and where it ends."""
    node = 0
    piece = -1
    end = i
    while i < stop:
        node = child(node, data[i], edges, children)
        if node == NO_EDGE:
            break
        i += 1
        if pieces[node] >= 0:
            piece = int(pieces[node])
            end = i
    return piece, end
