"""The tables of a SentencePiece model, built by numpy: a trie of pieces, and which code points stand together in one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pair_tables import FREE, MULTIPLIER, placed

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]

ASCII_PAIRS = 128 * 128  # bits of their own, which fit into a core's nearest cache
NO_EDGE = -1
BORDER = "\U0010ffff"  # a code point that no piece may have


class Trie(NamedTuple):
    """Edges by (node, byte) in open addressing; `pieces` has the id of the piece that ends at a node, or -1."""

    edges: Int64s
    children: Int32s
    pieces: Int32s


def trie_of(pieces: Mapping[bytes, int]) -> Trie:
    """The trie of these pieces; one byte of all of them at a time."""
    spelled = list(pieces)
    ids = np.array([pieces[piece] for piece in spelled], np.int32)
    sizes = np.array([len(piece) for piece in spelled], np.int64)
    starts = np.cumsum(sizes) - sizes
    data = np.frombuffer(b"".join(spelled), np.uint8)
    nodes, count = np.zeros(len(spelled), np.int64), 1
    edges: list[Int64s] = []
    at_node: list[tuple[Int64s, Int32s]] = []
    for depth in range(int(sizes.max(initial=0))):
        left = sizes > depth
        keys, found = np.unique(nodes[left] << 8 | data[starts[left] + depth], return_inverse=True)
        nodes[left] = count + found
        count += len(keys)
        edges.append(keys)
        last = sizes == depth + 1
        at_node.append((nodes[last], ids[last]))
    all_edges = np.concatenate([np.empty(0, np.int64), *edges])
    with np.errstate(over="ignore"):
        owners = placed(((all_edges.astype(np.uint64) + np.uint64(1)) * MULTIPLIER >> np.uint64(32)).astype(np.int64))
    taken = owners != FREE
    table, children = np.full(len(owners), NO_EDGE, np.int64), np.zeros(len(owners), np.int32)
    table[taken] = all_edges[owners[taken]]
    children[taken] = owners[taken] + 1  # edge k leads to node k + 1
    ends = np.full(count, -1, np.int32)
    for where, what in at_node:
        ends[where] = what
    return Trie(table, children, ends)


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
