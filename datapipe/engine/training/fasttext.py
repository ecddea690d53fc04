"""A fastText supervised model trained from labelled texts, by the library's algorithm on one thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class FastTextSettings:
    """The library's parameters and their defaults."""

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


def train_fasttext(
    texts: Iterable[str],
    labels: Iterable[Sequence[str]],
    out: Path,
    settings: FastTextSettings,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Train on texts in the order given, write the model to `out` (.bin, version 12); the facts for its card."""
    raise NotImplementedError
