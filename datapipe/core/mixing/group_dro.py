"""The update of DoReMi: group DRO over the excess of a proxy's loss above a reference's.

Xie et al. 2023, DoReMi, algorithm 1; sangmichaelxie/doremi, doremi/trainer.py `update_domain_weights`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def scores(last: Floats, excess: Floats, tokens: npt.NDArray[np.int64]) -> Floats:
    """The mean clipped excess loss of each domain in the batch; a domain that is absent keeps its last.

    excess  the sum over a domain's tokens of max(0, proxy - reference), in nats    tokens  how many they are
    """
    return np.where(tokens > 0, excess / np.maximum(tokens, 1), last)


def updated(weights: Floats, score: Floats, eta: float, smoothing: float) -> Floats:
    """Exponentiated gradient: log w + eta x score, normalised, then (1 - smoothing) w + smoothing / k.

    After it each weight is smoothing / k at least, and they sum to 1.
    """
    logs = np.log(np.maximum(weights, np.finfo(np.float64).tiny)) + eta * score  # without smoothing one may vanish
    raised = np.exp(logs - logs.max())
    return np.asarray((1 - smoothing) * raised / raised.sum() + smoothing / len(weights))
