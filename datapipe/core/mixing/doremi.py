"""DoReMi: weights under which a small model does worst, against another, where it could do better."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt

from datapipe.core.mixing.bound import bounded, limits
from datapipe.core.mixing.group_dro import Floats, scores, updated
from datapipe.core.mixing.method import Domains, Learned, Method
from datapipe.core.mixing.portions import natural
from datapipe.core.mixing.smoothing import check_smoothing
from datapipe.core.mixing.stability import distance
from datapipe.core.mixing.weights_file import normalised

Update = Callable[[Floats, npt.NDArray[np.int64]], Floats]
"""From each group's sum of clipped excess losses in a batch, and its tokens there, to the weights of its losses."""
POINTS = 10  # of the history, a round


class Learner(ABC):
    """The two models of a round: a reference trained on weights, and a proxy that is held against it."""

    @abstractmethod
    def groups(self, domains: Domains, seed: int) -> list[str]:
        """The groups that it can train on, sorted: those with texts."""

    @abstractmethod
    def vocabulary(self, domains: Domains, seed: int) -> int:
        """How many tokens the models know."""

    @abstractmethod
    def contest(self, domains: Domains, reference: Mapping[str, float], seed: int, update: Update) -> None:
        """Train the reference on these weights, then the proxy on batches drawn evenly over the groups.

        At each step the proxy's losses are held against the reference's, `update` is told, and the step is made with
        the losses weighed by what it answers (algorithm 1 of the paper has this order).
        """


@dataclass(frozen=True)
class DoReMi(Method):
    """Group DRO with a reference and a proxy model (Xie et al. 2023); rounds, if more are asked for, until they move little.

    It looks at no target: it levels the excess over the reference, group by group. Nothing says that the loss on a target
    is lower than with natural or uniform weights.

    learner     what trains the two models
    eta         step of the weights (the paper's 1); smoothing, what is spread evenly at each step (the paper's 1e-3)
    rounds      at most; the first reference is on natural shares, the next on the answer before. What a round starves the
                next reference does not know, so nothing is in excess there and it stays starved: on 14 groups of the
                Pile one round gave 6.4 to 8.1 effective groups, and three rounds 3.2 to 3.5; seeds 0.25 and 0.32 apart
    tolerance   a round that moves no weight by more is the last (the paper's 1e-3 is of 280M models; ours are noisier)
    max_epochs  no share above what there is of the group, so many times, in `budget` bytes (None: in all there is)
    """

    learner: Learner
    eta: float = 1.0
    smoothing: float = 1e-3
    rounds: int = 1
    tolerance: float = 0.02
    max_epochs: float = 4.0
    budget: float | None = None

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ValueError(f"rounds is {self.rounds}, expected 1 or more")
        check_smoothing(self.smoothing)
        if not 0 <= self.eta < inf:
            raise ValueError(f"eta is {self.eta:g}, expected a number of 0 or more")
        if not self.tolerance >= 0:
            raise ValueError(f"tolerance is {self.tolerance:g}, expected 0 or more")

    def learn(self, domains: Domains, seed: int, tell: Callable[[str], None]) -> Learned:
        """The mean of the weights over all steps of the last round, within the bound; equal input, equal weights.

        history  the first reference and each round's answer    facts  `rounds`: how far each moved; `settled`: whether
        the last moved little; `course`: the mean so far at ten places of the last
        """
        groups = self.learner.groups(domains, seed)
        vocabulary = self.learner.vocabulary(domains, seed)
        answer = normalised({name: share for name, share in natural(domains).items() if name in groups})
        limit = limits(domains, self.max_epochs, self.budget)
        history: list[Mapping[str, float]] = [answer]
        rounds: list[dict[str, float]] = []
        for number in range(self.rounds):
            course = _Course(len(groups), vocabulary, self.eta, self.smoothing)
            self.learner.contest(domains, answer, seed, course.update)
            points = [dict(zip(groups, point, strict=True)) for point in course.points()]
            answer = bounded(points[-1], limit)
            change = max(abs(answer[name] - history[-1][name]) for name in groups)
            rounds.append({"change": change, "distance": distance(history[-1], answer)})
            history.append(answer)
            tell(f"doremi: round {number + 1} of {self.rounds} moved a weight by {change:.3f} at most")
            if change <= self.tolerance:
                break
        facts = {"rounds": rounds, "settled": change <= self.tolerance, "course": points}
        return Learned(_all(domains, answer), history, facts, _all(domains, points[-1]))


class _Course:
    """The weights step after step, and their mean."""

    def __init__(self, groups: int, vocabulary: int, eta: float, smoothing: float) -> None:
        self.weights: Floats = np.full(groups, 1 / groups)
        self.last: Floats = np.full(groups, np.log(vocabulary))
        self.eta, self.smoothing = eta, smoothing
        self.steps: list[Floats] = []

    def update(self, excess: Floats, tokens: npt.NDArray[np.int64]) -> Floats:
        self.last = scores(self.last, excess, tokens)
        self.weights = updated(self.weights, self.last, self.eta, self.smoothing)
        self.steps.append(self.weights)
        return self.weights

    def points(self) -> list[list[float]]:
        """The mean so far at ten places of the round; the last is the mean of all steps."""
        means = np.cumsum(self.steps, axis=0) / np.arange(1, len(self.steps) + 1)[:, None]
        at = sorted({max(1, round(len(means) * part / POINTS)) for part in range(1, POINTS + 1)})
        return [(means[i - 1] / means[i - 1].sum()).tolist() for i in at]


def _all(domains: Domains, weights: Mapping[str, float]) -> dict[str, float]:
    """Every group, without texts too."""
    return {name: weights.get(name, 0.0) for name in sorted(domains.texts)}
