"""How much each stage takes of each group: from weights, sizes and budgets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from datapipe.core.errors import did_you_mean
from datapipe.core.mixing.mix import Files
from datapipe.core.mixing.stages import Stage, shares_of
from datapipe.core.mixing.water_filling import water_fill
from datapipe.core.mixing.weights import Weights

Sizes = Mapping[str, float]
SLACK = 1e-9  # of what there is: rounding is no shortfall


class CannotBeMet(ValueError):
    """What is asked for is not there, and nobody said `shortfall: cap`."""


@dataclass(frozen=True)
class Terms:
    """What holds for all stages.

    total      of the stream; "largest": what needs no group more often than its epochs; None: as the stages say
    epochs     how often a group may be taken, by group, and of all others
    shortfall  what happens where that is not enough
    others     what happens to groups that no stage names    absent  and to named groups of which there is nothing
    """

    total: float | Literal["largest"] | None = None
    epochs: tuple[Mapping[str, float], float] = ({}, 1.0)
    shortfall: Literal["refuse", "cap"] = "refuse"
    others: Literal["refuse", "drop"] = "refuse"
    absent: Literal["refuse", "drop"] = "refuse"

    def limit(self, group: str) -> float:
        """How often a group may be taken."""
        return self.epochs[0].get(group, self.epochs[1])


@dataclass(frozen=True)
class Take:
    """What a stage takes of a group. `begins` and `ends` are the group's weights, `wanted` what they ask for."""

    stage: int
    pool: int
    group: str
    begins: float
    ends: float
    size: float
    wanted: float
    taken: float

    @property
    def epochs(self) -> float:
        """How often it takes the group."""
        return self.taken / self.size if self.size > 0 else 0.0


def allocate(
    stages: Sequence[Stage], pools: Sequence[int], sizes: Sequence[Sizes], terms: Terms, files: Files
) -> list[Take]:
    """A Take for each stage and each group of its pool that has a weight there.

    pools  the pool of each stage    sizes  of each pool, by group    files  the weights files that stages name

    CannotBeMet, with what is wrong in a sentence, where groups are not there, not named or not large enough.
    """
    _check_groups(stages, pools, sizes, terms, files)
    shares = shares_of(stages)
    budgets: list[float | None]
    if terms.total == "largest":
        budgets = [None] * len(stages)
    elif terms.total is None:
        budgets = [stage.budget for stage in stages]
    else:
        budgets = [share * terms.total for share in shares]
    weights = _weights(stages, pools, sizes, budgets, files)
    if terms.total == "largest":
        largest = _largest(weights, pools, sizes, shares, terms)
        budgets = [share * largest for share in shares]
    takes = _fill(stages, pools, sizes, terms, weights, [budget or 0.0 for budget in budgets])
    for number, stage in enumerate(stages):
        if budgets[number] and terms.shortfall == "refuse" and not any(take.stage == number for take in takes):
            raise CannotBeMet(f"{_of(stage, stages)}there is nothing to take; see the weights and `where`")
    return takes


def _weights(
    stages: Sequence[Stage],
    pools: Sequence[int],
    sizes: Sequence[Sizes],
    budgets: Sequence[float | None],
    files: Files,
) -> list[tuple[Weights, Weights]]:
    """With which weights each stage begins and ends."""
    out: list[tuple[Weights, Weights]] = []
    for stage, pool, budget in zip(stages, pools, budgets, strict=True):
        ends = stage.over(sizes[pool], budget, files)
        begins = ends
        if stage.begin is not None:
            begins = stage.begin.over(sizes[pool], budget, files)
        elif stage.interpolate is not None and out:
            begins = {name: out[-1][1].get(name, 0.0) for name in ends}
        out.append((begins, ends))
    return out


def _mean(weights: tuple[Weights, Weights], group: str) -> float:
    """Over the stage; linear and cosine are both even about the middle."""
    return (weights[0].get(group, 0.0) + weights[1].get(group, 0.0)) / 2


def _largest(
    weights: Sequence[tuple[Weights, Weights]],
    pools: Sequence[int],
    sizes: Sequence[Sizes],
    shares: Sequence[float],
    terms: Terms,
) -> float:
    """The total at which the first group has been taken as often as it may."""
    bounds = []
    for pool, own in enumerate(sizes):
        for group in sorted(own):
            rate = sum(s * _mean(w, group) for s, w, p in zip(shares, weights, pools, strict=True) if p == pool)
            if rate > 0:
                bounds.append(terms.limit(group) * own[group] / rate)
    return min(bounds, default=0.0)


def _fill(
    stages: Sequence[Stage],
    pools: Sequence[int],
    sizes: Sequence[Sizes],
    terms: Terms,
    weights: Sequence[tuple[Weights, Weights]],
    budgets: Sequence[float],
) -> list[Take]:
    """Stage after stage, from what the ones before left."""
    room = [{group: terms.limit(group) * size for group, size in own.items()} for own in sizes]
    out: list[Take] = []
    for number, (pool, own, budget) in enumerate(zip(pools, weights, budgets, strict=True)):
        groups = [group for group in sorted(sizes[pool]) if _mean(own, group) > 0]
        means = np.array([_mean(own, group) for group in groups])
        wanted = budget * means
        taken = wanted
        if terms.shortfall == "cap":
            taken = water_fill(budget, means, np.array([max(0.0, room[pool][group]) for group in groups]))
        for group, asked, got in zip(groups, wanted.tolist(), taken.tolist(), strict=True):
            size = sizes[pool][group]
            room[pool][group] -= got
            out.append(Take(number, pool, group, own[0][group], own[1][group], size, asked, got))
    return out


def shortfalls(takes: Sequence[Take], terms: Terms, unit: str) -> list[str]:
    """A sentence for each group of which more is taken than there is for its epochs."""
    total: dict[tuple[int, str], float] = {}
    size: dict[tuple[int, str], float] = {}
    for take in takes:
        key = (take.pool, take.group)
        total[key] = total.get(key, 0.0) + take.taken
        size[key] = take.size
    said = []
    for key, taken in sorted(total.items()):
        limit = terms.limit(key[1])
        if taken > limit * size[key] * (1 + SLACK):
            often = taken / size[key] if size[key] else float("inf")
            epochs = f"{limit:g} epoch{'' if limit == 1 else 's'}"
            said.append(f"{key[1]}: {often:.2f} epochs of its {unit} are asked for, max_epochs allows {epochs}")
    return said


def _of(stage: Stage, stages: Sequence[Stage]) -> str:
    """How a sentence on a stage begins; the only one needs no name."""
    return f"{stage.name}: " if len(stages) > 1 else ""


def _check_groups(
    stages: Sequence[Stage], pools: Sequence[int], sizes: Sequence[Sizes], terms: Terms, files: Files
) -> None:
    """Groups that are named are there, and groups that are there are named."""
    there = {group for own in sizes for group, size in own.items() if size > 0}
    for group in terms.epochs[0]:
        if group not in there and terms.absent == "refuse":
            raise CannotBeMet(f"max_epochs: there is nothing of {group}{did_you_mean(group, there)}")
    for pool, own in enumerate(sizes):
        named: dict[str, float] = {}
        every = False  # a rule speaks of all groups
        for stage in (stage for stage, p in zip(stages, pools, strict=True) if p == pool):
            for mix in (stage, stage.begin) if stage.begin else (stage,):
                weights = mix.named(files)
                every |= weights is None
                for group, weight in (weights or {}).items():
                    named[group] = max(weight, named.get(group, 0.0))
                    if weight > 0 and not own.get(group) and terms.absent == "refuse":
                        known = [name for name, size in own.items() if size > 0]
                        of_it, advice = "it", f"{did_you_mean(group, known)}; correct the name, or say `absent: drop`"
                        if stage.where is not None and group in there:
                            of_it, advice = "it that meets `where`", "; correct `where`, or say `absent: drop`"
                        said = (
                            f"{_of(stage, stages)}{group} has a weight of {weight:.3g}, and there is nothing of {of_it}"
                        )
                        raise CannotBeMet(said + advice)
        left = sorted(group for group in own if group not in named)
        if named and left and not every and terms.others == "refuse":
            asks = next(stage for stage, p in zip(stages, pools, strict=True) if p == pool)
            of = "" if asks.where is None else f"{asks.name}: of the rows that meet its `where` "
            raise CannotBeMet(of + unnamed(left, named))


def unnamed(left: Sequence[str], named: Iterable[str]) -> str:
    """The sentence on groups that no weight names."""
    more = f" ({len(left)} such groups)" if len(left) > 1 else ""
    hint = did_you_mean(left[0], named)
    name = repr(left[0]) if left[0] else "'' (rows without a value)"
    return f"{name} has no weight{hint}; give it one (0 is allowed), or say `others: drop`{more}"
