"""The tables of a SentencePiece model, built by numpy: a trie of pieces, and which code points stand together in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pair_tables import MULTIPLIER

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]

ASCII_PAIRS = 128 * 128  # bits of their own, which fit into a core's nearest cache
NO_NODE = -1
BORDER = "\U0010ffff"  # a code point that no piece may have


class Trie(NamedTuple):
    """Nodes in the order of their depth, the children of one side by side in the order of their bytes.

    dense   of the root and its children: the node to which each byte leads, or NO_NODE
    firsts  child nodes of v are firsts[v] to firsts[v + 1]
    labels  the byte that leads to a node
    pieces  the id of the piece that ends at a node, or -1
    """

    dense: Int32s
    firsts: Int32s
    labels: Bytes
    pieces: Int32s


def trie_of(pieces: Mapping[bytes, int]) -> Trie:
    """The trie of these pieces; one byte of all of them at a time."""
    spelled = list(pieces)
    ids = np.array([pieces[piece] for piece in spelled], np.int32)
    sizes = np.array([len(piece) for piece in spelled], np.int64)
    starts = np.cumsum(sizes) - sizes
    data = np.frombuffer(b"".join(spelled), np.uint8)
    nodes, levels, count = np.zeros(len(spelled), np.int64), [np.zeros(1, np.int64)], 1
    ends: list[tuple[Int64s, Int32s]] = []
    for depth in range(int(sizes.max(initial=0))):
        left = sizes > depth
        keys, found = np.unique(nodes[left] << 8 | data[starts[left] + depth], return_inverse=True)
        nodes[left] = count + found
        count += len(keys)
        levels.append(keys)
        last = sizes == depth + 1
        ends.append((nodes[last], ids[last]))
    edges = np.concatenate(levels)  # edge k leads to node k; the first to none
    parents = edges[1:] >> 8
    firsts = np.searchsorted(parents, np.arange(count + 1)).astype(np.int32) + np.int32(1)
    of_node = np.full(count, -1, np.int32)
    for where, what in ends:
        of_node[where] = what
    top = 1 + (len(levels[1]) if len(levels) > 1 else 0)
    dense = np.full(top << 8, NO_NODE, np.int32)
    near = np.flatnonzero(parents < top)
    dense[edges[1:][near]] = near + 1
    return Trie(dense, firsts, (edges & 255).astype(np.uint8), of_node)


def joints_of(pieces: Sequence[str]) -> Bytes:
    """Bits of neighbours in a piece: those of ASCII by both, the rest by a hash, so that some others may seem to be joined."""
    text = np.frombuffer(BORDER.join(pieces).encode("utf-32-le"), np.uint32).astype(np.uint64)
    left, right = text[:-1], text[1:]
    inside = (left != ord(BORDER)) & (right != ord(BORDER))
    left, right = left[inside], right[inside]
    narrow = (left < 128) & (right < 128)
    wide = 1 << max(16, (16 * int((~narrow).sum())).bit_length())
    bits = np.zeros(ASCII_PAIRS + wide, np.bool_)
    bits[(left[narrow] << np.uint64(7) | right[narrow]).astype(np.int64)] = True
    with np.errstate(over="ignore"):
        keys = (left[~narrow] << np.uint64(32) | right[~narrow]) * MULTIPLIER >> np.uint64(32)
    bits[ASCII_PAIRS + (keys.astype(np.int64) & (wide - 1))] = True
    return np.packbits(bits, bitorder="little")
