"""The small transformer as what RegMix and ablation ask, and as what DoReMi trains."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from datapipe.core.mixing.doremi import Learner, Update
from datapipe.core.mixing.method import Domains, Proxy
from datapipe.core.mixing.portions import portions
from datapipe.core.mixing.weights_file import normalised
from datapipe.engine.training.mixture.batches import Batches
from datapipe.engine.training.mixture.fitting import Training, fitted, judged
from datapipe.engine.training.mixture.library import device_of, library, threads
from datapipe.engine.training.mixture.settings import TransformerSettings
from datapipe.engine.training.mixture.tokens import Corpus, corpus


@dataclass
class TransformerProxy(Proxy, Learner):
    """A model of these settings for each mixture asked; the texts of a seed become tokens once.

    On a CPU equal domains, weights, seed and settings give equal losses.
    """

    settings: TransformerSettings = field(default_factory=TransformerSettings)
    _last: tuple[Domains, int, Corpus] | None = field(default=None, init=False, repr=False, compare=False)

    def losses(self, domains: Domains, weights: Mapping[str, float], seed: int) -> Mapping[str, float]:
        """Nats a byte on every target and as `held out: GROUP`; a ValueError for a weighed group without texts."""
        torch = library()
        found = self._corpus(domains, seed)
        missing = [name for name, weight in weights.items() if weight > 0 and name not in found.train]
        if missing:
            raise ValueError(f"the group {missing[0]} has a weight and no texts")
        device = device_of(torch, self.settings.device)
        with threads(torch, self.settings.threads):
            return judged(fitted(torch, found, normalised(weights), self.settings, seed, device), found)

    def groups(self, domains: Domains, seed: int) -> list[str]:
        """Those with texts."""
        return sorted(self._corpus(domains, seed).train)

    def vocabulary(self, domains: Domains, seed: int) -> int:
        """Tokens that the sample gave."""
        return self._corpus(domains, seed).vocabulary

    def contest(self, domains: Domains, reference: Mapping[str, float], seed: int, update: Update) -> None:
        """Train the reference and then the proxy; see Learner."""
        torch = library()
        found = self._corpus(domains, seed)
        device = device_of(torch, self.settings.device)
        with threads(torch, self.settings.threads):
            known = fitted(torch, found, reference, self.settings, seed, device)
            self._contest(torch, found, known, seed, update)

    def _contest(self, torch: Any, found: Corpus, known: Training, seed: int, update: Update) -> None:
        settings = self.settings
        proxy = Training(torch, found.vocabulary, settings, seed, known.device)
        even = dict.fromkeys(found.train, 1.0)
        # Every group in every batch: an absent one goes on by its last score, at first log(vocabulary). With batches of
        # 8 over 14 groups of the Pile three rounds ended at 1.9 to 2.8 effective groups, seeds 0.67 apart; with batches
        # of 14, at 3.2 to 3.5 and 0.32.
        size = max(settings.batch, len(even))
        batches = Batches(found.train, even, size, settings.context, seed)
        for _ in range(settings.steps):
            tokens, groups = batches.next()
            loss = proxy.losses(tokens)
            with torch.no_grad():
                over = (loss - known.losses(tokens)).clamp(min=0).sum(dim=1).double().cpu().numpy()
            count = len(batches.names)
            rows = np.bincount(groups, minlength=count)
            excess = np.bincount(groups, over, minlength=count).astype(np.float64)
            weights = update(excess, rows.astype(np.int64) * loss.shape[1])
            weigh = torch.from_numpy(weights[groups].astype(np.float32)).to(known.device)
            proxy.step((loss.mean(dim=1) * weigh).sum() / weigh.sum())

    def _corpus(self, domains: Domains, seed: int) -> Corpus:
        if self._last is None or self._last[0] is not domains or self._last[1] != seed:
            found = corpus(portions(domains, seed, self.settings.share), self.settings.vocabulary)
            self._last = (domains, seed, found)
        return self._last[2]
