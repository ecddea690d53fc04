"""Which hashes of a document occur more than once, and how often."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.hashing import BASE, Hashes, mixed, slot_of, table_size
from datapipe.kernels.jit import inlined

Int64s = npt.NDArray[np.int64]
Int32s = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]


@inlined
def lengthened(runs: Hashes, hashes: Hashes, count: int, n: int, again: Flags, rows: Int64s) -> int:
    """Turn runs of n - 1 words into runs of n; write where one starts that may repeat; return how many these are.

    `again` tells which runs of n - 1 words occur more than once (all of none do, `count` included): no run of n can
    where one of its two parts does not. It is cleared.
    """
    candidates = 0
    for t in range(count - n + 1):
        runs[t] = runs[t] * BASE + hashes[t + n - 1]
        rows[candidates] = t
        candidates += again[t] & again[t + 1]
        again[t] = False
    return candidates


@inlined
def repeats(
    runs: Hashes,
    rows: Int64s,
    candidates: int,
    again: Flags,
    grams: Hashes,
    keys: Hashes,
    firsts: Int64s,
    counts: Int64s,
) -> tuple[int, int, int]:
    """How many of these runs differ, how often the most frequent occurs, and where first (the earliest of equals).

    Sets `again` where a run occurs more than once, and `counts` to the occurrences of a run where it is first, else 0.
    """
    size = table_size(candidates)
    keys[:size] = 0
    distinct = most = first = 0
    for c in range(candidates):  # apart, so that a wrong guess below does not wait for multiplications
        grams[c] = mixed(runs[rows[c]])
    for c in range(candidates):
        t = rows[c]
        key = grams[c]
        slot = slot_of(keys, size, key)
        if keys[slot] != key:
            keys[slot] = key
            firsts[slot] = t
            counts[t] = 1
            distinct += 1
            if most == 0:
                most = 1
                first = t
            continue
        earliest = firsts[slot]
        counts[t] = 0
        counts[earliest] += 1
        again[t] = again[earliest] = True
        if counts[earliest] > most or (counts[earliest] == most and earliest < first):
            most = counts[earliest]
            first = earliest
    return distinct, most, first


@inlined
def frequent_share(points: Int32s, count: int, n: int, keys: Hashes, counts: Int32s, having: Int64s) -> float:
    """Share of the most frequent runs of n code points in all of them: of the square root of their number, none but
    repeated ones.

    keys, counts  by slot       having  how many runs occur so often
    """
    runs = count - n + 1
    if runs <= 0:
        return 0.0
    size = table_size(runs)
    keys[:size] = 0
    leaving = np.uint64(1)
    for _ in range(n):
        leaving *= BASE
    h = np.uint64(0)
    for i in range(n - 1):
        h = h * BASE + np.uint64(points[i] + 1)
    distinct = repeated = 0
    most = 1
    having[1] = 0
    for i in range(n - 1, count):
        h = h * BASE + np.uint64(points[i] + 1)
        if i >= n:
            h -= np.uint64(points[i - n] + 1) * leaving
        key = mixed(h)
        slot = slot_of(keys, size, key)
        if keys[slot] != key:
            keys[slot] = key
            counts[slot] = 1
            distinct += 1
            continue
        often = counts[slot] + 1
        counts[slot] = often
        repeated += often == 2
        if often > most:
            most = often
            having[often] = 0
        having[often - 1] -= often > 2
        having[often] += 1
    left = min(int(np.sqrt(distinct)), repeated)
    total = 0
    often = most
    while left > 0 and often > 1:
        taken = min(left, having[often])
        total += taken * often
        left -= taken
        often -= 1
    return total / runs
