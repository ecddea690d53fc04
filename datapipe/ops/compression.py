"""How well a document compresses: what repeats itself, and what says nothing twice."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict

RATIO = "compression_ratio"
LEVEL = 6  # gzip's default


class Compression(ThresholdFilter):
    """Write `compression_ratio`, the bytes of the text over those of its DEFLATE form, and keep what lies between the bounds.

    Text that repeats itself has a high ratio (as Shaib et al. 2024, arXiv:2403.00553, measure with gzip), keys and encoded
    data one near 1; prose has 2 to 3. Short texts have low ones, for there is less to repeat: below some hundred bytes it
    says little. Empty and missing texts have none (null). A curriculum goes from easy to hard by
    `order: {by: compression_ratio, descending: true}`. Builds of zlib other than the usual one give slightly other ratios.
    """

    name: ClassVar[str] = "compression"
    writes: ClassVar[Mapping[str, pa.DataType]] = {RATIO: pa.float64()}
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        "low_ratio": ("min_ratio", RATIO),
        "high_ratio": ("max_ratio", RATIO),
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({}, {"min_ratio": 1.1, "max_ratio": 10})

    min_ratio: float | None = Field(None, ge=0, description="least ratio kept; null: no bound")
    max_ratio: float | None = Field(None, gt=0, description="greatest ratio kept; null: no bound")

    @model_validator(mode="after")
    def _bounds_agree(self) -> Self:
        if self.min_ratio is not None and self.max_ratio is not None and self.min_ratio > self.max_ratio:
            raise ValueError(f"min_ratio {self.min_ratio} is greater than max_ratio {self.max_ratio}")
        return self

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """One compression a document."""
        texts = batch.column("text").cast(pa.large_binary()).to_pylist()
        ratio = np.array(
            [len(text) / len(zlib.compress(text, LEVEL)) if text else np.nan for text in texts], np.float64
        )
        column = pc.if_else(pa.array(np.isnan(ratio)), pa.scalar(None, pa.float64()), pa.array(ratio))
        return Verdict(batch.num_rows, scores={RATIO: ratio}, columns={RATIO: column})
