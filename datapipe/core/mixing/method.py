"""How weights are found: one interface, whatever the method trains."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Domains:
    """The groups to be weighed.

    texts      group -> a sample of its texts, drawn by hash, in hash order
    available  group -> bytes of text there are of it in the whole
    target     name -> texts of what the model is to be good at, none of them among `texts`
    """

    texts: Mapping[str, Sequence[str]]
    available: Mapping[str, int]
    target: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Learned:
    """What a method found with one seed.

    weights  group -> share, summing to 1
    history  the weights on the way, one mapping a round or a stretch of steps; the last one need not be `weights`
    facts    losses, fits and numbers that the report shows (JSON)
    free     the weights before the bound of what there is to read, so that a collapse is seen though the bound hides it;
             None where the method never left the bounds
    """

    weights: Mapping[str, float]
    history: Sequence[Mapping[str, float]] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    free: Mapping[str, float] | None = None


class Method(ABC):
    """A way to find weights; its parameters are its fields. Equal domains and seed give equal weights."""

    @abstractmethod
    def learn(self, domains: Domains, seed: int, tell: Callable[[str], None]) -> Learned:
        """Find weights; `tell` shows a line of progress."""


class Proxy(ABC):
    """A small model that is trained on a mixture and judged by its loss: what RegMix and ablation ask."""

    @abstractmethod
    def losses(self, domains: Domains, weights: Mapping[str, float], seed: int) -> Mapping[str, float]:
        """Nats a byte after training on this mixture, on every target; and as `held out: GROUP` on what each group keeps."""
