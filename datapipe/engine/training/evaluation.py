"""What held-out texts say of a classifier: by label, by threshold, by language, source and length, beside baselines."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.core.classifier.classifier import Classifier
from datapipe.core.classifier.metrics import at_threshold, auc, average_precision, calibration, threshold_table
from datapipe.engine.training.examples import Chosen, flags_of

Doubles = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Int64s = npt.NDArray[np.int64]

LENGTHS = (200, 1000, 5000, 20_000)  # bytes at which buckets end
GROUPS = 30  # of a kind that are told apart, the largest; a corpus may have a source for every site


def scores_of(classifier: Classifier, chosen: Chosen, rows: Int64s) -> Doubles:
    """The chances of these rows, a column for each of the classifier's labels."""
    parts = [classifier.chances(text) for _, text in chosen.portions(rows) if len(text)]
    return np.concatenate([np.zeros((0, len(classifier.labels))), *parts])


def evaluated(classifier: Classifier, chosen: Chosen, exclusive: bool, targets: tuple[str, ...]) -> dict[str, Any]:
    """The part of the card that was measured on texts the classifier was not trained on."""
    rows = np.flatnonzero(chosen.held)
    scores = scores_of(classifier, chosen, rows)
    flags = flags_of(chosen, classifier.labels)[rows]
    lengths = (chosen.stops - chosen.starts)[rows].astype(np.float64)
    found: dict[str, Any] = {
        "texts": len(rows),
        "without_words": int(np.isnan(scores).all(1).sum()) if len(rows) else 0,
        "labels": {},
    }
    for column, label in enumerate(classifier.labels):
        positive = flags[:, column]
        own = scores[:, column]
        found["labels"][label] = {
            "positives": int(positive.sum()),
            "negatives": int((~positive).sum()),
            "auc": auc(own, positive),
            "average_precision": average_precision(own, positive),
            **at_threshold(own, positive, 0.5),
            "calibration": calibration(own, positive),
            "auc_of_length": auc(lengths, positive),
        }
    if exclusive:
        found |= _confusion(classifier.labels, scores, flags)
    found["threshold_tables"], found["groups"] = {}, {}
    kinds = {
        "lang": list(_by_name(chosen.langs[rows])),
        "source": list(_by_name(chosen.sources[rows])),
        "bytes": list(_by_length(lengths)),
    }
    for label in targets:
        column = classifier.labels.index(label)
        own, positive = scores[:, column], flags[:, column]
        table = found["threshold_tables"][label] = threshold_table(own, positive)
        tenth = next((row["threshold"] for row in table if row.get("top_of_negatives") == 0.1), None)
        found["groups"][label] = {
            kind: [{"name": name, **_group(own[inside], positive[inside], tenth)} for name, inside in groups]
            for kind, groups in kinds.items()
        }
    return found


def _confusion(labels: tuple[str, ...], scores: Doubles, flags: Mask) -> dict[str, Any]:
    """Of each label's texts, how many have the highest chance of which."""
    known = ~np.isnan(scores).any(1)
    said = scores[known].argmax(1)
    table = {
        label: {other: int((flags[known, row] & (said == column)).sum()) for column, other in enumerate(labels)}
        for row, label in enumerate(labels)
    }
    rows = len(scores)
    return {
        "confusion": table,
        "accuracy": sum(table[label][label] for label in labels) / rows if rows else None,
        "accuracy_of_the_largest_class": float(flags.sum(0).max()) / rows if rows else None,
    }


def _group(scores: Doubles, positive: Mask, tenth: float | None) -> dict[str, Any]:
    """Of a language, source or length: AUC, and what is kept at 0.5 and where a tenth of all negatives is."""
    found: dict[str, Any] = {
        "positives": int(positive.sum()),
        "negatives": int((~positive).sum()),
        "auc": auc(scores, positive),
    }
    for name, threshold in (("at_0.5", 0.5), ("at_top_tenth", tenth)):
        if threshold is not None:
            kept = at_threshold(scores, positive, threshold)
            found |= {f"{which}_{name}": kept[which] for which in ("positives_above", "negatives_above")}
    return found


def _by_name(names: npt.NDArray[np.str_]) -> Iterator[tuple[str, Mask]]:
    values, counts = np.unique(names, return_counts=True)
    if (values == "").all():
        return
    for n in sorted(range(len(values)), key=lambda n: (-counts[n], values[n]))[:GROUPS]:
        yield str(values[n]) or "unknown", names == values[n]


def _by_length(lengths: Doubles) -> Iterator[tuple[str, Mask]]:
    edges = [0, *LENGTHS, np.inf]
    for low, high in itertools.pairwise(edges):
        inside = (lengths >= low) & (lengths < high)
        if inside.any():
            yield f"{low:,} to {high - 1:,.0f}" if high < np.inf else f"{low:,} and more", inside
