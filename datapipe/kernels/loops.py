"""Phrases repeated in a row: `the same words the same words the same words`."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import ALPHA, NO_SPACES, SPACE, Classes
from datapipe.kernels.decode import before, class_at
from datapipe.kernels.hashing import BASE, Hashes, mixed
from datapipe.kernels.jit import inlined, kernel
from datapipe.kernels.units import words_in
from datapipe.kernels.word_cuts import hash_lowered
from datapipe.kernels.words import KIND, START, STOP, WIDTH

Bytes = npt.NDArray[np.uint8]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@inlined
def is_border(data: Bytes, i: int, stop: int, classes: Classes) -> bool:
    """Does white space, or a sign of a script without it, stand at i or before? `ff:ff:ff` is not cut in its middle."""
    if i == stop:
        return True
    here, _ = class_at(data, i, classes)
    last, _ = class_at(data, before(data, i), classes)
    return here & (SPACE | NO_SPACES) != 0 or last & NO_SPACES != 0


@kernel
def find_loops(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    lower: Int32s,
    abbreviated: Hashes,
    longest: int,
    times: int,
    least: int,
    found: Int64s,
) -> int:
    """Write document, start and stop (bytes in it) of what follows the first copy of each loop; return how many.

    A loop is a phrase of at most `longest` words, one of them with a letter, that stands `times` times or more in a row,
    in any case, in all `least` words or more, and ends where words may. Short phrases are looked for first, and what one
    took no other takes. A copy that is not whole stays. Every word is compared `longest` times.
    """
    most = n = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    words = np.empty((most + 1, WIDTH), np.int64)
    hashes = np.empty(most + 1, np.uint64)
    for d in range(len(offsets) - 1):
        count = words_in(data, offsets[d], offsets[d + 1], classes, abbreviated, words)
        for t in range(count):
            hashes[t], _ = hash_lowered(data, words[t, START], words[t, STOP], classes, lower, True)
        for size in range(1, min(longest, count // times) + 1):
            again = 0
            for t in range(size, count + 1):
                if t < count and hashes[t] == hashes[t - size]:
                    again += 1
                    continue
                if again >= (times - 1) * size and again + size >= least:
                    first = t - again - size
                    end = t - again % size
                    start = words[first + size - 1, STOP]
                    stop = words[end - 1, STOP]
                    letters = 0
                    for k in range(first, first + size):
                        letters |= words[k, KIND] & ALPHA
                    whole = is_border(data, start, offsets[d + 1], classes) & is_border(
                        data, stop, offsets[d + 1], classes
                    )
                    if letters and whole:
                        found[n, 0] = d
                        found[n, 1] = start - offsets[d]
                        found[n, 2] = stop - offsets[d]
                        n += 1
                        for k in range(first + size, end):  # as no other word
                            hashes[k] = mixed(np.uint64(k) * BASE)
                again = 0
    return n
