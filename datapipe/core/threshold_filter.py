"""Filters whose verdict follows from their scores alone, so that other thresholds need no other look at the text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pyarrow as pa

from datapipe.core.operator import Filter
from datapipe.core.verdict import Mask, Verdict


class ThresholdFilter(Filter):
    """Measures, then holds the scores against thresholds; `tune` and `calibrate` do the second half alone.

    bounds   rule -> (parameter, score): `min_…` fails what is less, `max_…` what is more, None fails nothing. The order
             of rules is the order of reasons; NaN fails no rule
    choices  further parameters that only `rules` reads
    """

    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {}
    choices: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Scores and columns, which no tunable parameter changes; `failed` holds only rules that none of them moves."""

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """The rules that follow from scores, and from the column `lang` where one was measured; called without `setup`."""
        failed = {}
        for rule, (parameter, score) in self.bounds.items():
            bound, values = getattr(self, parameter), measured.scores[score]
            if bound is not None:
                failed[rule] = values < bound if parameter.startswith("min_") else values > bound
        return failed

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Measure every document once, then hold the measures against the thresholds."""
        measured = self.measure(batch)
        return replace(measured, failed={**measured.failed, **self.rules(measured)})

    def tunable(self) -> tuple[str, ...]:
        """The parameters that only `rules` reads; override where other parameters decide which they are."""
        return (*dict.fromkeys(parameter for parameter, _ in self.bounds.values()), *self.choices)
