"""How far an answer can be trusted: how even it is, how it moved on the way, how seeds agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from typing import Any

import numpy as np

from datapipe.core.mixing.bound import distance, effective_groups, entropy
from datapipe.core.mixing.method import Learned

ONE_HOT = 1.5  # effective groups of three or more: 0.88 on one of two is 1.44


def stability(learned: Sequence[Learned]) -> dict[str, Any]:
    """Facts over the seeds, one of `learned` each (JSON).

    seeds    for each: entropy (nats), effective groups, the largest share, the change to each next point of its history
             and from its last to the answer, if that is another (total variation)
    spread   the standard deviation of each group's share over seeds; None with one seed
    apart    the largest distance of two seeds' answers
    one_hot  whether any seed's answer is nearly one group's alone (sangmichaelxie/doremi issue 5)
    """
    answers = [one.weights for one in learned]
    return {
        "seeds": [_of(one) for one in learned],
        "spread": _spread(answers),
        "apart": max((distance(a, b) for a, b in combinations(answers, 2)), default=0.0),
        "one_hot": any(len(w) > 2 and effective_groups(w) < ONE_HOT for w in answers),
    }


def mean(learned: Sequence[Learned]) -> dict[str, float]:
    """The answer of all seeds together."""
    names = sorted(learned[0].weights)
    return {name: sum(one.weights[name] for one in learned) / len(learned) for name in names}


def _of(one: Learned) -> dict[str, Any]:
    changes = [distance(a, b) for a, b in pairwise([*one.history, one.weights])]
    if one.history and not changes[-1]:
        changes.pop()  # the history ends with the answer
    return {
        "entropy": entropy(one.weights),
        "effective_groups": effective_groups(one.weights),
        "largest": max(one.weights.items(), key=lambda pair: (pair[1], pair[0])),
        "changes": changes,
    }


def _spread(answers: Sequence[Mapping[str, float]]) -> dict[str, float] | None:
    if len(answers) < 2:
        return None
    return {name: float(np.std([one[name] for one in answers], ddof=1)) for name in sorted(answers[0])}
