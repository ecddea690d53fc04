"""The pieces a fastText file is made of: numbers, dictionary entries, dense and product-quantised matrices."""

from __future__ import annotations

import mmap
import struct
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

CODES = 256  # centroids of a sub-quantiser: a code is a byte
LONGEST = 1 << 20  # bytes of a dictionary entry
SHARED = 64 << 20  # a larger matrix stays where it is; a smaller one is copied, aligned as the compiled kernels have it


def damaged(found: str) -> ValueError:
    """The sentence for a file that cannot be right."""
    return ValueError(f"the file is damaged: it holds {found}")


class Quantised:
    """A product-quantised matrix; a slice of it is its rows multiplied out (Joulin et al. 2016)."""

    def __init__(self, codes: Bytes, parts: list[Floats], which: Bytes | None, norms: Floats | None) -> None:
        self._codes, self._parts, self._which, self._norms = codes, parts, which, norms

    def __len__(self) -> int:
        return len(self._codes)

    def __getitem__(self, rows: slice) -> Floats:
        codes = self._codes[rows]
        matrix = np.concatenate([part[codes[:, i]] for i, part in enumerate(self._parts)], axis=1)
        if self._which is not None and self._norms is not None:
            matrix *= self._norms[self._which[rows]]
        return matrix


class Reader:
    """Reads forward through a file; what is too short is damaged."""

    def __init__(self, stream: BinaryIO) -> None:
        self._data = _bytes_of(stream)
        self._at = 0

    def skip(self, n: int) -> int:
        """Pass over n bytes; where they start."""
        if self._at + n > len(self._data):
            raise ValueError("the file is cut short")
        self._at += n
        return self._at - n

    def int32(self) -> int:
        return int(struct.unpack_from("<i", self._data, self.skip(4))[0])

    def int64(self) -> int:
        return int(struct.unpack_from("<q", self._data, self.skip(8))[0])

    def flag(self) -> bool:
        return self._data[self.skip(1)] != 0

    def entries(self, n: int) -> tuple[list[bytes], list[int], list[int]]:
        """Spelling, count and type of n dictionary entries."""
        spelled, counts, types = [], [], []
        for _ in range(n):
            end = self._data.find(b"\0", self._at, self._at + LONGEST)
            if end < 0 and self._at + LONGEST < len(self._data):
                raise damaged(f"an entry longer than {LONGEST:,} bytes")
            size = end - self._at if end >= 0 else LONGEST
            at = self.skip(size + 10)
            count, kind = struct.unpack_from("<qb", self._data, at + size + 1)
            spelled.append(self._data[at : at + size])
            counts.append(count)
            types.append(kind)
        return spelled, counts, types

    def array(self, dtype: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        """Numbers as they lie in the file."""
        size = int(np.prod(shape, dtype=object))
        at = self.skip(size * np.dtype(dtype).itemsize)
        return np.frombuffer(self._data, dtype, size, at).reshape(shape)

    def dense(self, dim: int) -> Floats:
        """Vectors of float32, row after row."""
        matrix: Floats = self.array("<f4", (self._rows(dim), dim))
        return matrix if matrix.nbytes > SHARED else matrix.copy()

    def quantised(self, dim: int) -> Quantised:
        """Vectors that are held as codes of centroids."""
        normed = self.flag()
        rows = self._rows(dim)
        size = self.int32()
        if rows == 0 or size <= 0 or size % rows:
            raise damaged(f"{size} codes of {rows} vectors")
        codes = self.array(np.uint8, (rows, size // rows))
        parts = self._centroids(dim, codes.shape[1])
        if not normed:
            return Quantised(codes, parts, None, None)
        which = self.array(np.uint8, (rows,))
        return Quantised(codes, parts, which, self._centroids(1, 1)[0])

    def _rows(self, dim: int) -> int:
        rows, columns = self.int64(), self.int64()
        if rows < 0 or columns != dim:
            raise damaged(f"a matrix of {rows} × {columns} where {dim} columns are right")
        return rows

    def _centroids(self, dim: int, parts: int) -> list[Floats]:
        """Of each part of a vector its 256 values; the last part may be narrower."""
        shape = [self.int32() for _ in range(4)]
        step, last = shape[2:]
        if shape[:2] != [dim, parts] or not 0 < last <= step or (parts - 1) * step + last != dim:
            raise damaged(f"a quantiser of {shape} for {parts} parts of {dim} numbers")
        return [self.array("<f4", (CODES, step)) for _ in range(parts - 1)] + [self.array("<f4", (CODES, last))]


def _bytes_of(stream: BinaryIO) -> bytes | mmap.mmap:
    """What the stream holds; a file is mapped, so that all workers share a model of 2 GB."""
    head = stream.read(8)
    try:
        mapped = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except (AttributeError, OSError, ValueError):
        return head + stream.read()
    return mapped if mapped[:8] == head else head + stream.read()  # else the stream decompresses the file
