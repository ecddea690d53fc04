"""Pairs of `.bin` and `.idx`, the indexed dataset of Megatron-LM and what derives from it (GPT-NeoX, NeMo)."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from datapipe.core.errors import RunFailed
from datapipe.io.formats.format import Counts
from datapipe.io.formats.ids_alone import IdsAlone
from datapipe.io.formats.tokens import first_id, ids_of

_MAGIC = b"MMIDIDX\0\0"
_HEADER = struct.Struct("<9sQBQQ")  # magic, version, dtype, sequences, documents + 1
_CODES = {"int32": 4, "uint16": 8}  # the format has no uint32: ids above 65,535 are int32
_LONGEST = 2**31 - 1  # tokens of a sequence: the index keeps them as int32


class Megatron(IdsAlone):
    """Each row is a sequence and a document of its own; a part is a pair, whose path without ending is its prefix.

    As megatron/core/datasets/indexed_dataset.py of Megatron-LM reads it. `--data-path` takes
    the prefixes. A row without tokens is a document of none, as Megatron's own builder writes it; a part without any token
    leaves no pair, for empty files cannot be mapped.
    """

    name: Literal["megatron"] = "megatron"
    dtype: Literal["uint16", "int32"] | None = Field(
        None, description="of an id; default: uint16 for a column of uint16, int32 for one of uint32"
    )

    @property
    def suffixes(self) -> tuple[str, ...]:
        """Two files a part."""
        return ("bin", "idx")

    def write(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, streams: Sequence[BinaryIO]) -> dict[str, Any]:
        """Ids as they come, and the index of their rows: 20 bytes of memory a row."""
        column = self.written(schema)
        dtype = self.dtype or ("uint16" if schema.field(column).type.value_type == pa.uint16() else "int32")
        found = [np.zeros(0, np.int64)]
        for piece in pieces:
            ids, lengths = ids_of(piece, column, dtype)
            check_lengths(lengths, piece)
            streams[0].write(ids.data)
            found.append(lengths)
        streams[1].write(index_of(np.concatenate(found), dtype))
        return {}

    def holds(self, opened: Sequence[Callable[[], BinaryIO]]) -> Counts:
        """Rows and tokens of the index; ValueError if it is none, or the ids do not end where it says."""
        with opened[1]() as stream:
            data = stream.read()
        magic, version, code, rows, _ = _HEADER.unpack_from(data)
        if magic != _MAGIC or version != 1 or code not in _CODES.values():
            raise ValueError("no index of Megatron's first version")
        tokens = int(np.frombuffer(data, "<i4", rows, _HEADER.size).sum(dtype=np.int64))
        with opened[0]() as ids:
            size = ids.seek(0, 2)
        if size != tokens * (2 if code == _CODES["uint16"] else 4):
            raise ValueError(f"the index tells of {tokens:,} tokens, beside it are {size:,} bytes")
        return Counts(rows, tokens)


def check_lengths(lengths: npt.NDArray[np.int64], batch: pa.RecordBatch) -> None:
    """RunFailed for a row with more tokens than the index can tell."""
    if len(lengths) and int(lengths.max()) > _LONGEST:
        row = int(lengths.argmax())
        raise RunFailed(
            f"the row {first_id(batch, row)} has {int(lengths[row]):,} tokens, an index of Megatron holds rows of "
            f"{_LONGEST:,} at most; split it (`pack` does) or drop it"
        )


def index_of(lengths: npt.NDArray[np.int64], dtype: str) -> bytes:
    """The index of rows of so many tokens that lie one after another."""
    starts = np.concatenate([[0], np.cumsum(lengths)])[:-1] * np.dtype(dtype).itemsize
    header = _HEADER.pack(_MAGIC, 1, _CODES[dtype], len(lengths), len(lengths) + 1)
    documents = np.arange(len(lengths) + 1, dtype="<i8")
    return b"".join([header, lengths.astype("<i4").tobytes(), starts.astype("<i8").tobytes(), documents.tobytes()])
