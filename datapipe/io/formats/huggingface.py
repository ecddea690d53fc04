"""A folder that `datasets.load_from_disk` maps into memory: Arrow streams, and two small files that describe them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Literal

import orjson
import pyarrow as pa
import xxhash

from datapipe.io.formats.columns import Columns, missing, select
from datapipe.io.formats.features import feature, unsupported
from datapipe.io.formats.format import Counts, Format, Part


class HuggingFace(Format):
    """`datasets.load_from_disk(RUN/data)` opens it at once, whatever its size: nothing is compressed or copied."""

    name: Literal["huggingface"] = "huggingface"
    columns: Columns = None

    @property
    def suffixes(self) -> tuple[str, ...]:
        """One file a part."""
        return ("arrow",)

    def complaint(self, rows: pa.Schema, vocabulary: int | None) -> str | None:
        """Columns that are not there, or that `datasets` has no type for."""
        return missing(rows, self.columns) or unsupported(self.published(rows))

    def published(self, rows: pa.Schema) -> pa.Schema:
        """Those asked for, id and source."""
        return select(rows, self.columns)

    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """A batch a piece."""
        told = orjson.dumps({"info": {"features": _features(schema)}})
        schema = schema.with_metadata({b"huggingface": told})
        options = pa.ipc.IpcWriteOptions(use_threads=False)
        with pa.ipc.new_stream(pa.PythonFile(streams[0], "w"), schema, options=options) as writer:
            for piece in pieces:
                writer.write_batch(pa.RecordBatch.from_arrays(piece.columns, schema=schema))
        return {}

    def whole(self, parts: Sequence[Part], schema: pa.Schema) -> dict[str, bytes]:
        """Features, and the names of the files. Caches of what is made from the data set go by its fingerprint."""
        digests = "".join(file["sha256"] for part in parts for file in part["files"])
        files = [{"filename": file["path"].rpartition("/")[2]} for part in parts for file in part["files"]]
        info = {"citation": "", "description": "", "features": _features(schema), "homepage": "", "license": ""}
        state: dict[str, Any] = {
            "_data_files": files, "_fingerprint": xxhash.xxh3_64_hexdigest(digests.encode()), "_format_columns": None,
            "_format_kwargs": {}, "_format_type": None, "_output_all_columns": False, "_split": None,
        }  # fmt: skip
        return {
            "data/dataset_info.json": orjson.dumps(info, option=orjson.OPT_INDENT_2),
            "data/state.json": orjson.dumps(state, option=orjson.OPT_INDENT_2),
        }

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Rows, batch by batch."""
        with opened[0]() as stream, pa.ipc.open_stream(stream) as reader:
            return Counts(sum(batch.num_rows for batch in reader), None)


def _features(schema: pa.Schema) -> dict[str, Any]:
    return {field.name: feature(field.type) for field in schema}
