"""Which values of a dimension fare otherwise than the rest, by more than chance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, lgamma

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Numbers = npt.NDArray[np.int64]
FOUR_FIFTHS = 0.8  # 29 CFR 1607.4 D: a rate below four fifths of another's is evidence of adverse impact
ONE_POINT = 0.01  # of the documents
ENOUGH = 30  # documents of a value, below which nothing is said of it
ERROR = 0.05  # chance that a step's audit names any outlier where all values are kept alike


@dataclass(frozen=True)
class KeepRate:
    """Documents of one value.

    rest      share kept of all other documents
    expected  documents kept, were those of each length kept as the rest's of this length (indirect standardisation);
              None for a length itself
    chance    of a rate so far from the rest's, at most, were all documents kept alike: Fisher's exact test, two-sided
    """

    value: str | None
    rows: int
    kept: int
    rest: float
    expected: float | None
    chance: float

    @property
    def rate(self) -> float:
        """Share kept."""
        return self.kept / self.rows

    @property
    def ratio(self) -> float:
        """The share kept, over that of the rest."""
        return self.rate / self.rest if self.rest else np.inf if self.kept else 1.0

    @property
    def missing(self) -> float:
        """Documents fewer than expected; negative: more."""
        return (self.rest * self.rows if self.expected is None else self.expected) - self.kept

    @property
    def uneven(self) -> bool:
        """Whether it or the rest fails the four-fifths rule, or it is dropped twice as often, by a point at least.

        The second half is for filters that drop little: 3 % of all and 15 % of a dialect is no breach of four fifths.
        """
        twice = self.rest - self.rate >= max(1 - self.rest, ONE_POINT)
        return twice or not FOUR_FIFTHS <= self.ratio <= 1 / FOUR_FIFTHS

    @property
    def explained(self) -> bool:
        """Whether its lengths explain what is uneven: as many are kept as expected from them, within four fifths."""
        return bool(self.expected) and FOUR_FIFTHS <= self.kept / (self.expected or 1) <= 1 / FOUR_FIFTHS


def keep_rates(counts: pa.Table, whole: pa.Table, by_length: bool = True) -> list[KeepRate]:
    """The values of a dimension with ENOUGH documents and something beside them, from rows of the table AUDIT.

    counts  all rows of these values    whole  the rows of the step's dimension `length`
    """
    starts, at = np.unique(whole.column("length").to_numpy(), return_inverse=True)
    all_in, all_kept = (_sums(whole.column(name).to_numpy(), at, len(starts)) for name in ("rows_in", "rows_kept"))
    n, k = int(all_in.sum()), int(all_kept.sum())
    encoded = counts.column("value").combine_chunks().dictionary_encode(null_encoding="encode")
    which, names = encoded.indices.to_numpy(), encoded.dictionary.to_pylist()
    rows_in, rows_kept = (counts.column(name).to_numpy() for name in ("rows_in", "rows_kept"))
    rows, kept = (_sums(values, which, len(names)) for values in (rows_in, rows_kept))
    rest = (k - kept) / np.maximum(n - rows, 1)
    length = np.searchsorted(starts, counts.column("length").to_numpy())
    others, of_these = all_in[length] - rows_in, all_kept[length] - rows_kept
    rates = np.where(others > 0, of_these / np.maximum(others, 1), rest[which])
    expected = np.bincount(which, rates * rows_in, len(names))
    found = []
    for i in np.flatnonzero((rows >= ENOUGH) & (rows < n)).tolist():
        mine = int(rows[i]), int(kept[i])
        told = float(expected[i]) if by_length else None
        found.append(KeepRate(names[i], *mine, float(rest[i]), told, chance(mine[1], mine[0], k, n)))
    return found


def outliers(rates: Iterable[KeepRate], tested: int) -> list[KeepRate]:
    """Those that are uneven by more than chance, most documents missing first.

    tested  values looked at, in all dimensions: with so many, some stand out by chance (Bonferroni)
    """
    return by_missing(rate for rate in rates if rate.uneven and rate.chance * tested <= ERROR)


def by_missing(rates: Iterable[KeepRate]) -> list[KeepRate]:
    """Most documents fewer than expected first, most documents more last."""
    return sorted(rates, key=lambda rate: (-rate.missing, rate.value or ""))


def chance(kept: int, rows: int, all_kept: int, all_rows: int) -> float:
    """Twice the chance that `rows` documents, drawn from all, have so few kept ones, or so many; a bound from above.

    The number kept is hypergeometric. Beyond k its terms fall at least as fast as from k to the next, so that the tail is
    at most p(k) / (1 - p(next) / p(k)): no sum over millions of terms, and no normal approximation where rates are near 0 or 1.
    """
    if kept * all_rows > rows * all_kept:  # more than expected: fewer of the dropped
        kept, all_kept = rows - kept, all_rows - all_kept
    others = all_rows - all_kept - rows + kept  # of the rest, not kept
    ratio = kept * others / ((all_kept - kept + 1) * (rows - kept + 1))
    if ratio >= 1:
        return 1.0
    log = _choose(all_kept, kept) + _choose(all_rows - all_kept, rows - kept) - _choose(all_rows, rows)
    return min(1.0, 2 * exp(min(0.0, log)) / (1 - ratio))


def _choose(n: int, k: int) -> float:
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)


def _sums(values: Numbers, which: Numbers, n: int) -> Numbers:
    """Exact as long as a sum is below 2^53."""
    return np.bincount(which, values, n).astype(np.int64)
