"""Record batches of any schema to chunks: cut to size, built, their bad rows described."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from datapipe.core.reader import BadRecord, Chunk, Reader
from datapipe.io.arrow_rows import BatchRows, as_python, is_text
from datapipe.io.rows import Rows, chunk_of
from datapipe.io.values import head_of, to_json

_CHUNK = 8 << 20  # bytes of a portion
_ROWS = 8192


def batch_chunk(rows: BatchRows, part: pa.RecordBatch, url: str, first: int, text: str) -> Chunk:
    """The chunk of a portion whose first row has the number `first` in its file; `text` is the field of the text."""
    built = rows.build(part)
    bad = []
    for row, fault in built.faults.items():
        head = head_of(describe(part, row, text))
        bad.append((row, BadRecord(url, fault.error, row=first + row, head=head, id=fault.id)))
    return chunk_of(built, None, bad, {})


def lost_chunk(reader: Reader, bad: BadRecord) -> Chunk:
    """A chunk of one bad record and no rows."""
    schema = reader.row_schema()
    empty = pa.RecordBatch.from_arrays([pa.array([], field.type) for field in schema], schema=schema)
    return chunk_of(Rows(empty, np.zeros(0, np.int64), {}), None, [(0, bad)], {})


def portions(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch cut so that no part has more than 8,192 rows or (a single row aside) 8 MB; nothing is copied."""
    pending = [batch]
    while pending:
        part = pending.pop()
        if part.num_rows > 1 and (part.num_rows > _ROWS or part.nbytes > _CHUNK):
            half = part.num_rows // 2
            pending += [part.slice(half), part.slice(0, half)]
        else:
            yield part


def describe(batch: pa.RecordBatch, row: int, field: str) -> bytes:
    """A bad row for people: its text where it has one, else all of its fields."""
    index = batch.schema.get_field_index(field)
    if index >= 0 and is_text(batch.column(index).type):
        value = batch.column(index).slice(row, 1).cast(pa.large_binary())[0].as_py()
        if value:
            return bytes(value)
    try:
        return to_json({name: as_python(batch.column(i).slice(row, 1))[0] for i, name in enumerate(batch.schema.names)})
    except UnicodeDecodeError:
        return b""
