"""Columns as `datasets` describes them: in a saved folder's `dataset_info.json`, and in a card's YAML."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from datapipe.io.formats.tokens import is_list

_NAMES = {pa.float16(): "float16", pa.float32(): "float32", pa.float64(): "float64", pa.bool_(): "bool"}


def unsupported(rows: pa.Schema) -> str | None:
    """Which column `datasets` has no type for, and what to do; None if it knows all."""
    for field in rows:
        try:
            feature(field.type)
        except TypeError:
            return f"`datasets` has no type for the column {field.name}, {field.type}; leave it out by `columns`"
    return None


def feature(dtype: pa.DataType) -> dict[str, Any]:
    """A type as `dataset_info.json` has it. `Sequence`, for versions before 4 know no `List`. TypeError if there is none."""
    if pa.types.is_struct(dtype):
        return {field.name: feature(field.type) for field in dtype}
    if is_list(dtype):
        inner = {"feature": feature(dtype.value_type)}
        if pa.types.is_fixed_size_list(dtype):
            inner["length"] = dtype.list_size
        if pa.types.is_large_list(dtype):
            return {**inner, "_type": "LargeList"}
        # A `Sequence` of a struct means a struct of sequences; a list of one type in brackets means what it says.
        return [inner["feature"]] if pa.types.is_struct(dtype.value_type) else {**inner, "_type": "Sequence"}  # type: ignore[return-value]
    return {"dtype": _name(dtype), "_type": "Value"}


def card_feature(dtype: pa.DataType) -> dict[str, Any]:
    """A type as a card's YAML has it."""
    if pa.types.is_struct(dtype):
        return {"struct": [{"name": field.name, **card_feature(field.type)} for field in dtype]}
    if is_list(dtype):
        inner = card_feature(dtype.value_type)
        value: Any = inner["dtype"] if list(inner) == ["dtype"] else inner.get("struct", inner)
        # Versions before 4 lose the length of a `list`; a `sequence` of a struct means a struct of sequences.
        kind = "list" if pa.types.is_struct(dtype.value_type) else "sequence"
        kind = "large_list" if pa.types.is_large_list(dtype) else kind
        length = {"length": dtype.list_size} if pa.types.is_fixed_size_list(dtype) else {}
        return {kind: value, **length}
    return {"dtype": _name(dtype)}


def _name(dtype: pa.DataType) -> str:
    if dtype in _NAMES:
        return _NAMES[dtype]
    if pa.types.is_integer(dtype) or dtype in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        return str(dtype)
    raise TypeError(dtype)
