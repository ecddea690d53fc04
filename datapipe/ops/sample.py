"""A random part of the rows, the same one whatever the order, the batches or the workers."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field, PrivateAttr

from datapipe.core.context import Context
from datapipe.core.seeds import uniform
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Mask, Verdict


class Sample(ThresholdFilter):
    """Keep a fraction of the rows, drawn by a hash of the recipe's seed, the step's label and the row's id.

    The score `draw` is the row's number in [0, 1); it is kept where draw < fraction. So a larger fraction under
    the same seed and label keeps every row that a smaller one keeps.
    """

    name: ClassVar[str] = "sample"
    choices: ClassVar[tuple[str, ...]] = ("fraction",)
    reads: ClassVar[tuple[str, ...]] = ("id",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"fraction": 0.5}, {"fraction": 0}, {"fraction": 1})

    fraction: float = Field(ge=0, le=1, description="share of the rows kept, 0 to 1")

    _seed: int = PrivateAttr(0)

    def setup(self, ctx: Context) -> None:
        """Take the step's seed."""
        self._seed = ctx.seed

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """One hash a row."""
        draw = uniform(self._seed, [name or "" for name in batch.column("id").to_pylist()])
        return Verdict(batch.num_rows, scores={"draw": draw})

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """1 keeps all rows, 0 none."""
        return {"not_sampled": measured.scores["draw"] >= self.fraction}
