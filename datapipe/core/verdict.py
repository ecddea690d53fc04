"""What a filter says of a batch: which rules fail on which rows, the scores, and the columns it writes."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Mask = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Verdict:
    """Every rule's answer for every row of a batch; the runner removes, counts and writes the ledger.

    rows         how many rows were judged
    failed       rule name -> True where the row fails it; the order of rules is the order of reasons
    scores       score name -> one number a row (NaN: not applicable)
    columns      column name -> new values for all rows (a label, a cut text)
    duplicate_of id of the kept twin, null elsewhere
    spans        parts of each text that were cut, or that decided (`core/spans.py`); an empty list where there are none
    entities     personal data found in each text (`core/entities.py`); an empty list where there is none
    """

    rows: int
    failed: Mapping[str, Mask] = field(default_factory=dict)
    scores: Mapping[str, Numbers] = field(default_factory=dict)
    columns: Mapping[str, pa.Array] = field(default_factory=dict)
    duplicate_of: pa.Array | None = None
    spans: pa.Array | None = None
    entities: pa.Array | None = None

    @property
    def keep(self) -> Mask:
        """True where no rule fails."""
        dropped = np.zeros(self.rows, np.bool_)
        for mask in self.failed.values():
            dropped |= mask
        return ~dropped

    @property
    def reason(self) -> list[str | None]:
        """The first failing rule of each row, None exactly where the row is kept."""
        first: list[str | None] = [None] * self.rows
        for name, mask in reversed(list(self.failed.items())):
            for row in np.flatnonzero(mask):
                first[row] = name
        return first

    @property
    def unscored(self) -> Mask:
        """True where there are scores, and none of them applies."""
        none = np.full(self.rows, bool(self.scores))
        for values in self.scores.values():
            none &= np.isnan(values)
        return none

    def reasons(self, rows: npt.NDArray[np.int64]) -> list[list[str]]:
        """All failing rules of each of these rows, in rule order."""
        out: list[list[str]] = [[] for _ in rows]
        for name, mask in self.failed.items():
            for i in np.flatnonzero(mask[rows]):
                out[i].append(name)
        return out
