"""Which windows of `length` symbols occur elsewhere, among passages that share an anchor (kernels/winnow.py).

Hashes only lead to the windows that may be equal; symbols are compared. The right neighbours of equal windows are equal if
one more symbol is, so 100,000 copies of a passage take the time of reading them.
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
_NO_SLOT = np.int64(-1)


@inlined
def equal_from(symbols: Symbols, at: int, twin: int, length: int, equal: int) -> int:
    """How many symbols two windows have in common, `equal` of which are known to be."""
    while equal < length and symbols[at + equal] == symbols[twin + equal]:
        equal += 1
    return equal


@inlined
def hash_at(symbols: Symbols, at: int, length: int, before: int, h: np.uint64, drop: np.uint64) -> np.uint64:
    """The sum of the window at `at`, from that of the one at `before` if they overlap (-1: there is none)."""
    if before < 0 or at - before >= length:
        h = np.uint64(0)
        for i in range(at, at + length):
            h = h * BASE + value_of(symbols, i)
        return h
    for i in range(before, at):
        h = (h - value_of(symbols, i) * drop) * BASE + value_of(symbols, i + length)
    return h


@inlined
def look_up(
    starts: Int64s, symbols: Symbols, at: int, length: int, key: np.uint64, keys: Hashes, size: int, known: Int64s
) -> np.int64:
    """The slot of the window at `at`, or the free one it may take."""
    while True:
        slot = slot_of(keys, size, key)
        if keys[slot] == _FREE:
            break
        twin = starts[known[slot, HOLDER]] + known[slot, PLACE]
        if equal_from(symbols, at, twin, length, 0) == length:
            break
        key = mixed(key + ONE)
    return np.int64(slot)


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
    groups: Int64s, starts: Int64s, symbols: Symbols, passages: Int64s, held: Flags, length: int, cut: int
) -> Int64s:
    """The spans of passages (columns ROW to TWIN) that windows to be cut cover; those of one passage may overlap.

    groups    passages of one anchor are those from groups[g] to groups[g + 1], the best first
    starts    where each passage lies in `symbols`: its windows begin one symbol after another
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
    slots = np.empty(most, np.int64)  # of all windows of a group, those of passage i from bases[i] on
    bases = np.empty(len(passages), np.int64)
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
            bases[i] = t
            # The window may be that of passage `row` at `place`, `equal` symbols of it surely: the one before, to begin
            # with, and then whatever passage had the window before.
            row, place, equal = np.int64(i - 1), np.int64(0), 0
            hashed = -1
            h = _FREE
            for j in range(passages[i, WINDOWS]):
                at = starts[i] + j
                if row >= first and place < passages[row, WINDOWS]:
                    equal = equal_from(symbols, at, starts[row] + place, length, equal)
                if equal == length:
                    slot = slots[bases[row] + place]
                else:
                    h = hash_at(symbols, at, length, hashed, h, drop)
                    hashed = at
                    key = mixed(h)
                    slot = look_up(starts, symbols, at, length, key, keys, size, known)
                    row = np.int64(-1)
                    if keys[slot] != _FREE:
                        row, place, equal = known[slot, HOLDER], known[slot, PLACE], length
                    elif cut != OF_HELD or held[i]:
                        keys[slot] = key
                        known[slot, HOLDER], known[slot, PLACE], known[slot, OTHER] = i, j, -1
                    else:
                        slot = _NO_SLOT
                slots[t] = slot
                if slot >= 0 and known[slot, HOLDER] != i and known[slot, OTHER] < 0:
                    known[slot, OTHER] = i
                place += 1
                equal = max(equal - 1, 0)
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
