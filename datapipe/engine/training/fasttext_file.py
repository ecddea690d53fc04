"""The file of a fastText classifier (.bin, version 12), as fastText 0.9.2 writes it: src/fasttext.cc, src/dictionary.cc."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from datapipe.engine.training.fasttext_dictionary import Dictionary
from datapipe.engine.training.fasttext_settings import FastTextSettings
from datapipe.kernels.fasttext_model import MAGIC, SUPERVISED, VERSION, Floats
from datapipe.kernels.fasttext_training import LOSSES
from datapipe.kernels.fasttext_words import LABEL

WINDOW, NEGATIVES, SAMPLING = 5, 5, 1e-4  # of training word vectors; the library writes its defaults
WRITTEN = 1 << 16  # entries at once
PIECE = 1 << 20  # bytes of a matrix at once: half the time of one write of 1 GB


def write_model(
    path: Path, settings: FastTextSettings, dictionary: Dictionary, labels: Sequence[tuple[str, int]], tokens: int,
    matrix: Floats, output: Floats,
) -> None:  # fmt: skip
    """Write the model; `labels` are names and counts, by falling count."""
    s = settings
    with path.open("wb") as file:
        file.write(struct.pack("<2i", MAGIC, VERSION))
        numbers = (s.dim, WINDOW, s.epoch, s.min_count, NEGATIVES, s.word_ngrams, LOSSES[s.loss], SUPERVISED, s.buckets)
        file.write(struct.pack("<12id", *numbers, s.minn, s.maxn, s.lr_update_rate, SAMPLING))
        n = len(dictionary.counts)
        file.write(struct.pack("<3i2q", n + len(labels), n, len(labels), tokens, -1))  # -1: nothing is pruned
        for start in range(0, n, WRITTEN):
            stop = min(start + WRITTEN, n)
            spelled = dictionary.letters[dictionary.starts[start] : dictionary.starts[stop]].tobytes()
            ends = (dictionary.starts[start : stop + 1] - dictionary.starts[start]).tolist()
            counts = dictionary.counts[start:stop].tolist()
            file.write(b"".join(_entry(spelled[a:b], c, 0) for a, b, c in zip(ends, ends[1:], counts, strict=False)))
        for name, count in labels:
            file.write(_entry(LABEL.tobytes() + name.encode(), count, 1))
        _write_matrix(file, matrix)
        _write_matrix(file, output)


def _entry(spelled: bytes, count: int, kind: int) -> bytes:
    return spelled + struct.pack("<xqb", count, kind)


def _write_matrix(file: BinaryIO, matrix: Floats) -> None:
    file.write(struct.pack("<?2q", False, *matrix.shape))  # False: not quantised
    numbers = memoryview(np.ascontiguousarray(matrix, "<f4")).cast("B")
    for start in range(0, len(numbers), PIECE):
        file.write(numbers[start : start + PIECE])
