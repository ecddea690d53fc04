"""Parquet, for whoever reads tables: pyarrow, DuckDB, Polars, `datasets`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, BinaryIO, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import Field

from datapipe.io.formats.card import CARD, dataset_card
from datapipe.io.formats.columns import Columns, missing, select
from datapipe.io.formats.features import unsupported
from datapipe.io.formats.format import Counts, Format, Part

GROUP_PIECES = 64  # row groups of 64 MB of id, text, metadata and tokens, gathered almost without copies
# With tokens, 2 MB: whoever begins at some row decodes a group, of 64 MB in 130 ms and more, of 2 MB in 4; files are
# 0.4 % larger, and are read 1.5 times as fast, for a group stays in the processor's cache.
STREAMED_PIECES = 2

# zstd 3 costs a third more time than 1 for 6 % smaller files on the bulk corpus; text is not worth a dictionary.
_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["source", "lang"],
    "write_statistics": ["id", "source", "url", "lang"],  # bounds on whole texts would only swell the footer
    "write_page_checksum": True,
    "version": "2.6",
}


class Parquet(Format):
    """Tables compressed with zstd; sequences of one length are lists of fixed size."""

    name: Literal["parquet"] = "parquet"
    columns: Columns = None
    row_group: int | None = Field(
        None,
        ge=1,
        description="MB of id, text, metadata and tokens in a row group; default 64, where there are tokens 2",
    )
    card: bool = Field(
        False, description="write README.md beside data/, from which `datasets.load_dataset` knows files and features"
    )

    @property
    def suffixes(self) -> tuple[str, ...]:
        """One file a part."""
        return ("parquet",)

    def complaint(self, rows: pa.Schema, vocabulary: int | None) -> str | None:
        """Columns that are not there, or that a card cannot tell."""
        return missing(rows, self.columns) or (unsupported(self.published(rows)) if self.card else None)

    def published(self, rows: pa.Schema) -> pa.Schema:
        """Those asked for, id and source."""
        return select(rows, self.columns)

    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """Row groups of as many pieces, which have 1 MB each."""
        size = self.row_group or (STREAMED_PIECES if self.counted(schema) else GROUP_PIECES)
        with pq.ParquetWriter(pa.PythonFile(streams[0], "w"), schema, **_options(schema)) as writer:
            while group := list(islice(pieces, size)):
                table = pa.Table.from_batches(group, schema=schema)
                writer.write_table(table, row_group_size=max(1, table.num_rows))
                del group, table  # or they would stay until the next group is gathered: 64 MB more
        return {}

    def whole(self, parts: Sequence[Part], schema: pa.Schema) -> dict[str, bytes]:
        """The card, if it is asked for."""
        return {CARD: dataset_card(parts, schema)} if self.card else {}

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Rows, by reading a column of them."""
        with opened[0]() as stream, pq.ParquetFile(stream) as file:
            return Counts(sum(b.num_rows for b in file.iter_batches(columns=[file.schema_arrow.names[0]])), None)


def _options(schema: pa.Schema) -> dict[str, Any]:
    there = {
        key: [name for name in _OPTIONS[key] if name in schema.names] for key in ("use_dictionary", "write_statistics")
    }
    return {**_OPTIONS, **{key: names or False for key, names in there.items()}}
