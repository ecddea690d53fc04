"""What a reader is: it lists its inputs as pieces, and reads a piece as chunks of rows and bad records."""

from __future__ import annotations

import inspect
import os
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, field_validator

from datapipe.core.columns import TYPES
from datapipe.core.registry import readers


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of an input that one task reads: a whole file, or a range of it. A plain value; survives JSON.

    start, end  byte range (JSONL), row-group range (Parquet), row range (Hugging Face); end None: to the end of the file
    weight      bytes on disk that the piece stands for; tasks are cut by it
    version     size, modification time or etag of the file: a changed input is another input
    """

    url: str
    weight: int
    version: str = ""
    start: int = 0
    end: int | None = None


@dataclass(frozen=True)
class BadRecord:
    """A record that could not be read, for quarantine.

    file    where it lies        offset  byte offset in the (uncompressed) file, if known
    row     record number from 0 in the file, if known    rows  rows it stands for (a damaged row group: all of its rows)
    error   what was found and what was expected          head  the first 500 characters of it
    """

    file: str
    error: str
    offset: int | None = None
    row: int | None = None
    rows: int = 1
    head: str = ""
    id: str | None = None


@dataclass(frozen=True)
class Chunk:
    """Consecutive records of a piece.

    batch    the readable ones, with the columns id, text, url, lang, metadata and those the recipe named
             (id may hold nulls: the engine makes it from shard and row)
    records  how many records this chunk covers, the bad ones (by their `rows`) included
    rows     for each row of the batch its number within the chunk
    bad      (number within the chunk, record)
    notes    harmless repairs, counted: {"lone_surrogates": 2}
    """

    batch: pa.RecordBatch
    records: int
    rows: npt.NDArray[np.int64]
    bad: tuple[tuple[int, BadRecord], ...] = ()
    notes: Mapping[str, int] = field(default_factory=dict)


class Column(BaseModel):
    """Which input field a column takes, and as what."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str = Field(description="the input's field; dots go into nested objects")
    type: Literal["string", "int", "float", "bool", "floats"] = "string"


class Reader(BaseModel):
    """One input format. In a recipe: `read: {NAME: PATHS, ...options}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1

    paths: tuple[str, ...] = Field(description="files, folders or globs, local or any fsspec URL")
    columns: Mapping[str, Column] = Field(
        default_factory=dict,
        description="column: input field. id, text, url and lang are taken from fields of their own names unless said here",
    )
    duplicate_ids: Literal["quarantine", "keep"] = Field(
        "quarantine", description="a row whose id was already read in this dataset: to quarantine, or kept"
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__dict__.get("name") and not inspect.isabstract(cls):
            readers.add(cls.name, cls)

    @field_validator("paths", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @field_validator("columns", mode="before", json_schema_input_type=dict[str, str | Column])
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("expected column: field pairs, such as {text: content}")
        return {k: {"field": v} if isinstance(v, str) else v for k, v in value.items()}

    @field_validator("columns")
    @classmethod
    def _reserved(cls, value: Mapping[str, Column]) -> Mapping[str, Column]:
        for name, column in value.items():
            if name in ("_addr", "source", "metadata"):
                raise ValueError(f"the column {name} is made by datapipe and cannot be read from a field")
            if name in ("id", "text", "url", "lang") and column.type != "string":
                raise ValueError(f"the column {name} is a string")
        return value

    def field_of(self, column: str) -> str:
        """The input field a column is taken from."""
        return self.columns[column].field if column in self.columns else column

    def extra_columns(self) -> dict[str, pa.DataType]:
        """Columns the recipe named beyond the standard ones, with their types, in the recipe's order."""
        standard = ("id", "text", "url", "lang")
        return {n: TYPES[c.type] for n, c in self.columns.items() if n not in standard}

    def row_schema(self) -> pa.Schema:
        """Schema of every chunk's batch."""
        standard = [("id", pa.string()), ("text", pa.large_string()), ("url", pa.string()), ("lang", pa.string())]
        return pa.schema([*standard, ("metadata", pa.large_string()), *self.extra_columns().items()])

    @classmethod
    def locate(cls, path: str, folder: str) -> str:
        """A path of the recipe as seen from anywhere: relative ones start at the recipe's folder, URLs stay."""
        return path if "://" in path else os.path.normpath(os.path.join(folder, path))  # noqa: PTH118  # keeps globs

    @abstractmethod
    def pieces(self, target: int) -> list[Piece]:
        """The inputs in a stable order, split (where the format allows) so that none weighs much more than `target` bytes.

        Raises RecipeError when a path matches nothing.
        """

    @abstractmethod
    def read(self, piece: Piece) -> Iterator[Chunk]:
        """Read a piece in order, in chunks of some MB; unreadable records become `bad`, never an exception."""
