"""MurmurHash64A (Austin Appleby, public domain), by which KenLM knows words."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import inlined, kernel

Bytes = npt.NDArray[np.uint8]

_FACTOR = np.uint64(0xC6A4A7935BD1E995)
_SHIFT = np.uint64(47)


@inlined
def murmur(data: Bytes, start: int, stop: int) -> np.uint64:
    """The hash of data[start:stop] with the seed 0."""
    h = np.uint64(stop - start) * _FACTOR
    at = start
    while at < stop:
        block = np.uint64(0)
        size = min(8, stop - at)
        for b in range(size):
            block |= np.uint64(data[at + b]) << np.uint64(8 * b)
        at += size
        if size == 8:
            block *= _FACTOR
            block = (block ^ (block >> _SHIFT)) * _FACTOR
        h = (h ^ block) * _FACTOR
    h = (h ^ (h >> _SHIFT)) * _FACTOR
    return h ^ (h >> _SHIFT)


@kernel
def _murmur_words(data: Bytes, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.uint64]:
    found = np.empty(len(offsets) - 1, np.uint64)
    for i in range(len(found)):
        found[i] = murmur(data, offsets[i], offsets[i + 1])
    return found


def hashes_of(words: Sequence[bytes]) -> npt.NDArray[np.uint64]:
    """The hash of each word."""
    offsets = np.zeros(len(words) + 1, np.int64)
    np.cumsum(np.fromiter(map(len, words), np.int64, len(words)), out=offsets[1:])
    return _murmur_words(np.frombuffer(b"".join(words), np.uint8), offsets)
