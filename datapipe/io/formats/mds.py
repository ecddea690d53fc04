"""Shards of MosaicML Streaming (MDS): samples one after another, with an index of the shards beside them."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, ClassVar, Literal

import numpy as np
import pyarrow as pa
import zstandard
from pydantic import Field

from datapipe.core.errors import RunFailed
from datapipe.io.formats.columns import missing
from datapipe.io.formats.format import Counts, Format, Part
from datapipe.io.formats.mds_encoding import encode, encoding_of, size_of
from datapipe.io.formats.tokens import is_list, token_column

_IN_MEMORY = 256 << 20  # bytes of samples that wait for the table of their places in memory, above that on disk
_LEVEL = 3  # level 1 is 1.5 times as fast; of ids of the bulk corpus it leaves 65 % where 3 leaves 33 %
_LARGEST = 2**32 - 1  # a shard's places are uint32


class Mds(Format):
    """A part is a shard; `data/index.json` lists them, so `StreamingDataset(local=RUN/data)` reads the output.

    Lists of numbers are ndarray:TYPE, those of fixed size ndarray:TYPE:SIZE, strings str (null is empty), int64 is int,
    other numbers are called by their type, binary is bytes. As streaming/base/format/mds of mosaicml-streaming reads it.
    """

    name: Literal["mds"] = "mds"
    columns: tuple[str, ...] | None = Field(
        None, min_length=1, description="what a sample holds; default: id and all lists of numbers"
    )
    compression: Literal["zstd"] | None = Field(None, description="of shards, which readers then unpack to disk first")
    needs: ClassVar[Literal["rows", "tokens"] | None] = "rows"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """One file a part."""
        return ("mds.zstd",) if self.compression else ("mds",)

    def complaint(self, rows: pa.Schema, vocabulary: int | None) -> str | None:
        """No tokens, columns that are not there, or of a type that samples cannot hold."""
        if said := missing(rows, self.columns):
            return said
        if self.columns is None and token_column(rows) is None:
            return (
                "mds needs a column of tokens, or `columns` that says what to write: add a step, `tokenize` makes the column "
                f"tokens, `pack` the column input_ids; there are {', '.join(rows.names)}"
            )
        for field in self.published(rows):
            if encoding_of(field.type) is None:
                return f"mds has no encoding for the column {field.name}, {field.type}; leave it out of columns"
        return None

    def published(self, rows: pa.Schema) -> pa.Schema:
        """Sorted by name, as the readers keep them."""

        def taken(field: pa.Field) -> bool:
            if self.columns is not None:
                return field.name in self.columns
            return field.name == "id" or (is_list(field.type) and encoding_of(field.type) is not None)

        return pa.schema(sorted((field for field in rows if taken(field)), key=lambda field: str(field.name)))

    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """The samples wait until the table of their places, which goes before them, is whole."""
        sizes = [np.zeros(0, np.int64)]
        with SpooledTemporaryFile(_IN_MEMORY) as waiting:
            for piece in pieces:
                samples = encode(piece, schema)
                sizes.append(np.fromiter(map(len, samples), np.int64, len(samples)))
                waiting.write(b"".join(samples))
            head = self._head(np.concatenate(sizes), schema)
            total = len(head) + waiting.tell()
            waiting.seek(0)
            if not self.compression:
                streams[0].write(head)
                shutil.copyfileobj(waiting, streams[0], 1 << 20)
                return {}
            raw = hashlib.sha256(head)
            # The size in the frame's header: readers unpack it in one call.
            with zstandard.ZstdCompressor(level=_LEVEL).stream_writer(streams[0], size=total, closefd=False) as packed:
                packed.write(head)
                while block := waiting.read(1 << 20):
                    raw.update(block)
                    packed.write(block)
        return {"bytes": total, "sha256": raw.hexdigest()}

    def whole(self, parts: Sequence[Part], schema: pa.Schema) -> dict[str, bytes]:
        """The index of shards."""
        shards = [{**self._config(schema), **self._described(part), "samples": part["rows"]} for part in parts]
        index = {"shards": shards, "version": 2}
        return {"data/index.json": json.dumps(index, sort_keys=True).encode()}

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Samples, by the first number of a shard."""
        with opened[0]() as raw:
            stream: Any = zstandard.ZstdDecompressor().stream_reader(raw) if self.compression else raw
            head = stream.read(4)
        if len(head) < 4:
            raise ValueError("no shard: it ends early")
        return Counts(int.from_bytes(head, "little"), None)

    def _config(self, schema: pa.Schema) -> dict[str, Any]:
        return {
            "column_encodings": [encoding_of(field.type) for field in schema],
            "column_names": schema.names,
            "column_sizes": [size_of(field.type) for field in schema],
            "compression": self.compression,
            "format": "mds",
            "hashes": ["sha256"],
            "size_limit": None,
            "version": 2,
        }

    def _head(self, sizes: Any, schema: pa.Schema) -> bytes:
        config = json.dumps(self._config(schema), sort_keys=True).encode()  # spaced as the package does it
        places = np.concatenate([[0], np.cumsum(sizes)]) + 4 + 4 * (len(sizes) + 1) + len(config)
        if int(places[-1]) > _LARGEST:
            raise RunFailed(
                f"a shard of {int(places[-1]):,} bytes: MDS holds {_LARGEST:,}; choose a smaller shard_size"
            )
        return b"".join([len(sizes).to_bytes(4, "little"), places.astype("<u4").tobytes(), config])

    def _described(self, part: Part) -> dict[str, Any]:
        (file,), facts = part["files"], part["facts"]
        name = file["path"].rpartition("/")[2]
        there = {"basename": name, "bytes": file["bytes"], "hashes": {"sha256": file["sha256"]}}
        if not self.compression:
            return {"raw_data": there, "zip_data": None}
        raw = {"bytes": facts["bytes"], "hashes": {"sha256": facts["sha256"]}}
        return {"raw_data": {"basename": name.removesuffix(".zstd"), **raw}, "zip_data": there}
