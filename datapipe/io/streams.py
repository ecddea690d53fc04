"""A file's uncompressed bytes as an ordinary stream, for parsers that want one."""

from __future__ import annotations

import io
from typing import Any

from datapipe.io.compression import Damaged, blocks


class BlockStream(io.RawIOBase):
    """Ends where the data ends or is damaged; `damage` then tells which.

    ended_line  the last byte given was a newline
    """

    def __init__(self, url: str) -> None:
        self.damage: Damaged | None = None
        self.ended_line = True
        self._blocks = blocks(url)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the current block goes; 0 at the end."""
        view = memoryview(buffer)
        if not self._rest:
            try:
                self._rest = memoryview(next(self._blocks, b""))
            except Damaged as damage:
                self.damage = damage
        part = self._rest[: len(view)]
        view[: len(part)] = part
        self._rest = self._rest[len(part) :]
        if len(part):
            self.ended_line = part[-1] == ord("\n")
        return len(part)
