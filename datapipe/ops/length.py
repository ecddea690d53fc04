"""Documents by their length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.segmenters import Segmented
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.classes import class_table
from datapipe.kernels.counts import UNITS, count_units


class Length(Segmented, ThresholdFilter):
    """Keep documents whose length in characters, bytes, words or lines is within bounds, which are kept themselves.

    Characters are Unicode code points, bytes are of UTF-8, words are what stands between white space (`str.split`;
    a Chinese sentence is one word, unless its language has one of the `segmenters`), lines are cut as `str.splitlines`
    does. A missing text has length 0.

    Published bounds: min_characters 300 for CCNet (Wenzek et al. 2020, arXiv:1911.00359; facebookresearch/cc_net,
    cc_net/mine.py `min_len`, of a page without its title, before lines are deduplicated).
    """

    name: ClassVar[str] = "length"
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {
        f"too_{amount}_{unit}": (f"{bound}_{unit}", unit)
        for unit in UNITS
        for amount, bound in (("few", "min"), ("many", "max"))
    }
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"min_words": 2, "max_words": 15},
        {"min_characters": 1, "max_bytes": 100_000, "min_lines": 0, "max_lines": 10},
    )

    min_characters: int | None = Field(None, ge=0, description="fewest code points; null: no bound")
    max_characters: int | None = Field(None, ge=0, description="most code points; null: no bound")
    min_bytes: int | None = Field(None, ge=0, description="fewest bytes of UTF-8; null: no bound")
    max_bytes: int | None = Field(None, ge=0, description="most bytes of UTF-8; null: no bound")
    min_words: int | None = Field(None, ge=0, description="fewest words between white space; null: no bound")
    max_words: int | None = Field(None, ge=0, description="most words between white space; null: no bound")
    min_lines: int | None = Field(None, ge=0, description="fewest lines; null: no bound")
    max_lines: int | None = Field(None, ge=0, description="most lines; null: no bound")

    @model_validator(mode="after")
    def _bounds_agree(self) -> Length:
        if all(getattr(self, parameter) is None for parameter, _ in self.bounds.values()):
            raise ValueError("expected at least one bound, such as min_words: 50")
        for unit in UNITS:
            low, high = getattr(self, f"min_{unit}"), getattr(self, f"max_{unit}")
            if low is not None and high is not None and low > high:
                raise ValueError(f"min_{unit} {low} is greater than max_{unit} {high}")
        return self

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """All four lengths in one pass."""
        text = text_of(batch.column("text"))
        counts = np.empty((len(UNITS), batch.num_rows), np.int64)
        count_units(text.offsets, text.data, class_table(), self.breaks(batch, text), counts)
        return Verdict(batch.num_rows, scores=dict(zip(UNITS, counts.astype(np.float64), strict=True)))
