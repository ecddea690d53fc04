"""What a fastText classifier is trained with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from datapipe.core.errors import RecipeError
from datapipe.kernels.fasttext_training import LOSSES

BIGGEST = {"dim": 1 << 16, "bucket": 1 << 28, "word_ngrams": 1 << 8, "maxn": 1 << 8, "seed": (1 << 31) - 1}


@dataclass(frozen=True)
class FastTextSettings:
    """The library's parameters and their defaults; RecipeError for what cannot be trained."""

    lr: float = 0.1
    dim: int = 100
    epoch: int = 5
    min_count: int = 1
    word_ngrams: int = 1
    minn: int = 0
    maxn: int = 0
    bucket: int = 2_000_000
    loss: str = "softmax"  # or ova, hs
    lr_update_rate: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise RecipeError(f"the loss is {self.loss}: it is one of {', '.join(sorted(LOSSES))}")
        if not 0 < self.lr < np.inf:
            raise RecipeError(f"lr is {self.lr}: it is more than 0")
        for name in ("dim", "epoch", "word_ngrams", "bucket", "min_count", "minn", "maxn", "lr_update_rate", "seed"):
            value, least = getattr(self, name), int(name in ("dim", "epoch", "word_ngrams", "bucket"))
            most = BIGGEST.get(name, 1 << 31)
            if not least <= value < most:
                raise RecipeError(f"{name} is {value}: it is at least {least} and below {most:,}")
        if self.minn > self.maxn:
            raise RecipeError(f"minn is {self.minn}, more than maxn, {self.maxn}")

    @property
    def buckets(self) -> int:
        """Rows for n-grams: none where there are no n-grams."""
        return self.bucket if self.word_ngrams > 1 or self.maxn > 0 else 0
