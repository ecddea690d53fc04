"""Which windows of `length` symbols occur elsewhere, among passages that share an anchor (kernels/winnow.py).

Equal windows have their anchor at equal places, so those that begin d symbols before it are compared for one d after the
other, and memory grows with passages, not with windows: a phrase on every page of a site is a group of millions, no two of
them alike. Hashes only lead to the windows that may be equal; symbols are compared. The right neighbours of equal windows
are equal if one more symbol is, so 100,000 copies of a passage take the time of reading them.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.winnow import AGAIN, ANCHOR, PERIOD, WINDOWS, Symbols, power_of, value_of

Int64s = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

# What is cut: every window but the best copy; every window that has copies; windows that a held passage has, from those
# that are not held.
COPIES, ALL, OF_HELD = 0, 1, 2
# A span: of which passage, from where to where in it, and which passage has the same.
ROW, BEGIN, END, TWIN = 0, 1, 2, 3

# What is known of a passage, for the d at hand: the best passage that has the same window (-1: none is known), another
# than itself that has it; the span that ended with the window before, and the window whose sum is in `sums`.
_HOLDER, _OTHER, _SPAN, _SUMMED = 0, 1, 2, 3

_FREE = np.uint64(0)


@inlined
def equal_at(symbols: Symbols, at: int, twin: int, length: int) -> bool:
    """Are two windows equal?"""
    equal = 0
    while equal < length and symbols[at + equal] == symbols[twin + equal]:
        equal += 1
    return equal == length


@inlined
def sum_at(symbols: Symbols, at: int, length: int, before: int, h: np.uint64, drop: np.uint64) -> np.uint64:
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
def held_by(
    i: int, d: int, first: int, starts: Int64s, symbols: Symbols, passages: Int64s, length: int, known: Int64s
) -> int:
    """The holder of passage i's window, by that of its left neighbour or, at its first window, by the passage before; or -1."""
    j = passages[i, ANCHOR] - d
    row = known[i, _HOLDER] if j else i - 1
    if row < first or row == i:
        return -1
    its = passages[row, ANCHOR] - d
    if its < 0 or its >= passages[row, WINDOWS]:
        return -1
    at, twin = starts[i] + j, starts[row] + its
    if j and symbols[at + length - 1] != symbols[twin + length - 1]:
        return -1
    if not j and not equal_at(symbols, at, twin, length):
        return -1
    return int(known[row, _HOLDER])


@inlined
def find_holders(
    d: int, first: int, stop: int, starts: Int64s, symbols: Symbols, passages: Int64s, held: Flags, length: int, cut: int,
    drop: np.uint64, keys: Hashes, rows: Int64s, sums: Hashes, known: Int64s,
) -> None:  # fmt: skip
    """Find the best passage that has each window, d symbols before its anchor, and another one."""
    size = table_size(stop - first)
    keys[:size] = _FREE
    for i in range(first, stop):
        j = passages[i, ANCHOR] - d
        if j < 0 or j >= passages[i, WINDOWS]:
            continue
        holder = held_by(i, d, first, starts, symbols, passages, length, known)
        if holder < 0:
            at = starts[i] + j
            sums[i] = sum_at(symbols, at, length, known[i, _SUMMED], sums[i], drop)
            known[i, _SUMMED] = at
            key = mixed(sums[i])
            while True:
                slot = slot_of(keys, size, key)
                if keys[slot] == _FREE:
                    if cut != OF_HELD or held[i]:
                        keys[slot] = key
                        rows[slot] = holder = i
                    break
                holder = int(rows[slot])
                if equal_at(symbols, at, starts[holder] + passages[holder, ANCHOR] - d, length):
                    break
                holder = -1
                key = mixed(key + ONE)
        known[i, _HOLDER] = holder
        known[i, _OTHER] = -1
        if holder >= 0 and holder != i and known[holder, _OTHER] < 0:
            known[holder, _OTHER] = i


@inlined
def twin_of(i: int, j: int, passage: Int64s, held: bool, cut: int, known: Int64s) -> int:
    """The passage that has this window too, if it is to be cut; else -1."""
    if cut == OF_HELD and held:
        return -1
    if known[i, _HOLDER] != i or cut != ALL:
        return int(known[i, _HOLDER]) if known[i, _HOLDER] != i else -1
    if known[i, _OTHER] < 0 and passage[AGAIN] and j >= passage[WINDOWS] - passage[PERIOD]:
        return i
    return int(known[i, _OTHER])


@kernel
def repeated_spans(
    groups: Int64s, starts: Int64s, symbols: Symbols, passages: Int64s, held: Flags, length: int, cut: int
) -> Int64s:
    """The spans of passages (columns ROW to TWIN) that windows to be cut cover; those of one passage may overlap.

    groups    passages of one anchor are those from groups[g] to groups[g + 1], the best first
    starts    where each passage lies in `symbols`: its windows begin one symbol after another
    passages  rows as kernels/winnow.py makes them
    """
    most = 0
    for g in range(len(groups) - 1):
        most = max(most, groups[g + 1] - groups[g])
    keys = np.empty(table_size(most), np.uint64)
    rows = np.empty(len(keys), np.int64)
    sums = np.zeros(len(passages), np.uint64)
    known = np.full((len(passages), 4), -1, np.int64)
    room = len(passages) + 1
    for i in range(len(passages)):
        room += passages[i, WINDOWS] + passages[i, PERIOD]
    spans = np.empty((room, 4), np.int64)  # pages that are never touched cost nothing
    drop = power_of(length - 1)
    n = 0
    for g in range(len(groups) - 1):
        first, stop = groups[g], groups[g + 1]
        nearest, farthest = passages[first, ANCHOR], -1
        for i in range(first, stop):
            farthest = max(farthest, passages[i, ANCHOR])
            nearest = min(nearest, passages[i, ANCHOR] - passages[i, WINDOWS] + 1)
        for d in range(farthest, nearest - 1, -1):
            find_holders(
                d, first, stop, starts, symbols, passages, held, length, cut, drop, keys, rows, sums, known
            )  # fmt: skip
            for i in range(first, stop):
                j = passages[i, ANCHOR] - d
                windows, again, period = passages[i, WINDOWS], passages[i, AGAIN], passages[i, PERIOD]
                if j < 0 or j >= windows:
                    continue
                twin = twin_of(i, j, passages[i], held[i], cut, known)
                span = known[i, _SPAN]
                if twin >= 0 and span >= 0 and spans[span, TWIN] == twin:
                    spans[span, END] += 1
                elif twin >= 0:
                    spans[n, ROW], spans[n, BEGIN], spans[n, END], spans[n, TWIN] = i, j, j + length, twin
                    known[i, _SPAN] = n
                    n += 1
                else:
                    known[i, _SPAN] = -1
                # The windows that follow repeat the last `period` ones.
                if not again or j < windows - period:
                    continue
                begin, end = windows, windows + again
                if cut == OF_HELD:  # those that repeat this one
                    begin, end = j + period, j + (windows + again - 1 - j) // period * period + 1
                if begin < end and (twin >= 0 if cut == OF_HELD else j == windows - 1):
                    spans[n, ROW], spans[n, BEGIN], spans[n, END] = i, begin, end - 1 + length
                    spans[n, TWIN] = twin if cut == OF_HELD else i
                    n += 1
    return spans[:n].copy()
