"""fastText classifiers of a few words, written by hand so that their chances are known."""

from __future__ import annotations

import io
import math
import struct
from collections.abc import Mapping
from pathlib import Path

import numpy as np

ONE_VS_ALL = 4


def toy_classifier(path: Path, words: Mapping[str, Mapping[str, float]], labels: tuple[str, ...]) -> str:
    """Write a one-vs-all model; a text's chance of a label is `chance_of` the mean of what its known words weigh there."""
    dim = len(labels)
    out = io.BytesIO()
    out.write(struct.pack("<ii", 793712314, 12))
    out.write(struct.pack("<12id", dim, 5, 5, 1, 5, 1, ONE_VS_ALL, 3, 0, 0, 0, 100, 1e-4))
    out.write(struct.pack("<iiiqq", len(words) + dim, len(words), dim, 1000, -1))
    for word in words:
        out.write(word.encode() + struct.pack("<xqb", 10, 0))
    for label in labels:
        out.write(f"__label__{label}".encode() + struct.pack("<xqb", 10, 1))
    vectors = np.array([[weights.get(label, 0.0) for label in labels] for weights in words.values()])
    for matrix in (vectors, np.eye(dim)):
        out.write(struct.pack("<?qq", False, *matrix.shape) + matrix.astype("<f4").tobytes())
    path.write_bytes(out.getvalue())
    return str(path)


def chance_of(*weights: float) -> float:
    """Of words that weigh so much, to 0.01 (the library's table of the logistic function)."""
    return 1 / (1 + math.exp(-sum(weights) / len(weights)))
