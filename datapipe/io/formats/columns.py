"""The parameter `columns` of formats that publish tables."""

from __future__ import annotations

from typing import Annotated

import pyarrow as pa
from pydantic import Field

from datapipe.core.errors import did_you_mean

Columns = Annotated[
    tuple[str, ...] | None,
    Field(min_length=1, description="which columns are published, besides id and source; default: all"),
]


def missing(rows: pa.Schema, columns: tuple[str, ...] | None) -> str | None:
    """Which of the columns asked for is not there; None if all are."""
    for name in columns or ():
        if name not in rows.names:
            advice = {"tokens": "; `tokenize` makes it", "input_ids": "; `pack` makes it"}
            return f"columns: no column {name}{advice.get(name) or did_you_mean(name, rows.names)}"
    return None


def select(rows: pa.Schema, columns: tuple[str, ...] | None) -> pa.Schema:
    """Id and source, by which `datapipe why` finds a row, and the columns asked for, in the dataset's order."""
    if columns is None:
        return rows
    return pa.schema([field for field in rows if field.name in ("id", "source", *columns)])
