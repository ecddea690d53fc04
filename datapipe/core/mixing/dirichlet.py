"""Mixtures at random, from nearly one group alone to nearly the prior: what proxies are trained on, and searched among."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.core.mixing.bound import within
from datapipe.core.seeds import step_seed

Shares = npt.NDArray[np.float64]

TEMPERATURE = 0.5  # the power of the prior: small groups are seen, too
STRENGTHS = np.logspace(np.log10(0.1), np.log10(5.0), 15)
LEAST = 2e-4  # a smaller share is none; shares are multiples of it, so that mixtures nearly equal are equal
NEW = 0.01  # of a batch of draws: where no more of them are new, as with two groups or narrow bounds, there are few others


def dirichlet_mixes(prior: Shares, count: int, seed: int, most: Shares) -> Shares:
    """Up to `count` different mixtures, (count, groups), sums of 1: Dirichlet draws about the square root of the prior.

    RegMix (Liu et al. 2024, arXiv:2407.01492; sail-sg/regmix, mixture_config/synthesize_mixture.py): temperature,
    strengths, least share and rounding are its. A share above its bound is cut there and its rest goes to the others,
    where the original draws again, which never ends where bounds are narrow.
    """
    centre = prior**TEMPERATURE
    centre = centre / centre.sum()
    draw = np.random.RandomState(step_seed(seed, "mixes") % 2**32)  # its streams are the same in every version
    found = np.zeros((0, len(prior)))
    while True:
        strength = STRENGTHS[draw.randint(len(STRENGTHS), size=count)]
        gammas = draw.standard_gamma(strength[:, None] * centre[None])
        gammas = gammas[gammas.sum(1) > 0]  # of strength 0.1 a row may underflow
        known = len(found)
        found = np.concatenate([found, _rounded(within(gammas, most))])
        _, first = np.unique(found, axis=0, return_index=True)
        found = found[np.sort(first)]
        if len(found) >= count or len(found) - known <= NEW * count:
            return within(found[:count], most)


def _rounded(mixes: Shares) -> Shares:
    """Multiples of LEAST."""
    shares = np.where(mixes < LEAST, 0.0, mixes)
    return np.asarray(np.round(shares / shares.sum(1, keepdims=True) / LEAST) * LEAST)
