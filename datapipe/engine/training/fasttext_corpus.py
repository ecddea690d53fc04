"""Labelled texts on disk, read again for every epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.arrow.text import Text, text_of
from datapipe.core.errors import RecipeError
from datapipe.engine.training.fasttext_dictionary import Counter
from datapipe.kernels.fasttext_dictionary import Int32s, Int64s

BATCH = 1 << 22  # characters written at once
SCHEMA = pa.schema({"text": pa.large_string(), "labels": pa.list_(pa.int32())})


class Labelled(NamedTuple):
    """Text i has the labels `labels[label_offsets[i]:label_offsets[i + 1]]`, numbered as they were first seen."""

    text: Text
    label_offsets: Int64s
    labels: Int32s


class Corpus(NamedTuple):
    """What was written: texts with a word, texts without one, labels and how many texts have them, words in all."""

    path: Path
    texts: int
    empty: int
    labels: tuple[str, ...]
    label_counts: Int64s
    words: int
    longest: tuple[int, int]  # words and bytes, of texts that need not be the same

    @property
    def tokens(self) -> int:
        """As the library counts them: words, labels, and the end of each line."""
        return self.words + int(self.label_counts.sum()) + self.texts

    def batches(self) -> Iterator[Labelled]:
        """The texts, in the order in which they were written."""
        with pa.OSFile(str(self.path)) as file, pa.ipc.open_stream(file) as stream:
            for batch in stream:
                labels = batch.column(1)
                offsets = labels.offsets.to_numpy().astype(np.int64)
                yield Labelled(text_of(batch.column(0)), offsets, labels.values.to_numpy())


def write_corpus(path: Path, texts: Iterable[str], labels: Iterable[Sequence[str]], counter: Counter) -> Corpus:
    """Write the texts that have a word, and count their words; RecipeError for a label that cannot be trained."""
    numbers: dict[str, int] = {}
    counts = np.zeros(0, np.int64)
    written = empty = words = 0
    longest = (0, 0)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, SCHEMA) as stream:
        for some, theirs in _batches(texts, labels, numbers):
            column = pa.array(some, pa.large_string())
            text = text_of(column)
            found = counter.add(text)
            kept = pa.array(found > 0)
            batch = pa.record_batch([column, pa.array(theirs, pa.list_(pa.int32()))], schema=SCHEMA).filter(kept)
            stream.write_batch(batch)
            written += len(batch)
            empty += len(text) - len(batch)
            words += int(found.sum())
            longest = max(longest[0], int(found.max())), max(longest[1], int(text.lengths.max()))
            used = np.bincount(pc.list_flatten(batch.column(1)).to_numpy(), minlength=len(numbers))
            used[: len(counts)] += counts
            counts = used
    names = tuple(numbers)
    _check(names, counts, empty)
    return Corpus(path, written, empty, names, counts, words, longest)


def _batches(
    texts: Iterable[str], labels: Iterable[Sequence[str]], numbers: dict[str, int]
) -> Iterator[tuple[list[str], list[list[int]]]]:
    some: list[str] = []
    theirs: list[list[int]] = []
    size = 0
    for n, (text, names) in enumerate(zip_longest(texts, labels), 1):
        if text is None or not names:
            raise RecipeError(
                f"text {n} has no {'text' if text is None else 'label'}: each text needs at least one label"
            )
        if isinstance(names, str):
            raise RecipeError(f"text {n} has the labels {names!r}, not a list of them")
        for name in names:
            if name not in numbers:
                if not name or any(space in name for space in " \n\r\t\v\f\0"):
                    raise RecipeError(f"text {n} has the label {name!r}: a label is a word without white space")
                numbers[name] = len(numbers)
        some.append(text)
        theirs.append([numbers[name] for name in names])
        size += len(text) + 1
        if size > BATCH:
            yield some, theirs
            some, theirs, size = [], [], 0
    if some:
        yield some, theirs


def _check(names: Sequence[str], counts: Int64s, empty: int) -> None:
    for name, count in zip(names, counts.tolist(), strict=True):
        if not count:
            raise RecipeError(f"the label {name} has 0 texts with a word ({empty:,} texts have none); give it examples")
    if len(names) < 2:
        found = f"only the label {names[0]} ({counts[0]:,} texts)" if names else "no text"
        raise RecipeError(f"there is {found}: a classifier needs texts of two labels or more")
