"""Bytes of published files: local ones by the system's calls, all others by ranged requests that are tried again."""

from __future__ import annotations

import io
from pathlib import Path

import pyarrow as pa

from datapipe.io.files import is_local, local_path
from datapipe.io.filesystem import filesystem
from datapipe.io.retry import retrying, status


def read_whole(url: str) -> bytes:
    """A small file. FileNotFoundError if there is none."""
    if is_local(url):
        return Path(local_path(url)).read_bytes()
    fs, path = filesystem(url)
    return retrying(url, "read it", lambda: bytes(fs.cat_file(path)))


def size_of(url: str) -> int:
    """Bytes of a file. FileNotFoundError if there is none."""
    if is_local(url):
        return Path(local_path(url)).stat().st_size
    fs, path = filesystem(url)
    return int(retrying(url, "look it up", lambda: fs.info(path))["size"])


def open_random(url: str, size: int) -> pa.NativeFile:
    """A file of `size` bytes for reading at any place; each read of a remote one is a request.

    Not mapped into memory: a mapped file that somebody truncates ends the process instead of raising an error.
    """
    return pa.OSFile(local_path(url)) if is_local(url) else pa.PythonFile(_Ranges(url, size), "r")


class _Ranges(io.RawIOBase):
    """A remote file by ranged requests alone: its size is known, so that nothing else is asked of the store."""

    def __init__(self, url: str, size: int) -> None:
        self._url = url
        self._size = size
        self._at = 0
        self._fs, self._path = filesystem(url)  # here: a thread that first asks for one gets connections of its own

    def read(self, size: int = -1) -> bytes:
        """Up to so many bytes; all the rest for -1."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        if end <= self._at:
            return b""
        data = retrying(self._url, "read it", lambda: self._fetch(self._at, end))
        self._at += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a byte; nothing is fetched yet."""
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def tell(self) -> int:
        """The byte that is read next."""
        return self._at

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def _fetch(self, start: int, end: int) -> bytes:
        try:
            return bytes(self._fs.cat_file(self._path, start=start, end=end))
        except OSError as error:
            if status(error) == 416:  # the file is shorter than it was
                return b""
            raise
