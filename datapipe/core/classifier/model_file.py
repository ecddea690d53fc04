"""Which kind of classifier a file holds, told by how it begins."""

from __future__ import annotations

from datapipe.core.classifier.classifier import Classifier
from datapipe.core.classifier.fasttext import FastText
from datapipe.core.classifier.ngram_classifier import NgramClassifier
from datapipe.core.classifier.ngram_file import MAGIC
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError


def read_classifier(path: str, ctx: Context) -> Classifier:
    """The classifier of a file; RecipeError says what was found instead."""
    try:
        with ctx.open(path) as stream:
            own = stream.read(len(MAGIC)) == MAGIC
            stream.seek(0)
            return NgramClassifier(stream) if own else FastText(stream)
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: {error}") from None
