"""Vectors of texts: from a column, or from any function; kept so that their products are exact."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.core.context import Context
from datapipe.core.errors import MissingDependency, RunFailed
from datapipe.core.operator import Operator

Embedding = Callable[[list[str]], Any]  # texts to an array, a row each
Vectors = npt.NDArray[np.int16]

# A unit vector is kept in steps of 1/4000. A product of two of them, and each of its partial sums, is then a whole number
# of at most 4000² (+ rounding) < 2^24, which float32 holds exactly: the same cosine in whatever order it is summed, on
# any processor, number of threads or size of batch. The steps move a cosine by 0.0001 (standard deviation).
UNIT = 4000
MOST_PARTS = 1 << 15  # of a vector; rounding then adds less than what is left of 2^24


class Embedded(Operator):
    """What operators on meaning have in common: where a text's vector comes from."""

    embed: str | None = Field(
        None,
        description="package.module:function, of a list of texts to an array with a row for each, which must not depend on "
        "the texts beside it; wordllama: the static vectors that package ships; trigrams: counts of hashed characters",
    )
    column: str | None = Field(
        None, description="in place of `embed`: the column that holds the vectors, a list of numbers"
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Embedded:
        if (self.embed is None) == (self.column is None):
            raise ValueError(
                "give one of embed (package.module:function, or wordllama) and column (that holds vectors)"
            )
        if self.embed is not None and self.embed not in NAMED and self.embed.count(":") != 1:
            raise ValueError(
                f"embed: {self.embed} is not package.module:function, nor one of {', '.join(sorted(NAMED))}"
            )
        return self

    def columns_read(self) -> tuple[str, ...]:
        """Text, or the column of vectors."""
        return ("text",) if self.column is None else (self.column,)

    def check(self, schema: pa.Schema) -> str | None:
        """Vectors are lists of numbers."""
        if self.column is not None:
            dtype = schema.field(self.column).type
            if not hasattr(dtype, "value_type") or not pa.types.is_floating(dtype.value_type):
                return f"column: {self.column} is {dtype}, expected a list of floating-point numbers"
        return super().check(schema)

    def setup(self, ctx: Context) -> None:
        """See that the function is there."""
        super().setup(ctx)
        if self.embed is not None:
            embedding(self.embed)

    def vectors(self, batch: pa.RecordBatch) -> tuple[Vectors, npt.NDArray[np.int64]]:
        """Unit vectors, in steps of 1/UNIT, of the rows that have one (not null, empty or blank), and which rows these are."""
        if self.column is not None:
            return _unit(*_from_column(batch.column(self.column)))
        texts = batch.column("text").to_pylist()
        rows = np.array([row for row, text in enumerate(texts) if text and not text.isspace()], np.int64)
        if not len(rows):
            return np.zeros((0, 0), np.int16), rows
        assert self.embed is not None
        raw = np.asarray(embedding(self.embed)([texts[row] for row in rows]), np.float64)
        if raw.ndim != 2 or len(raw) != len(rows):
            raise RunFailed(f"embed: {self.embed} gave an array of shape {raw.shape} for {len(rows)} texts")
        return _unit(raw, rows)


def _from_column(column: pa.Array) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    lengths = column.value_lengths() if not pa.types.is_fixed_size_list(column.type) else None
    valid = column.is_valid().to_numpy(zero_copy_only=False)
    if lengths is not None:
        valid = valid & (lengths.fill_null(0).to_numpy(zero_copy_only=False) > 0)
    rows = np.flatnonzero(valid)
    flat = column.take(pa.array(rows)).flatten().to_numpy(zero_copy_only=False).astype(np.float64)
    width = len(flat) // max(len(rows), 1)
    if lengths is not None and len(rows) and (lengths.take(pa.array(rows)).to_numpy() != width).any():
        raise RunFailed("the vectors of a column must all have the same length")
    return flat.reshape(len(rows), width), rows


def _unit(raw: npt.NDArray[np.float64], rows: npt.NDArray[np.int64]) -> tuple[Vectors, npt.NDArray[np.int64]]:
    """Without those that have no direction."""
    if raw.shape[1] > MOST_PARTS:
        raise RunFailed(f"a vector has {raw.shape[1]} parts; at most {MOST_PARTS} are exact here")
    norms = np.sqrt(np.sum(raw * raw, axis=1))
    good = np.isfinite(norms) & (norms > 0)
    return np.rint(raw[good] / norms[good, None] * UNIT).astype(np.int16), rows[good]


@cache
def embedding(name: str) -> Embedding:
    """The function of this name, once a process."""
    if name in NAMED:
        return NAMED[name]()
    module, function = name.split(":")
    try:
        found: Embedding = getattr(import_module(module), function)
    except ImportError as error:
        raise RunFailed(f"embed: {name} cannot be imported: {error}") from None
    except AttributeError:
        raise RunFailed(f"embed: the module {module} has no function {function}") from None
    return found


def _wordllama() -> Embedding:
    try:
        import wordllama
    except ImportError:
        raise MissingDependency("wordllama", "semantic", "embed: wordllama") from None
    folder = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    return lambda texts: np.concatenate([model.embed([text]) for text in texts])


def _trigrams() -> Embedding:
    return hashed_trigrams


def hashed_trigrams(texts: list[str]) -> npt.NDArray[np.float64]:
    """Square roots of how often each three bytes in a row occur, hashed to 512 places: spelling, no meaning; no package."""
    out = np.zeros((len(texts), 512))
    for row, text in enumerate(texts):
        data = np.frombuffer(f" {text.lower()} ".encode(), np.uint8).astype(np.uint32)
        codes = (data[:-2] << 16 | data[1:-1] << 8 | data[2:]) * np.uint32(0x9E3779B1)
        out[row] = np.sqrt(np.bincount(codes >> np.uint32(23), minlength=512))
    return out


NAMED: dict[str, Callable[[], Embedding]] = {"wordllama": _wordllama, "trigrams": _trigrams}
