"""From labelled texts to a logistic regression over hashed n-grams; features lie on disk."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.core.classifier.ngram_classifier import buckets_of
from datapipe.core.classifier.ngram_file import NgramModel, Settings, write_ngram_model
from datapipe.core.errors import RecipeError
from datapipe.engine.training.examples import Chosen, flags_of
from datapipe.engine.training.logistic import Rows, fit
from datapipe.kernels.logistic import features


def train_ngrams(
    chosen: Chosen,
    labels: tuple[str, ...],
    exclusive: bool,
    settings: Settings,
    strength: float,
    out: Path,
    tell: Callable[[str], None],
) -> dict[str, Any]:
    """Train one label against the others on the texts that are not held out; write the model; the facts for its card."""
    order = np.flatnonzero(~chosen.held)
    rows = _features(chosen, order, settings, out.parent)
    flags = flags_of(chosen, labels)[order]
    one = exclusive and len(labels) == 2
    columns = labels[:1] if one else labels
    weights = np.zeros((settings.buckets, len(columns)), np.float32)
    intercepts = np.zeros(len(columns))
    for column, label in enumerate(columns):
        tell(f"fitting {label}: {len(order):,} texts, {len(rows.buckets):,} features")
        found, intercepts[column] = fit(rows, flags[:, column], strength)
        weights[:, column] = found
    write_ngram_model(out, NgramModel(settings, labels, one, weights, intercepts))
    used = int((weights != 0).any(1).sum())
    return {"features": len(rows.buckets), "buckets_used": used, "intercepts": intercepts.tolist()}


def _features(chosen: Chosen, order: npt.NDArray[np.int64], settings: Settings, folder: Path) -> Rows:
    """Mapped from disk: 8 bytes a feature."""
    ends = array("q", [0])
    paths = folder / "buckets", folder / "values"
    with paths[0].open("wb") as to_buckets, paths[1].open("wb") as to_values:
        for _, text in chosen.portions(order):
            stops, buckets, values = features(*buckets_of(text, settings), settings.buckets, settings.unit)
            to_buckets.write(buckets.data)
            to_values.write(values.data)
            ends.extend((stops[1:] + ends[-1]).tolist())
    if not ends[-1]:
        raise RecipeError("the texts have no words to learn from")
    # Mapped for writing, which nothing does: kernels are compiled anew for arrays that may only be read.
    mapped = [np.asarray(np.memmap(p, t, "r+")) for p, t in zip(paths, (np.int32, np.float32), strict=True)]
    return Rows(np.frombuffer(ends, np.int64), mapped[0], mapped[1], settings.buckets)
