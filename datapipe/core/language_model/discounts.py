"""The discounts of modified Kneser-Ney smoothing, from how many n-grams have small counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

FALLBACK = (0.5, 1.0, 1.5)  # lmplz --discount_fallback, which CCNet's models are made with


class Discounts(NamedTuple):
    """What is taken from a count of 1, of 2, and of 3 and more; `fallback` where the corpus does not tell."""

    one: float
    two: float
    three: float
    fallback: bool

    def table(self) -> tuple[float, float, float, float]:
        """By count, 3 standing for all above."""
        return (0.0, self.one, self.two, self.three)


def discounts(counts: Sequence[int]) -> Discounts:
    """Of one order, from the number of n-grams with the (adjusted) counts 1, 2, 3 and 4.

    Chen and Goodman 1998 (TR-10-98), equation 26: D_j = j - (j + 1) Y n_(j+1) / n_j with Y = n_1 / (n_1 + 2 n_2). A corpus
    too small or too regular for it (n_1, n_2 or n_3 is 0, or a D_j beyond 0…j) gets 0.5, 1 and 1.5, as by lmplz.
    """
    n1, n2, n3, n4 = counts
    if min(n1, n2, n3) > 0:
        y = n1 / (n1 + 2 * n2)
        found = [j - (j + 1) * y * after / here for j, here, after in ((1, n1, n2), (2, n2, n3), (3, n3, n4))]
        if all(0 <= d <= j for j, d in enumerate(found, 1)):
            return Discounts(found[0], found[1], found[2], fallback=False)
    return Discounts(*FALLBACK, fallback=True)
