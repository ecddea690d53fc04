"""The run folder: every file appears whole or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import pyarrow as pa


class Store:
    """A folder whose files are written under a temporary name and renamed; names are relative, with `/`."""

    def __init__(self, root: str | Path) -> None:
        self.root = Path(root)

    def path(self, name: str) -> Path:
        """Where a file of this name lies."""
        return self.root / name

    def exists(self, name: str) -> bool:
        """Whether the file was written, whole."""
        return self.path(name).exists()

    def size(self, name: str) -> int:
        """Bytes of a file."""
        return self.path(name).stat().st_size

    def holds(self, files: dict[str, int]) -> bool:
        """Whether all these files are there, with these sizes."""
        return all(self.exists(name) and self.size(name) == size for name, size in files.items())

    @contextmanager
    def create(self, name: str) -> Iterator[BinaryIO]:
        """A file to write; it gets its name when the block ends without an error."""
        with self._named_at_the_end(name) as path, path.open("wb", buffering=1 << 20) as stream:
            yield stream

    @contextmanager
    def _named_at_the_end(self, name: str) -> Iterator[Path]:
        final = self.path(name)
        final.parent.mkdir(parents=True, exist_ok=True)
        temporary = final.with_name(f".{final.name}.{uuid.uuid4().hex}.tmp")
        try:
            yield temporary
            temporary.replace(final)
        finally:
            temporary.unlink(missing_ok=True)

    def write_json(self, name: str, value: Any) -> None:
        """Commit a small file."""
        with self.create(name) as stream:
            stream.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY))

    def read_json(self, name: str) -> Any:
        """The value of a small file."""
        return orjson.loads(self.path(name).read_bytes())

    def read_report(self, name: str) -> dict[str, Any] | None:
        """The value of a small file; None if it is absent, or cannot be what was written (a power cut can leave that)."""
        try:
            value = self.read_json(name)
        except (FileNotFoundError, orjson.JSONDecodeError):
            return None
        return value if isinstance(value, dict) else None

    def names(self, folder: str, suffix: str = "") -> list[str]:
        """Names of the whole files in a folder, sorted; none if there is no such folder."""
        path = self.path(folder)
        if not path.is_dir():
            return []
        return sorted(e.name for e in os.scandir(path) if e.name.endswith(suffix) and not e.name.startswith("."))

    def move(self, name: str, to: str) -> None:
        """Rename within the store."""
        target = self.path(to)
        target.parent.mkdir(parents=True, exist_ok=True)
        self.path(name).replace(target)

    def remove(self, name: str) -> None:
        """Remove a file or a folder, if it is there."""
        path = self.path(name)
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)

    def sweep(self, folder: str) -> None:
        """Remove the temporary files that killed writers left in a folder; only while nobody writes there."""
        path = self.path(folder)
        if path.is_dir():
            for entry in os.scandir(path):
                if entry.name.startswith(".") and entry.name.endswith(".tmp"):
                    Path(entry.path).unlink(missing_ok=True)

    def open_arrow(self, name: str) -> pa.ipc.RecordBatchFileReader:
        """An Arrow file, memory-mapped: uncompressed columns cost no memory until they are looked at."""
        return pa.ipc.open_file(pa.memory_map(str(self.path(name))))

    def read_table(self, name: str) -> pa.Table:
        """An Arrow file as a memory-mapped table."""
        return self.open_arrow(name).read_all()

    @contextmanager
    def create_arrow(
        self, name: str, schema: pa.Schema, compression: str | None = None
    ) -> Iterator[pa.ipc.RecordBatchFileWriter]:
        """An Arrow file to write; what is to be searched in place stays uncompressed."""
        options = pa.ipc.IpcWriteOptions(compression=compression, use_threads=False)
        with (
            self._named_at_the_end(name) as path,
            pa.OSFile(str(path), "wb") as stream,
            pa.ipc.new_file(stream, schema, options=options) as writer,
        ):
            yield writer
