"""Byte-pair encoding of pieces: the pair of the lowest rank is merged until none is left (Sennrich et al. 2016)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.kernels.byte_pair_tables import FREE, MULTIPLIER, NO_PAIR, NO_RANK, Merges
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.kept_pieces import Kept, hash_of_piece, is_kept, keep
from datapipe.kernels.pretokens import pretoken_end

Bytes = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint16]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

SHORT = 1 << 12  # bytes of a piece that there is room for at once
FEW = 40  # symbols: a longer piece takes a heap, since looking through all pairs for every merge is quadratic


@inlined
def pair_slot(left: int, right: int, pairs: Keys) -> int:
    """The slot of a pair, or a free one."""
    key = np.uint64(left) << np.uint64(32) | np.uint64(right)
    mask = len(pairs) - 1
    slot = int((key + np.uint64(1)) * MULTIPLIER >> np.uint64(32)) & mask
    while pairs[slot] != key and pairs[slot] != NO_PAIR:
        slot = (slot + 1) & mask
    return slot


@inlined
def rank_of(left: int, right: int, pairs: Keys, values: Int32s) -> int:
    """The rank of a pair, NO_RANK if it is not merged."""
    return int(values[pair_slot(left, right, pairs), 0])


@inlined
def merge_few(symbols: Int32s, ranks: Int32s, n: int, pairs: Keys, values: Int32s) -> int:
    """Merge symbols[:n] in place, the lowest rank first, of equal ones the leftmost; how many are left."""
    for k in range(n - 1):
        ranks[k] = rank_of(symbols[k], symbols[k + 1], pairs, values)
    while n > 1:
        best = 0
        for k in range(1, n - 1):
            if ranks[k] < ranks[best]:
                best = k
        if ranks[best] == NO_RANK:
            break
        symbols[best] = values[pair_slot(symbols[best], symbols[best + 1], pairs), 1]
        n -= 1
        for k in range(best + 1, n):
            symbols[k] = symbols[k + 1]
            ranks[k] = ranks[k + 1]
        if best > 0:
            ranks[best - 1] = rank_of(symbols[best - 1], symbols[best], pairs, values)
        if best < n - 1:
            ranks[best] = rank_of(symbols[best], symbols[best + 1], pairs, values)
    return n


@inlined
def push(heap: Int64s, n: int, key: int) -> int:
    """Put a key on the heap; its new size."""
    k = n
    while k > 0 and heap[(k - 1) >> 1] > key:
        heap[k] = heap[(k - 1) >> 1]
        k = (k - 1) >> 1
    heap[k] = key
    return n + 1


@inlined
def pop(heap: Int64s, n: int) -> int:
    """Take the least key off the heap, whose size becomes n - 1; it stands at heap[n - 1] then."""
    least = heap[0]
    n -= 1
    key = heap[n]
    k = 0
    while 2 * k + 1 < n:
        child = 2 * k + 1
        if child + 1 < n and heap[child + 1] < heap[child]:
            child += 1
        if heap[child] >= key:
            break
        heap[k] = heap[child]
        k = child
    heap[k] = key
    heap[n] = least
    return n


@inlined
def merge_many(
    symbols: Int32s, nexts: Int32s, befores: Int32s, heap: Int64s, n: int, pairs: Keys, values: Int32s
) -> int:
    """The same with a heap of (rank, place); `heap` needs 3 n places."""
    size = 0
    for k in range(n):
        nexts[k] = k + 1
        befores[k] = k - 1
        if k + 1 < n:
            rank = rank_of(symbols[k], symbols[k + 1], pairs, values)
            if rank != NO_RANK:
                size = push(heap, size, rank << 32 | k)
    while size > 0:
        size = pop(heap, size)
        rank = heap[size] >> 32
        at = heap[size] & 0xFFFFFFFF
        if symbols[at] < 0 or nexts[at] >= n:
            continue
        right = nexts[at]
        slot = pair_slot(symbols[at], symbols[right], pairs)
        if values[slot, 0] != rank:
            continue  # one of the two has been merged since
        symbols[at] = values[slot, 1]
        symbols[right] = -1
        nexts[at] = nexts[right]
        if nexts[at] < n:
            befores[nexts[at]] = at
            rank = rank_of(symbols[at], symbols[nexts[at]], pairs, values)
            if rank != NO_RANK:
                size = push(heap, size, rank << 32 | at)
        if befores[at] >= 0:
            rank = rank_of(symbols[befores[at]], symbols[at], pairs, values)
            if rank != NO_RANK:
                size = push(heap, size, rank << 32 | befores[at])
    left = 0
    at = 0
    while at < n:
        symbols[left] = symbols[at]
        left += 1
        at = nexts[at]
    return left


@inlined
def whole_token(data: Bytes, i: int, end: int, h: int, slots: Int32s, starts: Int64s, spelled: Bytes) -> int:
    """The token spelled as this piece, or FREE."""
    slot = h & (len(slots) - 1)
    while slots[slot] != FREE:
        at = starts[slots[slot]]
        if starts[slots[slot] + 1] - at == end - i:
            k = 0
            while i + k < end and spelled[at + k] == data[i + k]:
                k += 1
            if i + k == end:
                break
        slot = (slot + 1) & (len(slots) - 1)
    return int(slots[slot])


@kernel
def encode(
    offsets: Int64s, data: Bytes, classes: Table, pattern: int, digits: int, letters: Int32s, pairs: Keys, values: Int32s,
    slots: Int32s, starts: Int64s, spelled: Bytes, pieces: Bytes, sizes: Int32s, kept: Int32s, symbols: Int32s,
    ranks: Int32s, befores: Int32s, heap: Int64s, out: Int32s, ends: Int64s,
) -> int:  # fmt: skip
    """Tokens of every text to `out`, where they end to `ends`.

    symbols, ranks, befores, heap  scratch, the last three times as long. The answer is how long the scratch must be for a
    piece on which the walk stopped, 0 if it came to the end
    """
    n = 0
    for d in range(len(offsets) - 1):
        i = offsets[d]
        stop = offsets[d + 1]
        while i < stop:
            end = pretoken_end(data, i, stop, classes, pattern, digits)
            size = end - i
            h = hash_of_piece(data, i, end)
            slot = h & (len(sizes) - 1)
            if is_kept(data, i, size, slot, pieces, sizes):
                for t in range(sizes[slot, 1]):
                    out[n + t] = kept[slot, t]
                n += sizes[slot, 1]
                i = end
                continue
            if size > len(symbols):
                return int(size)
            left = 0
            if len(slots) > 0:
                token = whole_token(data, i, end, h, slots, starts, spelled)
                if token != FREE:
                    symbols[0] = token
                    left = 1
            if left == 0:
                for k in range(size):
                    symbols[k] = letters[data[i + k]]
                if size <= FEW:
                    left = merge_few(symbols, ranks, size, pairs, values)
                else:
                    left = merge_many(symbols, ranks, befores, heap, size, pairs, values)
            for t in range(left):
                out[n + t] = symbols[t]
            n += left
            keep(data, i, size, slot, symbols, left, pieces, sizes, kept)
            i = end
        ends[d] = n
    return 0


def encode_texts(
    offsets: Int64s, data: Bytes, classes: Table, pattern: int, digits: int, merges: Merges, kept: Kept
) -> tuple[Int32s, Int64s]:
    """Tokens of all texts, and where each one's end; see `encode`."""
    size = int(offsets[-1] - offsets[0])
    out, ends = np.empty(size, np.int32), np.zeros(len(offsets) - 1, np.int64)  # untouched pages cost nothing
    room, needed = SHORT, 1
    while needed:
        symbols, ranks, befores = (np.empty(room, np.int32) for _ in range(3))
        heap = np.empty(3 * room, np.int64)
        needed = encode(
            offsets, data, classes, pattern, digits, *merges, *kept, symbols, ranks, befores, heap, out, ends
        )
        room = max(needed, 4 * room)
    return out[: ends[-1] if len(ends) else 0].copy(), ends
