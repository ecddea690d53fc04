"""Text as the kernels see it: int64 offsets and UTF-8 bytes, straight from the Arrow buffers."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Int64s = npt.NDArray[np.int64]
Bytes = npt.NDArray[np.uint8]


class Text(NamedTuple):
    """Document i is `data[offsets[i]:offsets[i + 1]]`; a null document is an empty one (`valid` tells them apart)."""

    offsets: Int64s
    data: Bytes

    def __len__(self) -> int:  # number of documents, not of fields
        return len(self.offsets) - 1

    @property
    def lengths(self) -> Int64s:
        """Length of every document in bytes."""
        return np.diff(self.offsets)


def text_of(column: pa.Array | pa.ChunkedArray) -> Text:
    """View a string column without copying its bytes; honours slices, widens 32-bit offsets (a copy of the offsets only)."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    n = len(column)
    wide = pa.types.is_large_string(column.type) or pa.types.is_large_binary(column.type)
    if not wide and not (pa.types.is_string(column.type) or pa.types.is_binary(column.type)):
        raise TypeError(f"a text column must be a string, this one is {column.type}")
    _, raw_offsets, raw_data = column.buffers()
    if n == 0 or raw_offsets is None:
        return _text(np.zeros(n + 1, np.int64), np.zeros(0, np.uint8))
    offsets = np.frombuffer(raw_offsets, np.int64 if wide else np.int32, n + 1, column.offset * (8 if wide else 4))
    data = np.zeros(0, np.uint8) if raw_data is None else np.frombuffer(raw_data, np.uint8)
    if column.null_count:
        # A null may own bytes in the buffer; the kernels must see it empty.
        lengths = np.where(valid_of(column), np.diff(offsets), 0)
        if int(lengths.sum()) != int(offsets[-1] - offsets[0]):
            return text_of(column.fill_null(""))
    return _text(offsets.astype(np.int64, copy=False), data)


def _text(offsets: Int64s, data: Bytes) -> Text:
    """Read-only whatever they come from: Numba would compile every kernel again for arrays that may be written."""
    offsets, data = offsets.view(), data.view()
    offsets.flags.writeable = data.flags.writeable = False
    return Text(offsets, data)


def valid_of(column: pa.Array | pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """True where the column has a value."""
    valid: npt.NDArray[np.bool_] = column.is_valid().to_numpy(zero_copy_only=False)
    return valid


def column_of(offsets: Int64s, data: Bytes, valid: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    """A large_string column over the kernel's output buffers, without a copy; `data` must be valid UTF-8."""
    bitmap = None
    if valid is not None and not valid.all():
        bitmap = pa.py_buffer(np.packbits(valid, bitorder="little"))
    offsets = np.ascontiguousarray(offsets, np.int64)
    return pa.Array.from_buffers(
        pa.large_string(), len(offsets) - 1, [bitmap, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(data))]
    )
