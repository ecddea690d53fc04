"""The interface of an output format: which columns it takes, how it writes a part, and what it says of all parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, BinaryIO, ClassVar, Literal, NamedTuple

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from datapipe.io.formats.tokens import token_column

Part = Mapping[str, Any]
"""The report of a written part: `rows`, `tokens` (None without such a column), `facts` (what `write` returned), and
`files`: `{path, bytes, sha256}` of each of its files, in the order of `suffixes`."""


class Counts(NamedTuple):
    """What files hold by their own account; None: they do not tell."""

    rows: int | None
    tokens: int | None


class Format(BaseModel, ABC):
    """A format and its parameters: a value that the plan holds, and that writes the same bytes for the same rows."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    needs: ClassVar[Literal["rows", "tokens"] | None] = None  # its readers fail on files that hold none

    @property
    @abstractmethod
    def suffixes(self) -> tuple[str, ...]:
        """Endings of the files of a part."""

    def complaint(self, rows: pa.Schema, vocabulary: int | None) -> str | None:
        """Why these columns cannot be published so, and what to do; None if they can.

        vocabulary  ids of the tokenizer, if the plan knows it: it stands in the message
        """
        return None

    def published(self, rows: pa.Schema) -> pa.Schema:
        """Which of a dataset's columns are published."""
        return rows

    def counted(self, rows: pa.Schema) -> str | None:
        """The column whose tokens are counted."""
        return token_column(rows)

    @abstractmethod
    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """Write a part; returns what `whole` needs to know of it.

        pieces   its rows, with the columns of `schema`, in batches that depend on the rows alone
        streams  one for each of `suffixes`; each only goes forward
        """

    def whole(self, parts: Sequence[Part], schema: pa.Schema) -> dict[str, bytes]:
        """Small files that speak of all parts, by their paths in the output."""
        return {}

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Read the files of a part again: what they hold. ValueError, OSError or ArrowException where they are damaged."""
        return Counts(None, None)
