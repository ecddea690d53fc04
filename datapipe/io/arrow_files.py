"""Arrow files of a run: written once, read by the batch, and every batch checked against its digest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
import xxhash

from datapipe.core.errors import WorkLost
from datapipe.io.store import Store

Index = dict[str, Any]
"""`{"bytes": of the file, "batches": [[first byte, bytes, rows, xxh3_64 of those bytes], …]}`: enough to read any batch
by one range and to know that it is what was written."""


class ArrowWriter:
    """Writes an Arrow file (IPC file format) and knows where each batch lies."""

    def __init__(self, stream: BinaryIO, schema: pa.Schema, compression: str | None) -> None:
        self._header = 8 + schema.serialize().size  # the magic number and the schema go out with the first batch
        self._stream = _Hashing(stream)
        options = pa.ipc.IpcWriteOptions(compression=compression, use_threads=False)
        self._writer = pa.ipc.new_file(pa.PythonFile(self._stream, "w"), schema, options=options)
        self._batches: list[list[Any]] = []

    def write(self, batch: pa.RecordBatch) -> None:
        """Add a batch."""
        start = self._stream.begin(self._header)
        self._writer.write_batch(batch)
        self._batches.append([start, self._stream.size - start, batch.num_rows, self._stream.digest.hexdigest()])

    def write_table(self, table: pa.Table) -> None:
        """Add the batches of a table."""
        for batch in table.to_batches():
            self.write(batch)

    def close(self) -> None:
        """Write the footer."""
        self._writer.close()

    @property
    def index(self) -> Index:
        """What readers need; whole after `close`."""
        return {"bytes": self._stream.size, "batches": self._batches}


@contextmanager
def create_arrow(store: Store, name: str, schema: pa.Schema, compression: str | None = None) -> Iterator[ArrowWriter]:
    """An Arrow file to write; its `index` is to be kept in a report. What is searched in place stays uncompressed."""
    with store.create(name) as stream:
        writer = ArrowWriter(stream, schema, compression)
        yield writer
        writer.close()


def read_batches(
    store: Store, name: str, index: Index, schema: pa.Schema, first: int = 0, end: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Batches `first` to `end` of a file. Raises WorkLost if it is absent, cut or changed: the run makes it anew."""
    wanted = index["batches"][first:end]
    parts = store.ranges(name, [(start, length) for start, length, _, _ in wanted])
    for number, (_, length, _, digest) in enumerate(wanted, first):
        try:
            part = next(parts)
        except FileNotFoundError:
            raise WorkLost(name, "is gone") from None
        if part.size != length or xxhash.xxh3_64_hexdigest(part) != digest:
            raise WorkLost(name, f"is not what was written (batch {number})")
        yield pa.ipc.read_record_batch(part, schema)


def read_table(store: Store, name: str, index: Index, schema: pa.Schema) -> pa.Table:
    """All of a file, memory-mapped where that can be."""
    return pa.Table.from_batches(read_batches(store, name, index, schema), schema=schema)


class _Hashing:
    """A stream that digests what passes, from the last `begin` on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.size = 0
        self.closed = False
        self.digest = xxhash.xxh3_64()
        self._skip = 0

    def begin(self, header: int) -> int:
        """Start a digest at the next byte, or behind a header of so many bytes that is still to come; returns where."""
        self.digest = xxhash.xxh3_64()
        self._skip = max(0, header - self.size)
        return self.size + self._skip

    def write(self, data: Any) -> int:
        view = memoryview(data)
        if self._skip:
            self.digest.update(view[self._skip :])
            self._skip = max(0, self._skip - len(view))
        else:
            self.digest.update(view)
        self.size += len(view)
        self._stream.write(view)
        return len(view)

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        self._stream.flush()

    def close(self) -> None:
        self.closed = True  # the stream below stays open: its owner closes it

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False
