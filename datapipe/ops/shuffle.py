"""All rows in a random order, the same one whatever the files, the batches or the workers."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datapipe.core.context import Context
from datapipe.core.operator import Order
from datapipe.core.placed import Placed, Segment
from datapipe.core.seeds import hashes, step_seed
from datapipe.core.verdict import Verdict


class Shuffle(Order):
    """Put all rows in a random order: a row's place is a hash of the recipe's seed, the step's label and the row's id.

    The order is uniform over the whole stream, however many shards it has, and out of core: rows go to their shards by
    the top bits of the hash and are sorted there. Rows that leave or come do not move the others.
    """

    name: ClassVar[str] = "shuffle"
    reads: ClassVar[tuple[str, ...]] = ("id",)
    examples: ClassVar[tuple[dict[str, int], ...]] = ({}, {"seed": 3})

    seed: int | None = Field(None, description="gives another order; in place of the recipe's seed")

    _seed: int = PrivateAttr(0)

    def setup(self, ctx: Context) -> None:
        """Take the step's seed."""
        self._seed = ctx.seed if self.seed is None else step_seed(self.seed, ctx.label)

    def segments(self) -> tuple[Segment, ...]:
        """One, with all rows."""
        return (Segment("all", 1.0),)

    def place(self, batch: pa.RecordBatch) -> Placed:
        """One hash a row."""
        n = batch.num_rows
        at = hashes(self._seed, batch.column("id").to_pylist())
        return Placed(Verdict(n), np.arange(n), np.zeros(n, np.int64), at)
