"""A run folder on this machine, or on a shared file system: temporary names and renames."""

from __future__ import annotations

import fcntl
import glob
import io
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from datapipe.io.abstract_store import Span, Store


class LocalStore(Store):
    """A folder of this machine, or of a shared file system."""

    def __init__(self, root: str | Path) -> None:
        self.root = str(root)
        self._root = Path(root)

    def path(self, name: str) -> Path:
        """Where a file of this name lies."""
        return self._root / name

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self.path(name).stat().st_size

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """A file to write, under a temporary name until the block ends."""
        final = self.path(name)
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex}.tmp")
        try:
            with io.BufferedWriter(_NamedFile(temporary, final), 1 << 20) as stream:
                yield stream
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)

    def read_bytes(self, name: str) -> bytes:
        """A small file."""
        with _naming(self.path(name)):
            return self.path(name).read_bytes()

    def ranges(self, name: str, spans: Sequence[Span]) -> Iterator[pa.Buffer]:
        """Parts of the file, memory-mapped: they cost no memory until they are looked at."""
        if not spans:
            return
        with pa.memory_map(str(self.path(name))) as source:
            for start, length in spans:
                source.seek(min(start, source.size()))
                yield source.read_buffer(length)

    def names(self, folder: str) -> list[str]:
        """Names in a folder, sorted; temporary ones are left out."""
        path = self.path(folder)
        return sorted(e.name for e in os.scandir(path) if not e.name.startswith(".")) if path.is_dir() else []

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of the files in a folder."""
        path = self.path(folder)
        if not path.is_dir():
            return {}
        with os.scandir(path) as entries:
            return {
                f"{folder}/{e.name}".lstrip("/"): e.stat().st_size for e in entries if e.is_file() and e.name[0] != "."
            }

    def remove(self, name: str) -> None:
        """Remove a file or a folder, if it is there."""
        path = self.path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def sweep(self, folder: str) -> None:
        """Remove the temporary files of a file, or those in a folder and below."""
        path = self.path(folder)
        for left in [*path.parent.glob(f".{glob.escape(path.name)}.*.tmp"), *path.rglob(".*.tmp")]:
            left.unlink(missing_ok=True)

    @contextmanager
    def alone(self, name: str, shared: bool = False) -> Iterator[bool]:
        """An advisory lock of the file system, which ends with the process; file systems without any grant it."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as lock:
            try:
                fcntl.flock(lock, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            except OSError:  # a mount without locks: work done twice gives the same files
                pass
            yield True


class _NamedFile(io.FileIO):
    """A file to write whose errors name it as it will be called: of a full disk the system says only that it is full."""

    def __init__(self, path: Path, final: Path) -> None:
        super().__init__(path, "wb")
        self._final = final

    def write(self, data: Any) -> int:
        """Write, or say where that could not be done."""
        with _naming(self._final):
            return super().write(data)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Errors in the block that name no file name this one."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise
