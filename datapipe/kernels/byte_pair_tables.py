"""The tables that byte-pair encoding looks into, built by numpy: a kernel would compile for longer than they take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

NO_RANK, NO_PAIR, FREE = 0x7FFFFFFF, np.uint64(0xFFFFFFFFFFFFFFFF), -1
MULTIPLIER, MIX = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)


class Merges(NamedTuple):
    """What a model merges, and what it knows whole.

    letters        the token of each byte
    pairs, values  open addressing by pair: its rank, and the token it becomes
    slots          open addressing by piece: tokens that are taken whole, without merging; empty if pieces are always merged
    starts, bytes  token t is bytes[starts[t]:starts[t + 1]]
    """

    letters: Int32s
    pairs: Keys
    values: Int32s
    slots: Int32s
    starts: Int64s
    bytes: Bytes


def merges_of(letters: Sequence[int], pairs: npt.NDArray[np.int64], spelled: Sequence[bytes] = ()) -> Merges:
    """The tables of a model.

    pairs    rows of left token, right token, merged token, rank; of equal pairs the last counts
    spelled  the bytes of every token, where pieces that are tokens are taken whole
    """
    keys = pairs[:, 0].astype(np.uint64) << np.uint64(32) | pairs[:, 1].astype(np.uint64)
    keys, rows = np.unique(keys[::-1], return_index=True)
    pairs = pairs[::-1][rows]
    with np.errstate(over="ignore"):
        owners = placed(((keys + np.uint64(1)) * MULTIPLIER >> np.uint64(32)).astype(np.int64))
    taken = owners != FREE
    table = np.where(taken, keys[owners], NO_PAIR)
    values = np.full((len(table), 2), NO_RANK, np.int32)
    values[taken, 0] = pairs[owners[taken], 3]
    values[taken, 1] = pairs[owners[taken], 2]
    starts = np.zeros(len(spelled) + 1, np.int64)
    np.cumsum([len(token) for token in spelled], out=starts[1:])
    known = np.flatnonzero(np.diff(starts)).astype(np.int32)
    slots = np.empty(0, np.int32)
    if len(known):
        owners = placed(np.array([_hash(spelled[token]) for token in known.tolist()]))
        slots = np.where(owners == FREE, np.int32(FREE), known[owners])
    letters_of = np.frombuffer(b"".join(spelled), np.uint8).copy()
    return Merges(np.array(letters, np.int32), table, values, slots, starts, letters_of)


def placed(hashes: Int64s) -> Int64s:
    """A table, at most half full, whose slots name the entries that stand there, each in the first free one from its hash on."""
    owners = np.full(max(4, 1 << (2 * len(hashes)).bit_length()), FREE, np.int64)
    entries, places = np.arange(len(hashes)), hashes
    while len(entries):
        places = places & (len(owners) - 1)
        free = owners[places] == FREE
        owners[places[free]] = entries[free]  # of several for one slot the last is written
        left = owners[places] != entries
        entries, places = entries[left], places[left] + 1
    return owners


def _hash(piece: bytes) -> int:
    """`kept_pieces.hash_of_piece`, in Python."""
    h = len(piece)
    for byte in piece:
        h = (h + byte) * int(MULTIPLIER) & (1 << 64) - 1
    return (((h ^ h >> 29) * int(MIX)) & (1 << 64) - 1) >> 24
