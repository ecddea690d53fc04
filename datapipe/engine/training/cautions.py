"""What a person should know before trusting a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from datapipe.core.classifier.metrics import auc
from datapipe.engine.training.examples import Chosen, flags_of

LENGTH = 0.75  # AUC of length alone, or 1 - this, from which on a classifier may have learnt little else
FEW_TRAINED, FEW_HELD = 100, 30
LEAST = 20  # rows of both kinds from which on a group's AUC says something
WORSE = 0.1  # AUC below that of all texts
TOO_GOOD = 0.99  # AUC; people agree less
ONE_SIDED = 0.95  # share of a language's texts that one label has


def cautions(
    chosen: Chosen, labels: tuple[str, ...], targets: tuple[str, ...], measured: dict[str, Any] | None
) -> list[str]:
    """Sentences for the screen and the card."""
    flags = flags_of(chosen, labels)
    lengths = (chosen.stops - chosen.starts).astype(np.float64)
    said = []
    for column, label in enumerate(labels):
        trained, held = int(flags[~chosen.held, column].sum()), int(flags[chosen.held, column].sum())
        if trained < FEW_TRAINED:
            said.append(f"{label}: {trained} texts to train on; {FEW_TRAINED} are little")
        if measured is not None and held < FEW_HELD:
            said.append(f"{label}: {held} held-out texts; its figures say little below {FEW_HELD}")
        alone = auc(lengths, flags[:, column])
        if alone is not None and max(alone, 1 - alone) >= LENGTH and label in targets:
            said.append(
                f"{label}: length alone tells it apart (AUC {alone:.2f}, its texts are "
                f"{'longer' if alone > 0.5 else 'shorter'}): the classifier may have learnt length; cut texts alike"
            )
    said += _languages(chosen, flags, labels)
    if measured is not None:
        for label in targets:
            said += _groups(measured, label)
    if chosen.contradictions:
        said.append(f"{chosen.contradictions:,} texts stand in the input with different labels and were left out")
    return said


def _languages(chosen: Chosen, flags: npt.NDArray[np.bool_], labels: tuple[str, ...]) -> list[str]:
    """A language that one class alone has is a label of its own."""
    overall = flags.mean(0)
    names = [name for name in np.unique(chosen.langs).tolist() if name]
    shares = {lang: flags[chosen.langs == lang].mean(0) for lang in names if (chosen.langs == lang).sum() >= LEAST}
    said = []
    for column, label in enumerate(labels):
        langs = [lang for lang, share in shares.items() if share[column] >= ONE_SIDED > overall[column]]
        if langs and len(names) > 1:
            said.append(
                f"{', '.join(langs)}: {ONE_SIDED:.0%} or more of the texts are {label}: the language gives it away"
            )
    return said


def _groups(measured: dict[str, Any], label: str) -> list[str]:
    overall = measured["labels"][label]
    if overall["auc"] is None:
        return []
    alone = max(overall["auc_of_length"], 1 - overall["auc_of_length"])
    said = []
    if alone >= overall["auc"]:
        said.append(f"{label}: the classifier (AUC {overall['auc']:.2f}) is no better than length alone ({alone:.2f})")
    if overall["auc"] >= TOO_GOOD:
        said.append(
            f"{label}: AUC {overall['auc']:.3f} is too good: does a site, a format or a topic tell the classes apart?"
        )
    said += [
        f"{label}, {kind} {group['name']}: AUC {group['auc']:.2f} where all texts have {overall['auc']:.2f}: the "
        "classifier works less well there"
        for kind, groups in measured["groups"][label].items()
        for group in groups
        if min(group["positives"], group["negatives"]) >= LEAST and group["auc"] < overall["auc"] - WORSE
    ]
    return said
