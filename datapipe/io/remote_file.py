"""An input in a remote store as a stream that outlives broken connections."""

from __future__ import annotations

import io
from typing import Any, Literal

from datapipe.io.filesystem import READ_AHEAD, filesystem
from datapipe.io.retry import retrying

Access = Literal["stream", "points", "blocks"]
"""How a file will be read: from some byte on; at a few places, a little each; or at several places by turns (the
columns of a row group), which keeps up to 32 blocks of 8 MB, each fetched once."""

_CACHES: dict[Access, dict[str, Any]] = {
    "stream": {"cache_type": "readahead"},
    "points": {"cache_type": "none"},
    "blocks": {"cache_type": "blockcache"},
}


class RemoteFile(io.RawIOBase):
    """A remote file for reading; where a read fails for now, it is opened anew and read on from the same byte."""

    def __init__(self, url: str, access: Access = "stream") -> None:
        self._url = url
        self._access = access
        self._stream: Any = None
        self._at = 0
        retrying(url, "open it", self._open)

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; all the rest for -1."""
        return retrying(self._url, "read it", lambda: self._read(size))

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as the file goes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte; nothing is fetched yet."""
        self._at = int(self._opened().seek(offset, whence))
        return self._at

    def tell(self) -> int:
        """The byte that is read next."""
        return self._at

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Whether the store can give a part of a file."""
        return bool(self._opened().seekable())

    def close(self) -> None:
        """Close the connection."""
        self._drop()
        super().close()

    def _opened(self) -> Any:
        return self._stream if self._stream is not None else retrying(self._url, "open it", self._open)

    def _open(self) -> Any:
        fs, path = filesystem(self._url)
        self._stream = fs.open(path, "rb", block_size=READ_AHEAD, **_CACHES[self._access])
        if self._at:
            self._stream.seek(self._at)
        return self._stream

    def _read(self, size: int) -> bytes:
        stream = self._stream if self._stream is not None else self._open()
        try:
            data: bytes = stream.read(size)
            if not data and size and self._at < (getattr(stream, "size", None) or 0):
                raise ConnectionError(f"the data ended after {self._at:,} bytes")
        except Exception:  # whatever it was, the stream's place is not known any more; it goes on to who retries
            self._drop()
            raise
        self._at += len(data)
        return data

    def _drop(self) -> None:
        if self._stream is not None:
            self._stream.close()
        self._stream = None
