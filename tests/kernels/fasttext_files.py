"""Small fastText models of random numbers, written by hand: no package that only predicts can make them."""

from __future__ import annotations

import io
import struct
from typing import Any, NamedTuple

import numpy as np

TREE, NEGATIVE_SAMPLING, SOFTMAX, ONE_VS_ALL = 1, 2, 3, 4


class Made(NamedTuple):
    """What distinguishes one model from another; `pruned` n-grams are kept of a quantised model, -1: all."""

    loss: int = TREE
    minn: int = 2
    maxn: int = 4
    word_ngrams: int = 1
    bucket: int = 500
    quantised: bool = False
    normed: bool = False
    pruned: int = -1
    output_quantised: bool = False
    version: int = 12
    labels: int = 9
    dim: int = 10
    words: tuple[str, ...] = ()
    kind: int = 3
    spread: float = 2.0  # of the numbers
    padding: int = 0  # letters of the first word: where the matrices begin


def written(m: Made) -> bytes:
    """The file of such a model; equal models are equal files."""
    random = np.random.default_rng(7)
    out = io.BytesIO()
    out.write(struct.pack("<ii", 793712314, m.version))
    out.write(
        struct.pack("<12id", m.dim, 5, 5, 1, 5, m.word_ngrams, m.loss, m.kind, m.bucket, m.minn, m.maxn, 100, 1e-4)
    )
    words = ["</s>", "x" * m.padding, *m.words] if m.padding else ["</s>", *m.words]
    out.write(struct.pack("<iiiqq", len(words) + m.labels, len(words), m.labels, 1000, m.pruned))
    for i, word in enumerate(words):
        out.write(word.encode() + struct.pack("<xqb", 100 - i, 0))
    for i in range(m.labels):
        out.write(f"__label__l{i}".encode() + struct.pack("<xqb", 1000 // (i + 1), 1))
    for i in range(m.pruned):
        out.write(struct.pack("<ii", i * 3, i))
    rows = len(words) + (m.bucket if m.pruned < 0 else m.pruned)
    out.write(struct.pack("<?", m.quantised))
    out.write(_matrix(random, rows, m, m.quantised, m.normed))
    out.write(struct.pack("<?", m.output_quantised))
    out.write(_matrix(random, m.labels, m, m.output_quantised, False))
    return out.getvalue()


def _matrix(random: Any, rows: int, m: Made, quantised: bool, normed: bool) -> bytes:
    dim = m.dim
    if not quantised:
        return struct.pack("<qq", rows, dim) + random.normal(0, m.spread, rows * dim).astype("<f4").tobytes()
    parts = -(-dim // 4)  # of 4 numbers, the last of what is left
    codes = random.integers(0, 256, rows * parts).astype(np.uint8).tobytes()
    out = struct.pack("<?qqi", normed, rows, dim, rows * parts) + codes + _quantiser(random, m.spread, dim, parts, 4)
    if normed:
        out += random.integers(0, 256, rows).astype(np.uint8).tobytes() + _quantiser(random, m.spread, 1, 1, 1)
    return out


def _quantiser(random: Any, spread: float, dim: int, parts: int, step: int) -> bytes:
    centroids = random.normal(0, spread, dim * 256).astype("<f4").tobytes()
    return struct.pack("<iiii", dim, parts, step, dim - (parts - 1) * step) + centroids
