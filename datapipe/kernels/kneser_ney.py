"""Interpolated modified Kneser-Ney smoothing over sorted n-grams (Chen and Goodman 1998, TR-10-98, section 4.1.6).

    p(w | c) = (a(cw) - D(a(cw))) / a(c·) + gamma(c) p(w | c without its first word)
    gamma(c) = (D1 N1(c·) + D2 N2(c·) + D3+ N3+(c·)) / a(c·)

a is the adjusted count; with pruning, gamma takes what the n-grams left out had, so that each context sums to 1
(Heafield et al. 2013, section 3.5). Numbers stand in the rows as the bits of float64.
"""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import kernel
from datapipe.kernels.ngram_counts import PRUNED, at_most
from datapipe.kernels.wide_keys import Rows, bits_at, shifted_left, shifted_right

Floats = npt.NDArray[np.float64]


@kernel
def rows_by_context(rows: Rows, order: int, bits: int, out: Rows) -> None:
    """The same n-grams under keys that bring those of one context together, contexts in suffix order."""
    top = bits * (order - 1)
    for i in range(len(rows)):
        high, low = rows[i, 0], rows[i, 1]
        word = bits_at(high, low, top, bits)
        cleared_high, cleared_low = shifted_left(np.uint64(0), np.uint64(word), top)
        high, low = shifted_left(high ^ cleared_high, low ^ cleared_low, bits)
        out[i, 0] = high
        out[i, 1] = low | np.uint64(word)
        out[i, 2] = rows[i, 2]


@kernel
def context_shares(rows: Rows, start: int, order: int, bits: int, discounts: Floats, out: Rows, shares: Floats,
                   contexts: Rows, gammas: Floats) -> tuple[int, int, int]:  # fmt: skip
    """What each n-gram has of its context, and what each context hands down; the next row, n-grams, contexts.

    rows      as `rows_by_context` makes them, sorted; from `start`, whole contexts as long as they fit into `out`
    out       key of an n-gram that stays; `shares[i]` its share and its context's gamma
    contexts  key of each context (that of an n-gram a word shorter); `gammas` what goes to shorter contexts
    """
    top = bits * (order - 1)
    filled = found = 0
    i = start
    while i < len(rows):
        key_high, key_low = shifted_right(rows[i, 0], rows[i, 1], bits)
        total = kept = 0.0
        stop = i
        size = 0
        while stop < len(rows):
            high, low = shifted_right(rows[stop, 0], rows[stop, 1], bits)
            if high != key_high or low != key_low:
                break
            count = rows[stop, 2]
            if count & PRUNED:
                total += np.float64(count ^ PRUNED)
            else:
                total += np.float64(count)
                kept += np.float64(count) - discounts[at_most(count, 3)]
                size += 1
            stop += 1
        if filled + size > len(out) or found == len(contexts):
            break
        gamma = (total - kept) / total
        contexts[found, 0] = key_high
        contexts[found, 1] = key_low
        gammas[found] = gamma
        found += 1
        for j in range(i, stop):
            count = rows[j, 2]
            if count & PRUNED:
                continue
            word = np.uint64(bits_at(rows[j, 0], rows[j, 1], 0, bits))
            high, low = shifted_left(np.uint64(0), word, top)
            out[filled, 0] = key_high | high
            out[filled, 1] = key_low | low
            shares[filled, 0] = (np.float64(count) - discounts[at_most(count, 3)]) / total
            shares[filled, 1] = gamma
            filled += 1
        i = stop
    return i, filled, found


@kernel
def interpolate(rows: Rows, values: Floats, start: int, stop: int, bits: int, lower: Rows, lower_values: Floats,
                at: int) -> int:  # fmt: skip
    """Add what each n-gram has from its suffix, in place; the place among the lower n-grams that was reached.

    values  of each row: its share and its context's gamma before, its probability and 1 (no back-off yet) after
    """
    for i in range(start, stop):
        high, low = shifted_right(rows[i, 0], rows[i, 1], bits)
        while lower[at, 0] != high or lower[at, 1] != low:
            at += 1
        values[i, 0] += values[i, 1] * lower_values[at, 0]
        values[i, 1] = 1.0
    return at


@kernel
def set_backoffs(rows: Rows, values: Floats, start: int, stop: int, contexts: Rows, gammas: Floats, at: int) -> int:
    """Give n-grams that are contexts of longer ones their gamma; the place among the contexts that was reached."""
    for i in range(start, stop):
        while at < len(contexts) and (
            contexts[at, 0] < rows[i, 0] or (contexts[at, 0] == rows[i, 0] and contexts[at, 1] < rows[i, 1])
        ):
            at += 1
        if at < len(contexts) and contexts[at, 0] == rows[i, 0] and contexts[at, 1] == rows[i, 1]:
            values[i, 1] = gammas[at]
    return at
