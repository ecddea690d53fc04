"""The pieces a fastText file is made of: numbers, dictionary entries, dense and product-quantised matrices."""

from __future__ import annotations

import struct
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

CODES = 256  # centroids of a sub-quantiser: a code is a byte
_CHUNK = 1 << 22


class Table(NamedTuple):
    """Vectors as they are (`matrix`), or, where that is empty, as codes of centroids and a norm each."""

    rows: int
    matrix: Floats
    codes: Bytes
    norms: Floats
    centroids: Floats  # part of the vector, code, number; the last part may end in unused zeros


def damaged(found: str) -> ValueError:
    """The sentence for a file that cannot be right."""
    return ValueError(f"the file is damaged: it holds {found}")


class Reader:
    """Reads forward through a stream; what is too short is damaged."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._buffer = b""
        self._at = 0

    def left_of(self, n: int) -> int:
        """How many of the next n bytes there are."""
        if len(self._buffer) - self._at < n:
            pieces = [self._buffer[self._at :]]
            missing = n - len(pieces[0])
            while missing > 0 and (piece := self._stream.read(max(missing, _CHUNK))):
                pieces.append(piece)
                missing -= len(piece)
            self._buffer, self._at = b"".join(pieces), 0
        return min(n, len(self._buffer) - self._at)

    def skip(self, n: int) -> int:
        """Pass over n bytes; where they start in the buffer."""
        if self.left_of(n) < n:
            raise ValueError("the file is cut short")
        self._at += n
        return self._at - n

    def int32(self) -> int:
        return int(struct.unpack_from("<i", self._buffer, self.skip(4))[0])

    def int64(self) -> int:
        return int(struct.unpack_from("<q", self._buffer, self.skip(8))[0])

    def flag(self) -> bool:
        return self._buffer[self.skip(1)] != 0

    def entries(self, n: int) -> tuple[list[bytes], npt.NDArray[np.int64], Bytes]:
        """Spelling, count and type of n dictionary entries."""
        spelled, counts, types = [], [], []
        for _ in range(n):
            ahead = 64
            while (end := self._buffer.find(0, self._at)) < 0:
                if self.left_of(ahead) < ahead and self._buffer.find(0, self._at) < 0:
                    raise ValueError("the file is cut short")
                ahead *= 2
            size = end - self._at
            at = self.skip(size + 10)
            spelled.append(self._buffer[at : at + size])
            count, kind = struct.unpack_from("<qb", self._buffer, at + size + 1)
            counts.append(count)
            types.append(kind)
        return spelled, np.array(counts, np.int64), np.array(types, np.int8).view(np.uint8)

    def array(self, dtype: Any, shape: tuple[int, ...], what: str) -> npt.NDArray[Any]:
        """Read numbers without holding them twice: matrices of 2 GB are common."""
        try:
            out = np.empty(shape, dtype)
        except (MemoryError, ValueError):
            raise damaged(f"{' × '.join(map(str, shape))} {what}") from None
        view, at = memoryview(out.reshape(-1).view(np.uint8)), 0
        while at < len(view):
            n = min(len(view) - at, _CHUNK)
            here = self.skip(n)
            view[at : at + n] = self._buffer[here : here + n]
            at += n
        return out

    def dense(self, dim: int) -> Table:
        """Vectors of float32, row after row."""
        rows = self._shape(dim)
        matrix = self.array(np.float32, (rows, dim), "numbers")
        return Table(rows, matrix, np.empty((0, 0), np.uint8), np.empty(0, np.float32), np.empty((0, 0, 0), np.float32))

    def quantised(self, dim: int, expanded: int | None) -> Table:
        """Vectors as codes, multiplied out unless that takes more than so many bytes."""
        normed = self.flag()
        rows = self._shape(dim)
        size = self.int32()
        if rows == 0 or size % rows:
            raise damaged(f"{size} codes of {rows} vectors")
        codes = self.array(np.uint8, (rows, size // rows), "codes")
        centroids = self._centroids(dim, codes.shape[1])
        norms = np.ones(rows, np.float32)
        if normed:
            which = self.array(np.uint8, (rows,), "norms")
            norms = self._centroids(1, 1).ravel()[which]
        matrix = np.empty((0, dim), np.float32)
        if expanded is None or 4 * rows * dim <= expanded:
            matrix = np.empty((rows, dim), np.float32)
            step = centroids.shape[2]
            for part in range(codes.shape[1]):
                end = min(dim, (part + 1) * step)
                matrix[:, part * step : end] = centroids[part, :, : end - part * step][codes[:, part]]
            matrix *= norms[:, np.newaxis]
            codes, norms, centroids = codes[:0], norms[:0], centroids[:0]
        return Table(rows, matrix, codes, norms, centroids)

    def _shape(self, dim: int) -> int:
        rows, columns = self.int64(), self.int64()
        if rows < 0 or columns != dim:
            raise damaged(f"a matrix of {rows} × {columns} where {dim} columns are right")
        return rows

    def _centroids(self, dim: int, parts: int) -> Floats:
        """All parts but the last have `step` numbers; the last part is filled up to as many."""
        shape = [self.int32() for _ in range(4)]
        _, _, step, last = shape
        if shape[:2] != [dim, parts] or not 0 < last <= step or (parts - 1) * step + last != dim:
            raise damaged(f"a quantiser of {shape} for {parts} parts of {dim} numbers")
        flat = self.array(np.float32, (dim * CODES,), "centroids")
        whole = (parts - 1) * CODES * step
        out = np.zeros((parts, CODES, step), np.float32)
        out[:-1] = flat[:whole].reshape(parts - 1, CODES, step)
        out[-1, :, :last] = flat[whole:].reshape(CODES, last)
        return out
