"""Columns as trainers take them: numbers as numpy arrays, everything else as Arrow has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.core.errors import StreamFailed

Column: TypeAlias = "npt.NDArray[Any] | pa.Array"


def column_of(column: pa.ChunkedArray, name: str, url: str) -> Column:
    """A column without a copy, where it is one piece: (rows,) for numbers, (rows, length) for lists of a fixed length.

    Strings, ragged lists and structs stay Arrow arrays. The type follows from the column's alone: a missing float is
    NaN, and a missing integer is refused, for which StreamFailed names the column.
    """
    array = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    listed = pa.types.is_fixed_size_list(array.type)
    dtype = array.type.value_type if listed else array.type
    if not (pa.types.is_integer(dtype) or pa.types.is_floating(dtype) or pa.types.is_boolean(dtype)):
        return array
    numbers = array.flatten() if listed else array
    if (array.null_count or numbers.null_count) and (listed or not pa.types.is_floating(dtype)):
        raise StreamFailed(
            f"{url}: the column {name} holds null, which no array of {dtype} can: leave it out of `columns`"
        )
    found: npt.NDArray[Any] = numbers.to_numpy(zero_copy_only=False)
    return found.reshape(len(array), array.type.list_size) if listed else found


def joined(pieces: Sequence[Column]) -> Column:
    """Pieces of one column, one after another."""
    if len(pieces) == 1:
        return pieces[0]
    return np.concatenate(pieces) if isinstance(pieces[0], np.ndarray) else pa.concat_arrays(pieces)
