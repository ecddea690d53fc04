"""What the formats have in common that write the ids of one column and nothing else of a row."""

from __future__ import annotations

from typing import ClassVar, Literal

import pyarrow as pa
from pydantic import Field

from datapipe.io.formats.format import Format
from datapipe.io.formats.tokens import refusal, token_column, too_narrow


class IdsAlone(Format):
    """A format of ids, all of one type; a subclass says which types there are (`dtype`)."""

    column: str | None = Field(None, description="the column of tokens; default: input_ids, or tokens")
    dtype: str | None
    needs: ClassVar[Literal["rows", "tokens"] | None] = "tokens"

    def complaint(self, rows: pa.Schema, vocabulary: int | None) -> str | None:
        """No tokens, or ids that do not fit."""
        found = refusal(rows, self.column, self.name)
        return found or too_narrow(rows, self.written(rows), self.dtype, vocabulary)

    def published(self, rows: pa.Schema) -> pa.Schema:
        """The tokens, and what rows are called by."""
        return pa.schema([field for field in rows if field.name in ("id", "source", self.written(rows))])

    def counted(self, rows: pa.Schema) -> str | None:
        """The column that is written."""
        return token_column(rows, self.column)

    def written(self, rows: pa.Schema) -> str:
        """The column that is written, where there is no complaint."""
        column = token_column(rows, self.column)
        assert column is not None  # the plan was refused otherwise
        return column
