"""The vector of each text as a column, for several steps that ask of meaning."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.core.columns import BASE, set_columns
from datapipe.core.operator import Map
from datapipe.core.vectors.embedding import UNIT, Embedded

VECTOR = pa.list_(pa.float32())


class Embed(Embedded, Map):
    """Write the unit vector of each text, in steps of 1/4000, into a column; null where the text is empty or blank.

    `semantic_dedup: {column: embedding}` and `semantic_prototypes` read it, so that a model runs once for all.
    """

    name: ClassVar[str] = "embed"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"embed": "trigrams"},)

    to: str = Field("embedding", min_length=1, description="the column to write")

    @model_validator(mode="after")
    def _from_text(self) -> Embed:
        if self.embed is None:
            raise ValueError("give embed: package.module:function, or wordllama")
        if self.to in BASE.names:
            raise ValueError(f"to: {self.to} is a column every document has; choose another name")
        return self

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The column."""
        return {self.to: VECTOR}

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Vectors of the batch's texts."""
        vectors, rows = self.vectors(batch)
        here = np.zeros(batch.num_rows, np.int64)
        here[rows] = vectors.shape[1]
        offsets = pa.array(np.concatenate([[0], np.cumsum(here)]), pa.int32())
        values = pa.array((vectors.astype(np.float32) / UNIT).ravel())
        column = pa.ListArray.from_arrays(offsets, values, mask=pa.array(here == 0))
        return set_columns(batch, {self.to: column.cast(VECTOR)})
