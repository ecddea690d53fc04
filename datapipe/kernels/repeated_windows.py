"""Which windows of `length` symbols occur elsewhere, among passages that share an anchor (kernels/winnow.py).

Hashes only lead to the windows that may be equal; symbols are compared. Neighbouring windows mostly equal neighbouring
windows, so that one symbol each is: 100,000 copies of a passage take the time of reading them.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.winnow import AGAIN, PERIOD, WINDOWS, Symbols, power_of, value_of

Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What is cut: every window but the best copy; every window that has copies; windows that a held passage has, from those
# that are not held.
COPIES, ALL, OF_HELD = 0, 1, 2
ROW, BEGIN, END, TWIN = (
    0,
    1,
    2,
    3,
)  # a span: of which passage, from where to where in it, and which passage has the same
HOLDER, PLACE, OTHER = 0, 1, 2  # of a window: the best passage that has it, where it begins, another that has it or -1

_FREE = np.uint64(0)


@inlined
def look_up(
    offsets: Int64s, symbols: Symbols, at: int, length: int, key: np.uint64, keys: Hashes, size: int, known: Int64s,
    before: int,
) -> int:  # fmt: skip
    """The slot of the window that begins at `at`, or the free one it may take; `before` is that of its left neighbour."""
    while True:
        slot = slot_of(keys, size, key)
        if keys[slot] == _FREE:
            break
        twin = offsets[known[slot, HOLDER]] + known[slot, PLACE]
        i = 0
        if before >= 0 and offsets[known[before, HOLDER]] + known[before, PLACE] + 1 == twin:
            i = length - 1  # the neighbours are equal
        while i < length and symbols[at + i] == symbols[twin + i]:
            i += 1
        if i == length:
            break
        key = mixed(key + ONE)
    return int(slot)


@inlined
def twin_of(row: int, j: int, slot: int, passage: Int64s, held: bool, cut: int, known: Int64s) -> int:
    """The passage that has window j of this one too, if it is to be cut; else -1."""
    if slot < 0 or held:
        return -1
    holder, other = known[slot, HOLDER], known[slot, OTHER]
    if holder != row or cut != ALL:
        return int(holder) if holder != row else -1
    if other < 0 and passage[AGAIN] and j >= passage[WINDOWS] - passage[PERIOD]:
        return row
    return int(other)


@kernel
def repeated_spans(
    groups: Int64s, offsets: Int64s, symbols: Symbols, passages: Int64s, held: Flags, length: int, cut: int
) -> Int64s:
    """The spans of passages (columns ROW to TWIN) that windows to be cut cover; those of one passage may overlap.

    groups    passages of one anchor are those from groups[g] to groups[g + 1], the best first
    offsets   passage i is symbols[offsets[i]:offsets[i + 1]], its windows one after another
    passages  rows as kernels/winnow.py makes them
    """
    most = total = 0
    for g in range(len(groups) - 1):
        windows = 0
        for i in range(groups[g], groups[g + 1]):
            windows += passages[i, WINDOWS]
        most = max(most, windows)
        total += windows
    keys = np.empty(table_size(most), np.uint64)
    known = np.empty((len(keys), 3), np.int64)
    slots = np.empty(most, np.int64)
    spans = np.empty((total + len(passages), 4), np.int64)  # pages that are never touched cost nothing
    drop = power_of(length - 1)
    n = 0
    for g in range(len(groups) - 1):
        first, stop = groups[g], groups[g + 1]
        windows = 0
        for i in range(first, stop):
            windows += passages[i, WINDOWS]
        size = table_size(windows)
        keys[:size] = _FREE
        t = 0
        for i in range(first, stop):
            h = np.uint64(0)
            for at in range(offsets[i], offsets[i] + length - 1):
                h = h * BASE + value_of(symbols, at)
            slot = -1
            for j in range(passages[i, WINDOWS]):
                at = offsets[i] + j
                h = h * BASE + value_of(symbols, at + length - 1)
                key = mixed(h)
                h -= value_of(symbols, at) * drop
                slot = look_up(offsets, symbols, at, length, key, keys, size, known, slot)
                slots[t] = slot
                if keys[slot] != _FREE:
                    if known[slot, OTHER] < 0:
                        known[slot, OTHER] = i
                elif cut != OF_HELD or held[i]:
                    keys[slot] = key
                    known[slot, HOLDER], known[slot, PLACE], known[slot, OTHER] = i, j, -1
                else:
                    slots[t] = slot = -1
                t += 1
        t = 0
        for i in range(first, stop):
            windows, again, period = passages[i, WINDOWS], passages[i, AGAIN], passages[i, PERIOD]
            former = -1
            for j in range(windows):
                twin = twin_of(i, j, slots[t], passages[i], held[i] and cut == OF_HELD, cut, known)
                t += 1
                if twin >= 0 and twin == former:
                    spans[n - 1, END] += 1
                elif twin >= 0:
                    spans[n, ROW], spans[n, BEGIN], spans[n, END], spans[n, TWIN] = i, j, j + length, twin
                    n += 1
                former = twin
            if not again:
                continue
            # The windows that follow repeat the last `period` ones.
            begin, end, twin = windows, windows + again, i
            if cut == OF_HELD:
                begin = end = -1
                for j in range(windows - period, windows):
                    former = twin_of(i, j, slots[t - windows + j], passages[i], held[i], cut, known)
                    if former >= 0 and j + period < windows + again:
                        if begin < 0:
                            begin, twin = j + period, former
                        end = max(end, j + (windows + again - 1 - j) // period * period + 1)
            if begin < end:
                spans[n, ROW], spans[n, BEGIN], spans[n, END], spans[n, TWIN] = i, begin, end - 1 + length, twin
                n += 1
    return spans[:n].copy()
