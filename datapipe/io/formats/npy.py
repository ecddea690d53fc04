"""Flat arrays of tokens with the places of documents beside them, as Dolma writes and OLMo reads them."""

from __future__ import annotations

import csv
import gzip
import io
import shutil
from collections.abc import Callable, Iterator, Sequence
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from datapipe.io.formats.format import Counts
from datapipe.io.formats.ids_alone import IdsAlone
from datapipe.io.formats.tokens import ids_of

_IN_MEMORY = 256 << 20  # bytes that wait for their header in memory, above that on disk


class Npy(IdsAlone):
    """`.npy` holds the ids of all rows, little-endian; `.csv.gz` a line a row: start, end (tokens), id, source, row.

    Despite its name the file is plain memory without a header, to be mapped with `numpy.memmap`, as Dolma writes it
    (python/dolma/tokenizer/memmap_writer.py) and OLMo-core reads it; `header: true` makes it what `numpy.load` reads.
    """

    name: Literal["npy"] = "npy"
    dtype: Literal["uint16", "uint32"] | None = Field(None, description="of an id; default: that of the column")
    header: bool = Field(False, description="write the header that numpy.load expects; Dolma and OLMo expect none")

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Two files a part."""
        return ("npy", "csv.gz")

    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """Ids as they come; those that need a header, which tells their number, wait until all are there."""
        column = self.written(schema)
        dtype = np.dtype(self.dtype or str(schema.field(column).type.value_type))
        with SpooledTemporaryFile(_IN_MEMORY) as waiting, gzip.GzipFile("", "wb", 6, streams[1], mtime=0) as places:
            total = row = 0
            for piece in pieces:
                ids, lengths = ids_of(piece, column, dtype)
                (waiting if self.header else streams[0]).write(ids.data)
                ends = total + np.cumsum(lengths)
                places.write(_lines(piece, row, (ends - lengths).tolist(), ends.tolist()))
                total, row = total + len(ids), row + piece.num_rows
            if self.header:
                np.lib.format.write_array_header_1_0(
                    streams[0], {"descr": dtype.str, "fortran_order": False, "shape": (total,)}
                )
                waiting.seek(0)
                shutil.copyfileobj(waiting, streams[0], 1 << 20)
        return {"dtype": dtype.name}

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Rows and tokens by the places."""
        rows = end = 0
        with opened[1]() as raw, gzip.open(raw, "rt", encoding="utf-8", newline="") as lines:
            for place in csv.reader(lines):
                rows, end = rows + 1, int(place[1])
        return Counts(rows, end)


def _lines(piece: pa.RecordBatch, row: int, starts: list[int], ends: list[int]) -> bytes:
    text = io.StringIO(newline="")
    ids, sources = (piece.column(name).to_pylist() for name in ("id", "source"))
    csv.writer(text).writerows(zip(starts, ends, ids, sources, range(row, row + piece.num_rows), strict=True))
    return text.getvalue().encode()
