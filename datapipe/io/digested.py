"""A file that knows the sha256 of what was written to it."""

from __future__ import annotations

import hashlib
from typing import Any, BinaryIO


class Digested:
    """Passes bytes on to a stream and counts them; `digest` and `size` tell what went through."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.size = 0
        self.closed = False

    def write(self, data: Any) -> int:
        """Write on, and count."""
        self.digest.update(data)
        n = self._stream.write(data)
        self.size += n
        return n

    def tell(self) -> int:
        """Bytes so far."""
        return self.size

    def flush(self) -> None:
        """Flush the stream below."""
        self._stream.flush()

    def close(self) -> None:
        """The stream below stays open: its owner closes it."""
        self.closed = True

    def writable(self) -> bool:
        """Always."""
        return True

    def readable(self) -> bool:
        """Never."""
        return False

    def seekable(self) -> bool:
        """Never."""
        return False
