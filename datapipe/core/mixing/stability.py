"""How far an answer can be trusted: how even it is, how it moved on the way, how seeds agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from math import exp, log
from typing import Any

import numpy as np

from datapipe.core.mixing.method import Learned
from datapipe.core.mixing.weights_file import normalised

Weights = Mapping[str, float]
ONE_HOT = 0.9  # of the whole, a group's share


def stability(learned: Sequence[Learned]) -> dict[str, Any]:
    """Facts over the seeds, one of `learned` each (JSON).

    seeds    for each: entropy (nats), effective groups, the largest share, the change to each next point of its history
             and from its last to the answer, if that is another (total variation); `free`, the effective groups and the
             largest share before the bound, None where that is not known
    spread   the standard deviation of each group's share over seeds; None with one seed
    apart    the largest distance of two seeds' answers
    one_hot  the groups that are nearly all of a seed's answer, or were before the bound (sangmichaelxie/doremi issue 5)
    """
    answers = [one.weights for one in learned]
    return {
        "seeds": [_of(one) for one in learned],
        "spread": _spread(answers),
        "apart": max((distance(a, b) for a, b in combinations(answers, 2)), default=0.0),
        "one_hot": sorted({top for one in learned for top, share in map(_largest, _both(one)) if share > ONE_HOT}),
    }


def mean(answers: Sequence[Weights]) -> dict[str, float]:
    """The answer of all seeds together."""
    return {name: sum(one[name] for one in answers) / len(answers) for name in sorted(answers[0])}


def entropy(weights: Weights) -> float:
    """Nats; 0 for one group alone."""
    return max(0.0, -sum(share * log(share) for share in normalised(weights).values() if share > 0))


def effective_groups(weights: Weights) -> float:
    """The number of equal groups that have this entropy: its exponential."""
    return exp(entropy(weights))


def distance(one: Weights, other: Weights) -> float:
    """Total variation: the share of a mixture that has to change to become the other, 0 to 1."""
    return sum(abs(one.get(name, 0.0) - other.get(name, 0.0)) for name in sorted({*one, *other})) / 2


def _both(one: Learned) -> list[Weights]:
    return [one.weights] if one.free is None else [one.weights, one.free]


def _of(one: Learned) -> dict[str, Any]:
    changes = [distance(a, b) for a, b in pairwise([*one.history, one.weights])]
    if one.history and not changes[-1]:
        changes.pop()  # the history ends with the answer
    free = None
    if one.free is not None:
        free = {"effective_groups": effective_groups(one.free), "largest": _largest(one.free)}
    return {
        "entropy": entropy(one.weights),
        "effective_groups": effective_groups(one.weights),
        "largest": _largest(one.weights),
        "changes": changes,
        "free": free,
    }


def _largest(weights: Weights) -> tuple[str, float]:
    return max(weights.items(), key=lambda pair: (pair[1], pair[0]))


def _spread(answers: Sequence[Weights]) -> dict[str, float] | None:
    if len(answers) < 2:
        return None
    return {name: float(np.std([one[name] for one in answers], ddof=1)) for name in sorted(answers[0])}
