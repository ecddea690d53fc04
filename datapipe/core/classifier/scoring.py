"""One number of a classifier's chances: that of a label, or the expected value of labels that are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from datapipe.arrow.text import Text
from datapipe.core.classifier.classifier import Classifier, Doubles
from datapipe.core.errors import did_you_mean

LABEL = "__label__"
# Of two labels, the good one is told by either name: DCLM has hq and cc, RedPajama wiki and cc.
GOOD = frozenset(["hq", "high_quality", "high", "positive", "pos", "good", "keep", "include", "quality", "1"])
BAD = frozenset(["cc", "lq", "low_quality", "low", "negative", "neg", "bad", "drop", "exclude", "web", "0"])
ROWS = 1 << 16  # scored at a time: a part of a text needs 1 KB, and a document may have millions

Values = Mapping[str, float]


class Scale(NamedTuple):
    """Of each of a model's labels the value; `chance`: the only label that has one, of which the chance is the score."""

    values: tuple[float, ...]
    chance: int | None


def scale_of(labels: tuple[str, ...], positive: str | None, expected: bool | Values) -> Scale:
    """What a step asks of a model with these labels; ValueError names the right ones.

    positive  the label whose chance is the score; None: the good one of two, or what `expected` says
    expected  the value of each label, or true: labels are their own
    """
    if expected:
        return Scale(_values(labels, expected), None)
    named = good_label(labels) if positive is None else positive.removeprefix(LABEL)
    if named is None:
        raise ValueError(f"positive: the model's labels are {', '.join(labels)}; say whose chance is the score")
    if named not in labels:
        raise ValueError(f"positive: the model has no label {named!r}{did_you_mean(named, labels)}")
    return Scale(tuple(float(one == named) for one in labels), labels.index(named))


def good_label(labels: tuple[str, ...]) -> str | None:
    """The better one of two labels, where their names tell."""
    if len(labels) != 2:
        return None
    found = [one for one, other in (labels, labels[::-1]) if one in GOOD or other in BAD]
    return found[0] if len(found) == 1 else None


def scores_of(classifier: Classifier, text: Text, scale: Scale) -> Doubles:
    """The score of each text; NaN where the model has nothing to go by."""
    parts = [np.zeros(0)]
    for first in range(0, len(text), ROWS):
        chances = classifier.chances(Text(text.offsets[first : first + ROWS + 1], text.data))
        if scale.chance is not None:
            parts.append(chances[:, scale.chance])
            continue
        total, weighed = np.zeros(len(chances)), np.zeros(len(chances))
        for column, value in zip(chances.T, scale.values, strict=True):  # one after another: no batch changes a sum
            total += column
            weighed += column * value
        with np.errstate(invalid="ignore"):  # chances of labels judged one by one do not add up to 1, and may be 0
            parts.append(weighed / total)
    return np.concatenate(parts)


def _values(labels: tuple[str, ...], expected: bool | Values) -> tuple[float, ...]:
    if isinstance(expected, Mapping):
        given = {name.removeprefix(LABEL): value for name, value in expected.items()}
        for name in given:
            if name not in labels:
                raise ValueError(f"expected: the model has no label {name!r}{did_you_mean(name, labels)}")
        if missing := [name for name in labels if name not in given]:
            raise ValueError(f"expected: give a value for {', '.join(missing)}, too")
        return tuple(given[name] for name in labels)
    try:
        return tuple(float(name) for name in labels)
    except ValueError:
        raise ValueError(
            f"expected: the model's labels are {', '.join(labels)}, not numbers; give their values, such as "
            f"{{{labels[0]}: 1}}"
        ) from None
