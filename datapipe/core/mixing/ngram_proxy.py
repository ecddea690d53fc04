"""A proxy without a neural network: a byte n-gram model of a mixture, asked in tens of milliseconds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

import numpy as np
import numpy.typing as npt

from datapipe.core.mixing.method import Domains, Proxy
from datapipe.core.mixing.portions import Portions, portions
from datapipe.core.mixing.weights_file import normalised

Bytes = npt.NDArray[np.uint8]
Keys = npt.NDArray[np.uint64]
Numbers = npt.NDArray[np.int32]
Counts = npt.NDArray[np.float64]


@dataclass
class NgramProxy(Proxy):
    """An interpolated byte n-gram model: p(b|h) = (c(hb) + a p(b|shorter h)) / (c(h) + a), down to 1/256.

    order     bytes of the longest n-gram, 8 at most (an n-gram is one uint64, nothing is hashed)
    strength  a, how many occurrences of the longer context weigh as much as the shorter one; on 0.7 MB of 14 domains
              the losses are least between 16 and 64
    budget    bytes it learns from, shared by the weights; None = as many as the sample has. A group asked for more
              than its sample is read again: its counts grow and its held-out loss need not fall, as in training
    share     share of each group's documents that is held out

    Its memory is 8 x order times the sample (48 MB a megabyte): it is for samples of some megabytes.

    Source of the rule: MacKay and Peto 1995, A hierarchical Dirichlet language model.
    """

    order: int = 6
    strength: float = 32.0
    budget: int | None = None
    share: float = 0.1
    _last: tuple[Domains, int, _Index] | None = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not 1 <= self.order <= 8:
            raise ValueError(f"order is {self.order}, expected 1 to 8")
        if not 0 < self.strength < inf:
            raise ValueError(f"strength is {self.strength:g}, expected a number above 0")
        if not 0 <= self.share < 1:
            raise ValueError(f"share is {self.share:g}, expected 0 or more, and below 1")
        if self.budget is not None and self.budget < 1:
            raise ValueError(f"budget is {self.budget}, expected 1 byte or more")

    def losses(self, domains: Domains, weights: Mapping[str, float], seed: int) -> Mapping[str, float]:
        """Nats a byte on every target and as `held out: GROUP`; a ValueError for a weighed group without texts."""
        if self._last is None or self._last[0] is not domains or self._last[1] != seed:
            self._last = (domains, seed, _Index(portions(domains, seed, self.share), self.order))
        index = self._last[2]
        missing = [name for name, weight in weights.items() if weight > 0 and name not in index.size]
        if missing:
            raise ValueError(f"the group {missing[0]} has a weight and no texts")
        budget = self.budget or sum(index.size.values())
        passes = {
            name: budget * weight / index.size[name] for name, weight in normalised(weights).items() if weight > 0
        }
        chances = index.chances(passes, self.strength)
        return {name: float(-np.log(chances[a:b]).mean()) for name, (a, b) in index.stretches.items()}


class _Index:
    """What each group has of the n-grams that are judged; whatever else it has changes no loss, and is not kept."""

    def __init__(self, parts: Portions, order: int) -> None:
        judged = {name: _joined(texts) for name, texts in parts.judged.items()}
        read = {name: _joined(texts) for name, texts in parts.train.items()}
        ends = np.cumsum([0, *map(len, judged.values())])
        self.stretches = {name: (int(ends[i]), int(ends[i + 1])) for i, name in enumerate(judged)}
        self.size = {name: len(data) for name, data in read.items()}
        everything = np.concatenate([*judged.values(), np.zeros(0, np.uint8)])
        self.levels = [
            (_Counted(everything, read, 0, n), _Counted(everything, read, 1, n - 1)) for n in range(1, order + 1)
        ]

    def chances(self, passes: Mapping[str, float], strength: float) -> Counts:
        """The probability of each judged byte after so many passes over each group."""
        chance: Counts = np.full(len(self.levels[0][0].asked), 1 / 256)
        for grams, contexts in self.levels:
            chance = (grams.counts(passes) + strength * chance) / (contexts.counts(passes) + strength)
        return chance


class _Counted:
    """The n bytes that end `skip` before each judged place, numbered, and the numbers of each group's places."""

    def __init__(self, judged: Bytes, read: Mapping[str, Bytes], skip: int, n: int) -> None:
        known, self.asked = np.unique(_last_bytes(judged, skip, n), return_inverse=True)
        self.size = len(known)
        self.read = {name: _numbers(known, _last_bytes(data, skip, n)) for name, data in read.items()}

    def counts(self, passes: Mapping[str, float]) -> Counts:
        """How often what stands at each judged place was read."""
        total = np.zeros(self.size + 1)
        for name, times in sorted(passes.items()):
            numbers, full = self.read[name], int(times)
            cut = round((times - full) * len(numbers))
            total += (full + 1) * np.bincount(numbers[:cut], minlength=len(total))
            if full:
                total += full * np.bincount(numbers[cut:], minlength=len(total))
        return total[self.asked]


def _joined(texts: Sequence[bytes]) -> Bytes:
    """The texts, each with a NUL after it: its end, and the beginning of the next."""
    return np.frombuffer(b"".join(text + b"\0" for text in texts), np.uint8)


def _last_bytes(data: Bytes, skip: int, n: int) -> Keys:
    """The n bytes that end `skip` before each place, as one number; fewer where the text has begun since."""
    found = np.zeros(len(data), np.uint64)
    inside = np.ones(len(data), np.bool_)
    for back in range(skip, min(skip + n, len(data))):
        byte = data[: len(data) - back]
        found[back:] |= np.where(inside[back:], byte.astype(np.uint64) << np.uint64(8 * (back - skip)), np.uint64(0))
        if back:  # the NUL that ends a text belongs to it
            inside[back:] &= byte != 0
    return found


def _numbers(known: Keys, keys: Keys) -> Numbers:
    """The place of each key in the sorted `known`, and its length for one that is not there."""
    place = np.searchsorted(known, keys).astype(np.int32)
    if len(known):
        place[known[np.minimum(place, len(known) - 1)] != keys] = len(known)
    return place
