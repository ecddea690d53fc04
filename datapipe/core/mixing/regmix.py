"""RegMix: small models on mixtures at random, a regression of their losses, and a search on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from datapipe.core.mixing.bound import bounded, limits
from datapipe.core.mixing.dirichlet import Shares, dirichlet_mixes
from datapipe.core.mixing.method import Domains, Learned, Method, Proxy
from datapipe.core.mixing.portions import natural
from datapipe.core.mixing.regression import LossSurface, Numbers, fit_surface, rank_correlation_held_out
from datapipe.core.mixing.smoothing import check_smoothing, smoothed
from datapipe.core.seeds import step_seed

LEAST_MIXES = 16
DIGITS = 6
TOLD = 4  # times that a run of proxies shows how far it is


@dataclass(frozen=True)
class RegMix(Method):
    """The mean of the `best` of many mixtures, by the loss that a regression predicts for them.

    proxy       what is trained on each mixture, and judged by its mean loss over the targets
    mixes       mixtures at random that it is trained on
    closer      of the best that are found with them, so many are tried, too, and the search is done again: 64 at random
                and 64 of the best gave lower losses than 256 at random in 7 of 8 trials, on two targets of the Pile
    draws       mixtures that are searched        best  of them, whose mean is the answer
    smoothing   share that is spread evenly
    max_epochs  no share above what there is of the group, so many times, in `budget` bytes (None: all there is)

    Source: Liu et al. 2024, RegMix, arXiv:2407.01492; sail-sg/regmix, regression_fitting/regression.ipynb. There it is
    512 mixtures, LightGBM and a search that knows no bounds; here the regression is `LossSurface`, and every mixture that
    is tried or searched is within what there is. The search draws as the proxies' mixtures were drawn: only there is the
    regression worth something. `closer` is one round of Diao et al. 2025, CLIMB, arXiv:2504.13161.
    """

    proxy: Proxy
    mixes: int = 128
    closer: int = 64
    draws: int = 100_000
    best: int = 128
    smoothing: float = 0.01
    max_epochs: float = 4.0
    budget: float | None = None

    def __post_init__(self) -> None:
        check_smoothing(self.smoothing)
        if self.mixes < LEAST_MIXES:
            raise ValueError(f"mixes is {self.mixes}, expected {LEAST_MIXES} or more: a regression is fitted to them")
        if not 1 <= self.best <= self.draws:
            raise ValueError(f"best is {self.best}, expected 1 to {self.draws:,}, the draws")
        if not 0 <= self.closer <= self.best:
            raise ValueError(f"closer is {self.closer}, expected 0 to {self.best}, the best")

    def learn(self, domains: Domains, seed: int, tell: Callable[[str], None]) -> Learned:
        """Train proxies, fit, search; `facts` have the held-out rank correlation of the fit to the mixtures at random."""
        names = sorted(domains.texts)
        shares, limit = natural(domains), limits(domains, self.max_epochs, self.budget)
        prior, most = (np.array([of[name] for name in names]) for of in (shares, limit))
        pool = dirichlet_mixes(prior, self.draws, step_seed(seed, "search"), most)
        tried = dirichlet_mixes(prior, self.mixes, step_seed(seed, "mixes"), most)
        if len(tried) < LEAST_MIXES:  # the bounds leave no choice
            return Learned(self._answer(pool, limit), (), {"proxies": 0})
        losses = self._losses(domains, names, tried, seed, tell)
        surface = fit_surface(tried, losses)
        correlation = rank_correlation_held_out(surface, tried, losses)
        tell(f"seed {seed}: rank correlation of the regression, held out: {correlation:.3f}")
        best = self._search(surface, pool)
        found = [self._answer(best, limit)]
        if self.closer:
            near = best[:: len(best) // self.closer][: self.closer]
            tried = np.concatenate([tried, near])
            losses = np.concatenate([losses, self._losses(domains, names, near, seed, tell)])
            surface = fit_surface(tried, losses)
            found.append(self._answer(self._search(surface, pool), limit))
        facts = {
            "proxies": len(tried),
            "rank_correlation_held_out": correlation,
            "loss_of_proxies": {"least": float(losses.min()), "median": float(np.median(losses))},
            "loss_predicted": float(surface.predict(np.array([list(found[-1].values())]))[0]),
            "regression": {"offset": surface.offset, "length": surface.length, "noise": surface.noise},
        }
        return Learned(found[-1], found[:-1], facts)

    def _losses(
        self, domains: Domains, names: list[str], tried: Shares, seed: int, tell: Callable[[str], None]
    ) -> Numbers:
        """The mean loss over the targets of a proxy for each mixture."""
        losses = np.empty(len(tried))
        for n, row in enumerate(tried):
            found = self.proxy.losses(domains, dict(zip(names, row.tolist(), strict=True)), seed)
            losses[n] = np.mean([found[name] for name in sorted(domains.target)])
            if (n + 1) % -(-len(tried) // TOLD) == 0:
                tell(f"seed {seed}: {n + 1:,} of {len(tried):,} proxies, least loss {losses[: n + 1].min():.4f}")
        return losses

    def _search(self, surface: LossSurface, pool: Shares) -> Shares:
        """The best of the pool; losses that differ below DIGITS, as with another number of threads, are equal."""
        return np.asarray(pool[np.argsort(np.round(surface.predict(pool), DIGITS), kind="stable")[: self.best]])

    def _answer(self, best: Shares, limit: Mapping[str, float]) -> dict[str, float]:
        """Their mean, smoothed and again within what there is; `limit` has the groups in the order of the columns."""
        return bounded(smoothed(dict(zip(limit, best.mean(0).tolist(), strict=True)), self.smoothing), limit)
