"""Categories of text: labels of one classifier, or of several, each with its own chance."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import pyarrow.compute as pc

from datapipe.arrow.text import Text, column_of
from datapipe.core.classifier.classifier import Classifier, Doubles
from datapipe.core.classifier.fasttext import LABEL
from datapipe.core.classifier.model_file import read_classifier
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, did_you_mean

ROWS = 1 << 16  # texts scored at a time: one needs some 1 KB, and a batch may have millions of sentences
SOMETHING = r"[^\s\x00]"  # all else is white space to fastText


class Category(NamedTuple):
    """What a chance is called, and whose it is: a label of the classifier in a file."""

    name: str
    path: str
    label: str


class Categories:
    """The classifiers of these categories, each file read once; RecipeError names a label that a model does not have."""

    def __init__(self, categories: Iterable[Category], ctx: Context) -> None:
        self._models: dict[str, Classifier] = {}
        self._columns: dict[str, list[tuple[str, int]]] = {}  # of each file: names, and columns of its chances
        for name, path, label in categories:
            if path not in self._models:
                self._models[path] = read_classifier(path, ctx)
            labels, wanted = self._models[path].labels, label.removeprefix(LABEL)
            if wanted not in labels:
                raise RecipeError(f"{path} has no label {wanted!r}{did_you_mean(wanted, labels)}")
            self._columns.setdefault(path, []).append((name, labels.index(wanted)))

    def labels(self) -> dict[str, list[str]]:
        """What each file can tell apart."""
        return {path: list(model.labels) for path, model in self._models.items()}

    def chances(self, text: Text) -> dict[str, Doubles]:
        """One chance a text of each category; NaN where its model has nothing to go by.

        Nor is there a chance for white space: what the library says of it is of its mark for the end of a line.
        """
        out: dict[str, Doubles] = {}
        blank = ~pc.match_substring_regex(column_of(*text), SOMETHING).to_numpy(zero_copy_only=False)
        for path, columns in self._columns.items():
            starts = range(0, max(len(text), 1), ROWS)
            found = [self._models[path].chances(Text(text.offsets[i : i + ROWS + 1], text.data)) for i in starts]
            whole = np.concatenate(found)
            whole[blank] = np.nan
            out |= {name: whole[:, column] for name, column in columns}
        return out
