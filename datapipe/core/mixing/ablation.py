"""Ablation: a small model for each candidate mixture, ranked by their losses on the target."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datapipe.core.mixing.bound import limits
from datapipe.core.mixing.candidates import COMBINED, WITHOUT, Mixtures, candidates, combined
from datapipe.core.mixing.method import Domains, Learned, Method, Proxy
from datapipe.core.mixing.portions import natural
from datapipe.core.mixing.weights_file import normalised
from datapipe.core.seeds import step_seed

Losses = Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Ablation(Method):
    """The candidate of the lowest mean loss on the targets; without a target, on what all groups keep back.

    proxy       what is trained on each candidate
    given       mixtures to try, by name; uniform and natural shares are tried as well, all of them within the bound below
    without     try natural shares without each group (what its loss rises by is what the group is worth)
    more        try natural shares with each group's so many times as large; None tries none. After these, `combined`
                has all changes whose gain is above its standard error: on six targets of the Pile it was the best
    repeats     models of each candidate, with other seeds; the same ones for all candidates, so they are compared in pairs
    max_epochs  no candidate takes more of a group than there is, so many times, in `budget` bytes (None: all there is)
    """

    proxy: Proxy
    given: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    without: bool = True
    more: float | None = 4.0
    repeats: int = 3
    max_epochs: float = 4.0
    budget: float | None = None

    def __post_init__(self) -> None:
        if self.repeats < 1:
            raise ValueError(f"repeats is {self.repeats}, expected 1 or more")
        if self.more is not None and not self.more > 0:
            raise ValueError(f"more is {self.more:g}, expected a factor above 0, or none")

    def learn(self, domains: Domains, seed: int, tell: Callable[[str], None]) -> Learned:
        """Train `repeats` models a candidate; facts: `ranking`, best first, and `worth`, group by group."""
        shares = normalised({name: share for name, share in natural(domains).items() if any(domains.texts[name])})
        limit = limits(domains, self.max_epochs, self.budget)
        mixtures = candidates(shares, self.given, limit, self.without, self.more)
        losses = self._losses(domains, mixtures, seed, tell)
        if self.without or self.more is not None:
            gains = {name: _sure_gain(losses["natural"], found) for name, found in losses.items()}
            mixtures[COMBINED] = combined(shares, gains, limit, self.more or 1.0)
            losses |= self._losses(domains, {COMBINED: mixtures[COMBINED]}, seed, tell)
        ranked = ranking(losses)
        best = mixtures[ranked[0]["mixture"]]
        facts = {"ranking": ranked, "worth": _worth(losses, shares), "mixtures": _shown(mixtures)}
        return Learned({name: best.get(name, 0.0) for name in sorted(domains.texts)}, (), facts)

    def _losses(
        self, domains: Domains, mixtures: Mixtures, seed: int, tell: Callable[[str], None]
    ) -> dict[str, list[float]]:
        """On the target, one a repeat, of each mixture; seed by seed, as a proxy keeps the texts of the last one."""
        found: dict[str, list[float]] = {name: [] for name in mixtures}
        for number in range(self.repeats):
            one = step_seed(seed, f"ablation {number}")
            for name, mixture in mixtures.items():
                found[name].append(_judged(domains, self.proxy.losses(domains, mixture, one)))
                tell(f"ablation: {name}: {found[name][-1]:.4f} nats a byte (model {number + 1} of {self.repeats})")
        return found


def ranking(losses: Losses) -> list[dict[str, Any]]:
    """A row a mixture, the lowest mean loss first, then by name.

    loss, error      mean over the seeds and its standard error; None with one seed
    behind           how far above the best; behind_error, the standard error of the differences seed by seed
    """
    means = {name: float(np.mean(values)) for name, values in losses.items()}
    order = sorted(means, key=lambda name: (means[name], name))
    best = np.asarray(losses[order[0]])
    return [
        {
            "mixture": name,
            "loss": means[name],
            "error": standard_error(losses[name]),
            "behind": means[name] - means[order[0]],
            "behind_error": standard_error((np.asarray(losses[name]) - best).tolist()),
        }
        for name in order
    ]


def standard_error(values: Sequence[float]) -> float | None:
    """Of the mean; None for one value."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def _judged(domains: Domains, losses: Mapping[str, float]) -> float:
    """The mean over targets, each counting the same; where there is none, over what the groups keep back."""
    names = [name for name in domains.target if name in losses] or sorted(losses)
    return float(np.mean([losses[name] for name in names]))


def _sure_gain(natural: Sequence[float], other: Sequence[float]) -> float:
    """How far a loss is below natural's, less a standard error of the difference."""
    gains = np.asarray(natural) - np.asarray(other)
    return float(gains.mean()) - (standard_error(gains.tolist()) or 0.0)


def _worth(losses: Losses, groups: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """What the loss rises by without each group, seed by seed."""
    rises = {
        name: (np.asarray(losses[WITHOUT + name]) - np.asarray(losses["natural"])).tolist()
        for name in sorted(groups)
        if WITHOUT + name in losses
    }
    return {name: {"rise": float(np.mean(rise)), "error": standard_error(rise)} for name, rise in rises.items()}


def _shown(mixtures: Mixtures) -> dict[str, dict[str, float]]:
    return {name: dict(mixture) for name, mixture in mixtures.items()}
