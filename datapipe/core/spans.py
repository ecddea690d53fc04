"""Spans of texts as the column that `edits/` and `ledger/` hold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.arrow.text import Text, column_of
from datapipe.kernels.spans import code_points_at, copy_spans

SPAN_CHARACTERS = 100  # of a span's text are kept

SPAN = pa.struct(
    [
        pa.field("start", pa.int64()),  # code points, of the text as the step saw it
        pa.field("end", pa.int64()),
        pa.field("reason", pa.string()),
        pa.field("of", pa.string()),  # id of the document, or benchmark and item, that holds the same
        pa.field("text", pa.string()),  # its beginning
    ]
)
SPANS = pa.list_(SPAN)


def spans_column(
    text: Text,
    rows: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
    reasons: str | Sequence[str] | pa.Array,
    of: Sequence[str | None] | pa.Array | None = None,
) -> pa.Array:
    """A list of spans for each text.

    rows, starts, ends  one entry a span, sorted by row (spans of a row in any order, they may overlap); bytes from the
                        start of the text, on the borders of characters
    reasons             one for all spans, or one each
    of                  whom each repeats, if that is known
    """
    n = len(rows)
    rows, starts, ends = (np.ascontiguousarray(values, np.int64) for values in (rows, starts, ends))
    columns = [
        pa.array(code_points_at(text.offsets, text.data, rows, starts)),
        pa.array(code_points_at(text.offsets, text.data, rows, ends)),
        _strings([reasons] * n if isinstance(reasons, str) else reasons),
        pa.nulls(n, pa.string()) if of is None else _strings(of),
        column_of(*copy_spans(text.offsets, text.data, rows, starts, ends, SPAN_CHARACTERS)).cast(pa.string()),
    ]
    borders = np.searchsorted(rows, np.arange(len(text) + 1)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(borders), pa.StructArray.from_arrays(columns, fields=list(SPAN)))


def no_spans(rows: int) -> pa.Array:
    """Not one span, for so many texts."""
    empty = pa.array([], SPAN)
    return pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), empty)


def _strings(values: Sequence[str | None] | pa.Array) -> pa.Array:
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return values.cast(pa.string()) if isinstance(values, pa.Array) else pa.array(values, pa.string())
