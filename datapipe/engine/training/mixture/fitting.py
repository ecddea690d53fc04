"""Training steps and the judging of a small transformer."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from datapipe.engine.training.mixture.batches import Batches
from datapipe.engine.training.mixture.model import Parameters, initial, losses
from datapipe.engine.training.mixture.settings import TransformerSettings
from datapipe.engine.training.mixture.tokens import Corpus, Tokens

ROWS = 16  # sequences judged at once: 16 x 64 x 2048 scores are 8 MB


class Training:
    """AdamW over a model's parameters: warm-up, cosine to a tenth, clipped gradients."""

    def __init__(self, torch: Any, vocabulary: int, settings: TransformerSettings, seed: int, device: str) -> None:
        self.torch, self.settings, self.device = torch, settings, device
        self.parameters: Parameters = initial(torch, vocabulary, settings, seed, device)
        matrices = [value for value in self.parameters.values() if value.ndim > 1]
        vectors = [value for value in self.parameters.values() if value.ndim == 1]
        groups = [{"params": matrices, "weight_decay": settings.decay}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=settings.rate, betas=(0.9, 0.95), fused=True)
        self.done = 0

    def losses(self, tokens: Tokens) -> Any:
        """Nats by sequence and token, to be differentiated."""
        return losses(self.torch, self.parameters, self.settings, self.torch.from_numpy(tokens).to(self.device))

    def step(self, loss: Any) -> None:
        """Go down this loss."""
        for group in self.optimizer.param_groups:
            group["lr"] = self.settings.rate * pace(self.done / self.settings.steps, self.settings.warmup)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), self.settings.clip)
        self.optimizer.step()
        self.done += 1


def pace(done: float, warmup: float) -> float:
    """The learning rate's share of its highest, when so much of the steps is done."""
    if done < warmup:
        return (done + 0.01) / (warmup + 0.01)
    return 0.55 + 0.45 * math.cos(math.pi * (done - warmup) / (1 - warmup))


def fitted(
    torch: Any, found: Corpus, weights: Mapping[str, float], settings: TransformerSettings, seed: int, device: str
) -> Training:
    """A model trained on this mixture."""
    training = Training(torch, found.vocabulary, settings, seed, device)
    batches = Batches(found.train, weights, settings.batch, settings.context, seed)
    for _ in range(settings.steps):
        tokens, _groups = batches.next()
        training.step(training.losses(tokens).mean())
    return training


def judged(training: Training, found: Corpus) -> dict[str, float]:
    """Nats a byte of all that is judged: each token once, after what its window of `context` has before it."""
    torch, context = training.torch, training.settings.context
    nats: dict[str, float] = {}
    with torch.no_grad():
        for name, (tokens, size) in found.judged.items():
            total, whole = 0.0, (len(tokens) - 1) // context
            windows = [tokens[i * context : (i + 1) * context + 1] for i in range(whole)]
            for i in range(0, whole, ROWS):
                total += float(training.losses(np.stack(windows[i : i + ROWS])).sum(dtype=torch.float64))
            if len(rest := tokens[whole * context :]) > 1:
                total += float(training.losses(rest[None]).sum(dtype=torch.float64))
            nats[name] = total / size
    return nats
