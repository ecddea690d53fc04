"""Hashes of the word n-grams of each line, or of each document taken as one line."""

import numpy as np
import numpy.typing as npt

from datapipe.kernels.classes import Classes
from datapipe.kernels.hashing import BASE, ONE, Hashes, mixed
from datapipe.kernels.jit import kernel
from datapipe.kernels.lines import NEWLINE, byte_at, digest
from datapipe.kernels.words import START, STOP, WIDTH, segment_by

Bytes = npt.NDArray[np.uint8]
Int64s = npt.NDArray[np.int64]
Counts = npt.NDArray[np.uint32]


@kernel
def line_ngrams(
    offsets: Int64s,
    data: Bytes,
    classes: Classes,
    abbreviated: Hashes,
    breaks: Bytes,
    ngram: int,
    least: int,
    by_line: bool,
    hashes: Hashes,
    counts: Counts,
    ends: Int64s,
) -> None:
    """Write every n-gram's hash, how many each line has, and in `ends[:, d + 1]` how many hashes and lines there are by then.

    A line of fewer than `ngram` words and at least `least` is one n-gram. `hashes` has room for one a byte, `counts` for
    one a byte and a document; `ends` is zero before the first.
    """
    most = 0
    for d in range(len(offsets) - 1):
        most = max(most, offsets[d + 1] - offsets[d])
    words = np.empty((most + 1, WIDTH), np.int64)
    marks = np.empty(most + 1, np.uint64)
    leaving = ONE  # what the word that leaves the window weighs by then
    for _ in range(ngram):
        leaving *= BASE
    n = lines = 0
    for d in range(len(offsets) - 1):
        stop = offsets[d + 1]
        i = offsets[d]
        while True:
            end = byte_at(data, i, stop, NEWLINE) if by_line else stop
            count = segment_by(data, i, end, classes, abbreviated, words, breaks)
            first = n
            window = np.uint64(0)
            for t in range(count):
                marks[t], _ = digest(data, words[t, START], words[t, STOP])
                window = window * BASE + marks[t]
                if t >= ngram:
                    window -= marks[t - ngram] * leaving
                if t >= ngram - 1:
                    hashes[n] = mixed(window)
                    n += 1
            if n == first and count >= least:
                hashes[n] = mixed(window)
                n += 1
            counts[lines] = n - first
            lines += 1
            i = end + 1
            if end == stop:
                break
        ends[0, d + 1] = n
        ends[1, d + 1] = lines
