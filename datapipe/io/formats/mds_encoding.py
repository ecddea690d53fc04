"""Rows as samples of MDS: for each column of variable size its bytes as uint32, then the columns one after another."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.errors import RunFailed
from datapipe.io.formats.tokens import first_id, is_list

_NUMBERS = {
    **{dtype: str(dtype) for dtype in (pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64())},
    **{dtype: str(dtype) for dtype in (pa.int8(), pa.int16(), pa.int32(), pa.int64())},
    pa.float16(): "float16",
    pa.float32(): "float32",
    pa.float64(): "float64",
}


def encoding_of(dtype: pa.DataType) -> str | None:
    """What MDS calls a column of this type; None if it has no encoding for it."""
    if is_list(dtype) and dtype.value_type in _NUMBERS:
        size = f":{dtype.list_size}" if pa.types.is_fixed_size_list(dtype) else ""
        return f"ndarray:{_NUMBERS[dtype.value_type]}{size}"
    if pa.types.is_string(dtype) or pa.types.is_large_string(dtype):
        return "str"
    if pa.types.is_binary(dtype) or pa.types.is_large_binary(dtype):
        return "bytes"
    return "int" if dtype == pa.int64() else _NUMBERS.get(dtype)


def size_of(dtype: pa.DataType) -> int | None:
    """Bytes of every value of this type; None where they vary."""
    if pa.types.is_fixed_size_list(dtype):
        return int(dtype.list_size * dtype.value_type.bit_width // 8)
    return int(dtype.bit_width // 8) if dtype in _NUMBERS else None


def encode(piece: pa.RecordBatch, schema: pa.Schema) -> list[bytes]:
    """The samples of a batch."""
    columns = [_encoded(piece, field) for field in schema]
    variable = [c for c, field in zip(columns, schema, strict=True) if size_of(field.type) is None]
    if not variable:
        return list(map(b"".join, zip(*columns, strict=True)))
    sizes = np.array([[len(value) for value in column] for column in variable], "<u4").reshape(len(variable), -1)
    heads = _cut(np.ascontiguousarray(sizes.T).tobytes(), np.arange(piece.num_rows + 1) * 4 * len(variable))
    return list(map(b"".join, zip(heads, *columns, strict=True)))


def _encoded(piece: pa.RecordBatch, field: pa.Field) -> Sequence[bytes]:
    column = piece.column(field.name)
    if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
        return [value or b"" for value in column.cast(pa.large_binary()).to_pylist()]
    if column.null_count:
        row = column.is_null().index(True).as_py()
        raise RunFailed(
            f"the column {field.name} is null in row {first_id(piece, row)}, which MDS cannot tell; drop it"
        )
    if not is_list(field.type):
        if field.type in _NUMBERS:
            width = size_of(field.type) or 0
            return _cut(column.to_numpy().tobytes(), np.arange(piece.num_rows + 1) * width)
        return [bytes(value) for value in column.to_pylist()]
    values = column.flatten()
    if values.null_count:
        raise RunFailed(f"the column {field.name} has null among its numbers, in or after row {first_id(piece)}")
    data = values.to_numpy(zero_copy_only=False)
    lengths = pc.list_value_length(column).to_numpy().astype(np.int64)
    lists = _cut(data.tobytes(), np.concatenate([[0], np.cumsum(lengths)]) * data.itemsize)
    if pa.types.is_fixed_size_list(field.type):
        return lists
    # Readers take an empty list (numpy.frombuffer of nothing), though the package's own writer refuses it.
    return [_shape(length) + value for length, value in zip(lengths.tolist(), lists, strict=True)]


def _shape(length: int) -> bytes:
    # One axis (1 << 2) and how wide its length is written.
    if length < 1 << 8:
        return bytes((4, length))
    return b"\x05" + length.to_bytes(2, "little") if length < 1 << 16 else b"\x06" + length.to_bytes(4, "little")


def _cut(data: bytes, ends: npt.NDArray[Any]) -> list[bytes]:
    return [data[start:end] for start, end in pairwise(ends.tolist())]
