"""JSON lines compressed with zstd."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Literal

import orjson
import pyarrow as pa
import zstandard

from datapipe.io.formats.columns import Columns, missing, select
from datapipe.io.formats.format import Counts, Format


class JsonLines(Format):
    """One JSON object a line."""

    name: Literal["jsonl"] = "jsonl"
    columns: Columns = None

    @property
    def suffixes(self) -> tuple[str, ...]:
        """One file a part."""
        return ("jsonl.zst",)

    def complaint(self, rows: pa.Schema, vocabulary: int | None) -> str | None:
        """Columns that are not there."""
        return missing(rows, self.columns)

    def published(self, rows: pa.Schema) -> pa.Schema:
        """Those asked for, id and source."""
        return select(rows, self.columns)

    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """One zstd frame."""
        compressor = zstandard.ZstdCompressor(level=3)
        with compressor.stream_writer(streams[0], closefd=False) as writer:
            for piece in pieces:
                lines = (orjson.dumps(_row(row), option=orjson.OPT_APPEND_NEWLINE) for row in piece.to_pylist())
                writer.write(b"".join(lines))
        return {}

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Lines."""
        lines = 0
        with opened[0]() as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
            while block := stream.read(1 << 20):
                lines += block.count(b"\n")
        return Counts(lines, None)


def _row(row: dict[str, Any]) -> dict[str, Any]:
    # Metadata is JSON already: it stands in the line as an object, not as a string in a string.
    return {
        name: orjson.Fragment(value) if name == "metadata" and value is not None
        else dict(value) if isinstance(value, list) and value and isinstance(value[0], tuple)
        else value
        for name, value in row.items()
    }  # fmt: skip
