"""What a small model learns from and what it is judged on: each group in two, and how much of it a mixture takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datapipe.core.mixing import weights
from datapipe.core.mixing.method import Domains
from datapipe.core.seeds import hashes, step_seed

HELD_OUT = "held out: "
"""What the losses of a group's held-out texts are named by."""
ALL_HELD_OUT = "held out"
"""What their mean over the groups is called in reports."""


@dataclass(frozen=True)
class Portions:
    """The texts of every group, in an order of the seed: `train` to learn from, `held` to be judged on (UTF-8)."""

    train: Mapping[str, tuple[bytes, ...]]
    held: Mapping[str, tuple[bytes, ...]]
    target: Mapping[str, tuple[bytes, ...]]

    @property
    def judged(self) -> dict[str, tuple[bytes, ...]]:
        """All that a loss is asked of: every target, and `held out: GROUP`."""
        return {**self.target, **{HELD_OUT + name: texts for name, texts in self.held.items()}}


def portions(domains: Domains, seed: int, share: float = 0.1) -> Portions:
    """Hold `share` of each group's documents out (one at least, if there are two); a text's place is a hash of it.

    Empty texts are left out, and so are groups and targets that have no other.
    """
    train, held = {}, {}
    for name in sorted(domains.texts):
        texts = [text for text in domains.texts[name] if text]
        places = hashes(step_seed(seed, name), texts)
        ordered = [texts[i].encode() for i in places.argsort(kind="stable")]
        count = min(len(ordered) - 1, max(1, round(share * len(ordered))))
        if ordered:
            train[name] = tuple(ordered[count:])
        if count > 0:
            held[name] = tuple(ordered[:count])
    target = {
        name: tuple(text.encode() for text in texts if text)
        for name, texts in sorted(domains.target.items())
        if any(texts)
    }
    return Portions(train, held, target)


def natural(domains: Domains) -> dict[str, float]:
    """The shares that the groups have of all the bytes there are."""
    return weights.natural({name: domains.available[name] for name in domains.texts})


def uniform(domains: Domains) -> dict[str, float]:
    """The same share for each group."""
    return {name: 1 / len(domains.texts) for name in sorted(domains.texts)}
