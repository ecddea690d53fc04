"""A text as the row of its words' hashes: what is found among bytes is found among words, whatever the white space."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.hashing import Hashes, hash_of
from datapipe.kernels.jit import kernel
from datapipe.kernels.words import START, STOP, WIDTH, segment

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]


@kernel
def word_symbols(
    offsets: Int64s, data: Bytes, classes: Classes, abbreviated: Hashes
) -> tuple[Int64s, Hashes, Int64s, Int64s]:
    """Words of each document (as offsets), and of each word the hash and where it starts and stops in `data`."""
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    room = offsets[-1] - offsets[0] + 1  # a word a byte; pages that are never touched cost nothing
    words = np.empty((most + 1, WIDTH), np.int64)
    found = np.zeros(len(offsets), np.int64)
    hashes = np.empty(room, np.uint64)
    starts = np.empty(room, np.int64)
    stops = np.empty(room, np.int64)
    n = 0
    for d in range(len(offsets) - 1):
        count = segment(data, offsets[d], offsets[d + 1], classes, abbreviated, words)
        for t in range(count):
            starts[n], stops[n] = words[t, START], words[t, STOP]
            hashes[n] = hash_of(data, starts[n], stops[n])
            n += 1
        found[d + 1] = n
    return found, hashes[:n].copy(), starts[:n].copy(), stops[:n].copy()
