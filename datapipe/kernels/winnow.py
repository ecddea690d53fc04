"""Anchors of a text: k-grams that stand at the same place in every copy of a passage long enough.

Winnowing (Schleimer, Wilkerson and Aiken, SIGMOD 2003): of the k-grams inside every window of `length` symbols, the one
of the least hash is its anchor, the leftmost of equals. Equal windows have equal anchors at equal places, so whoever
looks for repeated windows needs to compare those of one anchor only.

A periodic passage (a row of dashes, fifty million spaces) would have an anchor every period. An anchor whose windows are
those of the one before it, one period on, is counted in that one's row instead and has none of its own.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel

Int64s = npt.NDArray[np.int64]
Symbols = npt.NDArray[np.uint8] | Hashes  # bytes, or hashes of words

# An anchor is a row of numbers: its document; its first window, how many it has, and where it stands in that first one; how
# many windows follow these that repeat the last ones, and the period with which they do.
DOCUMENT, START, WINDOWS, ANCHOR, AGAIN, PERIOD = 0, 1, 2, 3, 4, 5
WIDTH = 6

# What is known of the anchor before: where it stands (-1: none), and that symbols[j] == symbols[j - SHIFT] for j
# from SAME up to UPTO. Its hash is that of the last row.
_FORMER, _SHIFT, _SAME, _UPTO = 0, 1, 2, 3

_ONE = np.uint64(1)


@inlined
def value_of(symbols: Symbols, i: int) -> np.uint64:
    """A symbol as a term of a hash; not 0 for NUL, of which runs of any length would look alike."""
    return np.uint64(symbols[i]) + _ONE


@inlined
def power_of(n: int) -> np.uint64:
    """BASE to the power n."""
    power = _ONE
    for _ in range(n):
        power *= BASE
    return power


@inlined
def repeats(
    symbols: Symbols, first: int, place: int, start: int, end: int, value: np.uint64, row: Int64s, state: Int64s
) -> bool:
    """Are the windows from `start`, the last of which ends at `end`, those of the row one period before?"""
    shift = place - state[_FORMER]
    if start < shift or (row[AGAIN] and row[PERIOD] != shift):
        return False
    if shift != state[_SHIFT] or start < state[_SAME] or start > state[_UPTO]:
        state[_SHIFT] = shift
        state[_SAME] = state[_UPTO] = start
    upto = state[_UPTO]
    while upto < end and symbols[first + upto] == symbols[first + upto - shift]:
        upto += 1
    state[_UPTO] = upto
    return bool(upto == end)


@inlined
def suffixes(block: Hashes, least: Hashes, places: Int64s, last: int) -> None:
    """The least hash from each place of a block to its end, the leftmost of equals; `last` is where its end stands."""
    end = len(block) - 1
    smallest = block[end]
    place = last
    for r in range(end, -1, -1):
        if block[r] <= smallest:
            smallest = block[r]
            place = last - end + r
        least[r] = smallest
        places[r] = place


@kernel
def anchors(offsets: Int64s, symbols: Symbols, length: int, k: int) -> tuple[Int64s, Hashes]:
    """The anchors of all windows of `length` symbols in each document: their rows (see above) and their hashes.

    length  symbols of a window; a shorter document has none
    k       symbols of an anchor, at most `length`
    """
    w = length - k + 1  # k-grams in a window
    block = np.empty(w, np.uint64)  # hashes of the k-grams read since a multiple of w
    least = np.empty(w, np.uint64)  # of the block before: the least hash from here to its end, and where it stands
    places = np.empty(w, np.int64)
    drop = power_of(k - 1)
    room = len(symbols) + 1  # for the worst text; pages that are never touched cost nothing
    rows = np.empty((room, WIDTH), np.int64)
    hashes = np.empty(room, np.uint64)
    state = np.empty(4, np.int64)
    n = 0
    for d in range(len(offsets) - 1):
        first = offsets[d]
        grams = offsets[d + 1] - first - k + 1
        if grams < w:
            continue
        state[:] = -1
        h = np.uint64(0)
        for i in range(first, first + k - 1):
            h = h * BASE + value_of(symbols, i)
        r = 0  # q modulo w
        running = h  # the least hash of the block so far, and where it stands
        here = -1
        place = start = -1  # the anchor of the window before, and its first window
        value = running
        for q in range(grams + 1):
            window = q - w + 1
            found = -1
            if q < grams:
                h = h * BASE + value_of(symbols, first + q + k - 1)
                g = mixed(h)
                h -= value_of(symbols, first + q) * drop
                block[r] = g
                if r == 0 or g < running:
                    running = g
                    here = q
                found, smallest = here, running
                r += 1
                if r == w:
                    r = 0
                    suffixes(block, least, places, q)
                elif least[r] <= running:  # of equals the leftmost
                    found, smallest = places[r], least[r]
                if window < 0 or found == place:
                    continue
            if place >= 0:
                end = window + length - 1
                same = state[_FORMER] >= 0 and hashes[n - 1] == value
                if same and repeats(symbols, first, place, start, end, value, rows[n - 1], state):
                    rows[n - 1, AGAIN] += window - start
                    rows[n - 1, PERIOD] = place - state[_FORMER]
                else:
                    rows[n, DOCUMENT] = d
                    rows[n, START] = start
                    rows[n, WINDOWS] = window - start
                    rows[n, ANCHOR] = place - start
                    rows[n, AGAIN] = rows[n, PERIOD] = 0
                    hashes[n] = value
                    n += 1
                state[_FORMER] = place
            place, value, start = found, smallest, window
    for i in range(n):  # the least of many hashes are small numbers
        hashes[i] = mixed(hashes[i])
    return rows[:n].copy(), hashes[:n].copy()


@kernel
def passages(symbols: Symbols, starts: Int64s, stops: Int64s) -> tuple[Int64s, Symbols]:
    """Copies of symbols[starts[i]:stops[i]], one after another; they may overlap."""
    offsets = np.zeros(len(starts) + 1, np.int64)
    offsets[1:] = np.cumsum(stops - starts)
    out = np.empty(offsets[-1], symbols.dtype)
    for i in range(len(starts)):
        out[offsets[i] : offsets[i + 1]] = symbols[starts[i] : stops[i]]
    return offsets, out
