"""Rows under 128-bit keys sorted in bounded memory: sorted runs on disk, merged into one mapped file."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from datapipe.kernels.wide_keys import Rows, add_equal, merge_runs, sort_rows

BLOCK = 1 << 18  # rows written or looked at at once, 6 to 8 MB
LEAST = 1 << 12  # rows of a run, however little memory there is


class MappedRows:
    """A file of rows. What was looked at may be let go of, so that it does not count as memory of the process."""

    def __init__(self, path: Path, width: int) -> None:
        self.path = path
        self._map: mmap.mmap | None = None
        size = path.stat().st_size
        self.rows: Rows = np.zeros((0, width), np.uint64)
        if size:
            with path.open("r+b") as file:
                self._map = mmap.mmap(file.fileno(), size)
            self.rows = np.frombuffer(self._map, np.uint64).reshape(-1, width)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def values(self) -> np.ndarray:
        """The payload as float64."""
        return self.rows[:, 2:].view(np.float64)

    def release(self) -> None:
        """Let go of the pages; the file keeps what was written."""
        if self._map is not None:
            self._map.madvise(mmap.MADV_DONTNEED)

    def blocks(self, size: int = BLOCK) -> Iterator[tuple[int, int]]:
        """First and last row of one block after another; pages are let go of between them."""
        for start in range(0, len(self.rows), size):
            yield start, min(start + size, len(self.rows))
            self.release()


class ExternalSort:
    """Takes rows, gives them back sorted by key; with `add`, rows of equal keys as one, their first payloads added up.

    width   numbers of a row, the two of the key among them        bits  of the key that are used
    memory  bytes for the rows that wait to be sorted, and for sorting them
    """

    def __init__(self, path: Path, width: int, bits: int, memory: int, add: bool = False) -> None:
        self._path, self._width, self._bits, self._add = path, width, bits, add
        self._capacity = max(LEAST, memory // (2 * 8 * width))
        self._rows: Rows = np.empty((0, width), np.uint64)
        self._filled = 0
        self._runs: list[int] = []  # rows of each
        self._file = path.with_suffix(".runs").open("wb")

    def room(self, rows: int) -> Rows:
        """Where up to so many rows may be written; `take` says how many were."""
        if self._filled + rows > self._capacity and self._filled:
            self._flush()
        if self._filled + rows > len(self._rows):  # a small corpus takes little memory
            size = max(rows, min(self._capacity, 2 * len(self._rows), 1 << 62), LEAST)
            grown = np.empty((max(size, self._filled + rows), self._width), np.uint64)
            grown[: self._filled] = self._rows[: self._filled]
            self._rows = grown
        return self._rows[self._filled : self._filled + rows]

    def take(self, rows: int) -> None:
        """So many rows were written."""
        self._filled += rows

    def finish(self) -> MappedRows:
        """All rows, sorted."""
        if self._filled or not self._runs:
            self._flush()
        self._rows = np.empty((0, self._width), np.uint64)
        self._file.close()
        unsorted = self._path.with_suffix(".runs")
        if len(self._runs) == 1:
            unsorted.replace(self._path)
            return MappedRows(self._path, self._width)
        runs = MappedRows(unsorted, self._width)
        ends = np.cumsum(self._runs)
        cursors = ends - np.array(self._runs)
        out = np.empty((BLOCK, self._width), np.uint64)
        with self._path.open("wb") as file:
            while filled := merge_runs(runs.rows, cursors, ends, self._add, out):
                file.write(out[:filled].data)
                runs.release()
        unsorted.unlink()
        return MappedRows(self._path, self._width)

    def _flush(self) -> None:
        rows = self._rows[: self._filled]
        sort_rows(rows, np.empty_like(rows), self._bits)
        kept = add_equal(rows) if self._add else len(rows)
        for start in range(0, kept, BLOCK):
            self._file.write(rows[start : min(start + BLOCK, kept)].data)
        self._runs.append(kept)
        self._filled = 0
