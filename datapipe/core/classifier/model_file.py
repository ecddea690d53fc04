"""Which kind of classifier a file holds, told by how it begins."""

from __future__ import annotations

import io
import os
import zlib
from typing import BinaryIO

from datapipe.core.classifier.classifier import Classifier
from datapipe.core.classifier.fasttext import FastText
from datapipe.core.classifier.ngram_classifier import NgramClassifier
from datapipe.core.classifier.ngram_file import MAGIC
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError

KEPT = 4  # the last so many of a process: `by_lang`, and to check a recipe, set up a step several times
EXPECTED = "expected a classifier: fastText's .bin or .ftz, or one of datapipe train"
# What stands in a model's place when a download went wrong.
MISTAKEN = {
    b"": "it is empty",
    b"<": "it is a web page, not a model: fetch the file that the page is about",
    b"version https://git-lfs": "it is a pointer of Git LFS, not the model: `git lfs pull` fetches that",
}
_recent: dict[tuple[str, tuple[int, ...]], Classifier] = {}


def read_classifier(path: str, ctx: Context) -> Classifier:
    """The classifier of a file, which threads may share; RecipeError says what was found instead.

    As long as the file is the same, so is the object (2 million rows of 100 numbers take 0.5 s to read, of 2 labels).
    """
    try:
        with ctx.open(path) as stream:
            stamp = _stamp(stream)
            key = (path, stamp)
            found = _recent.pop(key, None) if stamp else None
            if found is None:
                found = _read(stream)
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise RecipeError(f"{path}: {why[:1].lower()}{why[1:]}; {EXPECTED}") from None
    except ValueError as error:
        copy = ctx.local(path)
        again = f"; delete {copy} to have it fetched anew" if "://" in path and copy != path else ""
        raise RecipeError(f"{path}: {error}{again}") from None
    if stamp:
        _recent[key] = found
    for old in list(_recent)[:-KEPT]:
        _recent.pop(old, None)
    return found


def _read(stream: BinaryIO) -> Classifier:
    begin = stream.read(64)
    for start, said in MISTAKEN.items():
        if begin == start or (start and begin.lstrip().startswith(start)):
            raise ValueError(said)
    try:
        stream.seek(0)
    except OSError:  # streams of zstd go forward only
        stream = io.BytesIO(begin + stream.read())
    return NgramClassifier(stream) if begin.startswith(MAGIC) else FastText(stream)


def _stamp(stream: BinaryIO) -> tuple[int, ...]:
    """What changes when a file is written or replaced; of what is no file of this machine nothing."""
    try:
        found = os.fstat(stream.fileno())
    except (OSError, AttributeError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
