"""Rows under keys of 128 bits, as arrays of uint64: sorted by radix, equal ones added up, sorted runs merged.

A row is [high half of the key, low half, payload…]; where rows are added up, the first payload is what is added.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Rows = npt.NDArray[np.uint64]
Int64s = npt.NDArray[np.int64]

DIGIT = 11  # bits a pass: 2,048 places to write to, whose lines fit the second-level cache
PLACES = 1 << DIGIT


@inlined
def shifted_right(high: np.uint64, low: np.uint64, bits: int) -> tuple[np.uint64, np.uint64]:
    """The 128-bit number divided by 2^bits; machine shifts by 64 and more are undefined."""
    if bits <= 0:
        return high, low
    if bits >= 128:
        return np.uint64(0), np.uint64(0)
    if bits >= 64:
        return np.uint64(0), high >> np.uint64(bits - 64)
    return high >> np.uint64(bits), (low >> np.uint64(bits)) | (high << np.uint64(64 - bits))


@inlined
def shifted_left(high: np.uint64, low: np.uint64, bits: int) -> tuple[np.uint64, np.uint64]:
    """The 128-bit number times 2^bits, without what goes beyond."""
    if bits <= 0:
        return high, low
    if bits >= 128:
        return np.uint64(0), np.uint64(0)
    if bits >= 64:
        return low << np.uint64(bits - 64), np.uint64(0)
    return (high << np.uint64(bits)) | (low >> np.uint64(64 - bits)), low << np.uint64(bits)


@inlined
def bits_at(high: np.uint64, low: np.uint64, start: int, bits: int) -> np.int64:
    """So many bits (at most 63) of the number, from this one up."""
    _, found = shifted_right(high, low, start)
    return np.int64(found & ((np.uint64(1) << np.uint64(bits)) - np.uint64(1)))


@kernel
def sort_rows(rows: Rows, spare: Rows, bits: int) -> None:
    """Sort rows by the lowest `bits` bits of their keys, stably; `spare` is as large and holds nothing of use after."""
    n, width = rows.shape
    passes = (bits + DIGIT - 1) // DIGIT
    counts = np.zeros((passes, PLACES), np.int64)
    for i in range(n):
        high, low = rows[i, 0], rows[i, 1]
        for p in range(passes):
            counts[p, bits_at(high, low, p * DIGIT, DIGIT)] += 1
    swapped = False
    for p in range(passes):
        place = counts[p]
        at = np.int64(0)
        full = False
        for digit in range(PLACES):
            c = place[digit]
            full = full or c == n
            place[digit] = at
            at += c
        if full:  # one digit for all: nothing moves
            continue
        source = spare if swapped else rows
        target = rows if swapped else spare
        for i in range(n):
            d = bits_at(source[i, 0], source[i, 1], p * DIGIT, DIGIT)
            to = place[d]
            place[d] = to + 1
            for k in range(width):
                target[to, k] = source[i, k]
        swapped = not swapped
    if swapped:
        for i in range(n):
            for k in range(width):
                rows[i, k] = spare[i, k]


@kernel
def add_equal(rows: Rows) -> int:
    """Bring sorted rows of equal keys into one, their first payloads added up; how many rows are left."""
    n = len(rows)
    if n == 0:
        return 0
    w = 0
    for i in range(1, n):
        if rows[i, 0] == rows[w, 0] and rows[i, 1] == rows[w, 1]:
            rows[w, 2] += rows[i, 2]
        else:
            w += 1
            if w != i:
                for k in range(rows.shape[1]):
                    rows[w, k] = rows[i, k]
    return w + 1


@inlined
def _before(rows: Rows, a: int, b: int) -> bool:
    """Whether row a comes before row b; of equal ones the row of the earlier run does."""
    if rows[a, 0] != rows[b, 0]:
        return bool(rows[a, 0] < rows[b, 0])
    if rows[a, 1] != rows[b, 1]:
        return bool(rows[a, 1] < rows[b, 1])
    return a < b


@inlined
def _sink(rows: Rows, heap: Int64s, cursors: Int64s, size: int, at: int) -> None:
    """Let the run at this place of the heap sink to where it belongs."""
    while True:
        child = 2 * at + 1
        if child >= size:
            return
        if child + 1 < size and _before(rows, cursors[heap[child + 1]], cursors[heap[child]]):
            child += 1
        if not _before(rows, cursors[heap[child]], cursors[heap[at]]):
            return
        heap[at], heap[child] = heap[child], heap[at]
        at = child


@kernel
def merge_runs(rows: Rows, cursors: Int64s, ends: Int64s, add: bool, out: Rows) -> int:
    """Fill `out` with the least rows of several sorted runs; how many it holds, fewer than fit only at the end.

    Run r is what is left of `rows[cursors[r]:ends[r]]`; the cursors move. With `add`, rows of equal keys become one.
    """
    heap = np.empty(len(cursors), np.int64)
    size = 0
    for r in range(len(cursors)):
        if cursors[r] < ends[r]:
            heap[size] = r
            size += 1
    for at in range(size // 2 - 1, -1, -1):
        _sink(rows, heap, cursors, size, at)
    w = 0
    while size > 0:
        run = heap[0]
        i = cursors[run]
        if add and w > 0 and rows[i, 0] == out[w - 1, 0] and rows[i, 1] == out[w - 1, 1]:
            out[w - 1, 2] += rows[i, 2]
        elif w == len(out):
            break
        else:
            for k in range(rows.shape[1]):
                out[w, k] = rows[i, k]
            w += 1
        cursors[run] = i + 1
        if i + 1 == ends[run]:
            size -= 1
            heap[0] = heap[size]
        _sink(rows, heap, cursors, size, 0)
    return w
