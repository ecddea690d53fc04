"""The column of tokens in a dataset: which one it is, what it may be, and its ids as one array."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.errors import RunFailed

COLUMNS = ("input_ids", "tokens")  # sequences, as `pack` makes them, before documents, as `tokenize` does
DTYPES = {pa.uint16(): "uint16", pa.uint32(): "uint32"}
_ADVICE = "`tokenize` makes the column tokens, `pack` the column input_ids"


def is_list(dtype: pa.DataType) -> bool:
    """Whether values are lists, of any kind."""
    return bool(pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype))


def token_column(rows: pa.Schema, named: str | None = None) -> str | None:
    """The column of tokens: `named`, or the first of `input_ids` and `tokens` that holds lists of uint16 or uint32."""
    for name in (named,) if named else COLUMNS:
        at = rows.get_field_index(name)
        if at >= 0 and is_list(rows.field(at).type) and rows.field(at).type.value_type in DTYPES:
            return name
    return None


def refusal(rows: pa.Schema, named: str | None, what: str) -> str | None:
    """Why a format that writes tokens alone cannot be made of these columns; None if it can."""
    if token_column(rows, named) is not None:
        return None
    present = [name for name in ((named,) if named else COLUMNS) if name in rows.names]
    if not present:
        return (
            f"{what} needs a column of tokens{f', {named}, which is not there' if named else ''}: add a step, "
            f"{_ADVICE}; there are {', '.join(rows.names)}"
        )
    found = rows.field(present[0]).type
    return f"{what} writes lists of uint16 or uint32, the column {present[0]} is {found}; {_ADVICE}"


def too_narrow(rows: pa.Schema, column: str, dtype: str | None, vocabulary: int | None) -> str | None:
    """Why ids of this column do not fit into `dtype`; None if they do."""
    held = rows.field(column).type.value_type
    if dtype != "uint16" or held == pa.uint16():
        return None
    size = f", for a vocabulary of {vocabulary:,}" if vocabulary else ""
    return f"dtype uint16 holds ids below 65,536; the column {column} holds {held}{size}; leave dtype out"


def ids_of(batch: pa.RecordBatch, column: str, dtype: Any) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
    """All ids of a batch, one row after the other, and each row's number of them; a null row has none.

    Raises RunFailed for a null among the ids, and for an id that `dtype` does not hold.
    """
    lists = batch.column(column)
    lengths = pc.fill_null(pc.list_value_length(lists), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    values = lists.flatten()
    if values.null_count:
        raise RunFailed(f"the column {column} holds null among its tokens, in or after row {first_id(batch)}")
    ids = values.to_numpy(zero_copy_only=False)
    if len(ids) and int(ids.max()) > np.iinfo(dtype).max:
        raise RunFailed(f"the column {column} holds the id {int(ids.max()):,}, which {np.dtype(dtype)} does not hold")
    return ids.astype(dtype, copy=False), lengths


def first_id(batch: pa.RecordBatch, row: int = 0) -> str:
    """What a row is called in messages."""
    return repr(batch.column("id")[row].as_py()) if "id" in batch.schema.names else f"number {row}"
