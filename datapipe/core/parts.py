"""Paragraphs, lines or sentences that are judged one by one, and what that says of their texts."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from datapipe.arrow.text import Text
from datapipe.core.cutting import rows_of
from datapipe.core.dedup.units import Units, sentences_in_lines, units_of
from datapipe.core.verdict import Mask, Numbers
from datapipe.kernels.spans import code_points_at

Int64s = npt.NDArray[np.int64]
PartLevel = Literal["paragraph", "line", "sentence"]


class Parts(NamedTuple):
    """The parts of texts; what is blank is no part. `row` is the text of each."""

    text: Text
    units: Units
    row: Int64s

    def highest(self, values: Numbers) -> Numbers:
        """The greatest value of each text's parts; NaN where there is none."""
        out = np.full(len(self.text), np.nan)
        np.fmax.at(out, self.row, values)
        return out

    def share(self, chosen: Mask) -> Numbers:
        """The share of these parts in the characters of all parts of a text; NaN where there are none."""
        start, stop = np.ascontiguousarray((self.units.rows - self.text.offsets[self.row, np.newaxis]).T)
        size = (code_points_at(*self.text, self.row, stop) - code_points_at(*self.text, self.row, start)).astype(float)
        n = len(self.text)
        whole = np.bincount(self.row, size, minlength=n)
        part = np.bincount(self.row[chosen], size[chosen], minlength=n)
        out: Numbers = np.divide(part, whole, out=np.full(n, np.nan), where=whole > 0)
        return out


def parts_of(text: Text, level: PartLevel) -> Parts:
    """Cut every text: paragraphs at blank lines, lines at newlines, sentences at their marks and at newlines."""
    units = sentences_in_lines(text) if level == "sentence" else units_of(text, level)
    return Parts(text, units, rows_of(units))
