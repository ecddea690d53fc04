"""Mixtures at random, from nearly one group alone to nearly the prior: what proxies are trained on, and searched among."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from datapipe.core.seeds import step_seed

Shares = npt.NDArray[np.float64]

TEMPERATURE = 0.5  # the power of the prior: small groups are seen, too
STRENGTHS = np.logspace(np.log10(0.1), np.log10(5.0), 15)
LEAST = 2e-4  # a smaller share is none; shares are multiples of it, so that mixtures nearly equal are equal
SLACK = 1e-9  # of a bound: what a group of no share takes of what groups at their bounds leave over
BATCHES = 100  # of draws in which too few mixtures were new: there are no more


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
    for _ in range(BATCHES):
        strength = STRENGTHS[draw.randint(len(STRENGTHS), size=count)]
        gammas = draw.standard_gamma(strength[:, None] * centre[None])
        gammas = gammas[gammas.sum(1) > 0]  # of strength 0.1 a row may underflow
        found = np.concatenate([found, _rounded(capped(gammas / gammas.sum(1, keepdims=True), most))])
        _, first = np.unique(found, axis=0, return_index=True)
        found = found[np.sort(first)]
        if len(found) >= count:
            break
    return capped(found[:count], most)


def _rounded(mixes: Shares) -> Shares:
    """Multiples of LEAST."""
    shares = np.where(mixes < LEAST, 0.0, mixes)
    return np.asarray(np.round(shares / shares.sum(1, keepdims=True) / LEAST) * LEAST)


def capped(rows: Shares, most: Shares) -> Shares:
    """Each row with no share above its bound: what is over goes to the others in proportion. (n, groups), sums of 1."""
    rows = rows + SLACK * most
    rows = rows / rows.sum(1, keepdims=True)
    full = np.zeros(rows.shape, np.bool_)
    for _ in range(rows.shape[1]):
        over = ~full & (rows > most)
        if not over.any():
            break
        full |= over
        left = 1 - np.where(full, most, 0.0).sum(1, keepdims=True)
        free = np.where(full, 0.0, rows)
        total = free.sum(1, keepdims=True)
        rows = np.where(full, most, free * np.divide(left, total, out=np.zeros_like(total), where=total > 0))
    return np.asarray(rows)
