"""Rehydration: a document that stands for many near-duplicates is read more than once in training."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator

from datapipe.core.operator import Expand

FINEWEB2 = {1: 1, 2: 2, 3: 3, 5: 5, 100: 8, 1000: 1}


class Rehydrate(Expand):
    """Repeat every document as often as the size of its cluster says (FineWeb-2, arXiv:2506.20920).

    Reads `cluster_size`, which minhash_dedup writes; a row without a value (of a dataset that was not de-duplicated)
    stands for itself. The defaults are FineWeb-2's: what is there twice to a hundred times is worth repeating, what is
    there a thousand times is boilerplate.
    """

    name: ClassVar[str] = "rehydrate"
    reads: ClassVar[tuple[str, ...]] = ("cluster_size",)
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ({}, {"copies": {1: 1, 2: 4}})

    copies: dict[int, int] = Field(
        FINEWEB2,
        description="how many times a document is there afterwards, by the least size of its cluster: {5: 5, 100: 8} is 5 "
        "times from 5 on, 8 times from 100 on; sizes below the first: once",
    )

    @field_validator("copies")
    @classmethod
    def _ascending(cls, value: dict[int, int]) -> dict[int, int]:
        if not value or min(value) < 1 or min(value.values()) < 1:
            raise ValueError(
                "expected sizes and copies of at least 1, such as {1: 1, 2: 2, 100: 8}; to drop, use select"
            )
        return dict(sorted(value.items()))

    def check(self, schema: pa.Schema) -> str | None:
        """Sizes are numbers."""
        dtype = schema.field("cluster_size").type
        if not pa.types.is_integer(dtype):
            return f"the column cluster_size is {dtype}, expected whole numbers"
        return None

    def expand(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, npt.NDArray[np.int64]]:
        """Each row so many times, one after another."""
        column = pc.fill_null(pc.cast(batch.column("cluster_size"), pa.int64(), safe=False), 1)
        step = np.searchsorted(np.array(list(self.copies)), column.to_numpy(zero_copy_only=False), side="right")
        parents = np.repeat(np.arange(batch.num_rows), np.array([1, *self.copies.values()])[step])
        return batch.take(pa.array(parents)), parents
