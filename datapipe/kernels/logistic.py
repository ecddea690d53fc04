"""A logistic regression over sparse rows: features of hashed n-grams, products for its training, and scores."""

import math

import numpy as np
import numpy.typing as npt

from datapipe.kernels.jit import kernel

Int64s = npt.NDArray[np.int64]
Buckets = npt.NDArray[np.int32]
Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]


@kernel
def features(ends: Int64s, buckets: Buckets, size: int, unit: bool) -> tuple[Int64s, Buckets, Floats]:
    """Each document's distinct buckets of `size`, in the order they come, with their counts: `(ends, buckets, values)`.

    unit  counts are divided by their Euclidean norm
    """
    stops = np.zeros(len(ends), np.int64)
    found = np.empty(len(buckets), np.int32)
    values = np.empty(len(buckets), np.float32)
    place = np.full(size, -1, np.int64)
    n = 0
    for d in range(len(ends) - 1):
        first = n
        for i in range(ends[d], ends[d + 1]):
            b = buckets[i]
            if place[b] < first:  # not seen in this document
                place[b] = n
                found[n] = b
                values[n] = 0
                n += 1
            values[place[b]] += np.float32(1)
        stops[d + 1] = n
        if unit:
            squares = 0.0
            for i in range(first, n):
                squares += np.float64(values[i]) * values[i]
            for i in range(first, n):
                values[i] = np.float32(values[i] / math.sqrt(squares))
    return stops, found[:n].copy(), values[:n].copy()


@kernel
def products(ends: Int64s, buckets: Buckets, values: Floats, vector: Doubles, out: Doubles) -> None:
    """Each row times the vector, whose last number is added: out = X v + v[-1]."""
    for d in range(len(out)):
        total = vector[-1]
        for i in range(ends[d], ends[d + 1]):
            total += values[i] * vector[buckets[i]]
        out[d] = total


@kernel
def column_sums(ends: Int64s, buckets: Buckets, values: Floats, rows: Doubles, squared: bool, out: Doubles) -> None:
    """The columns times a number for each row, and the sum of these numbers last: out = (Xᵀ r, Σ r); or of X squared."""
    out[:] = 0.0
    for d in range(len(rows)):
        r = rows[d]
        out[-1] += r
        for i in range(ends[d], ends[d + 1]):
            value = np.float64(values[i])
            out[buckets[i]] += r * (value * value if squared else value)


@kernel
def chances_of(ends: Int64s, buckets: Buckets, weights: Floats, intercepts: Doubles, unit: bool) -> Doubles:
    """The chance of each label, a column each; NaN for a document without n-grams.

    weights  of each bucket, a column a label. Sums are made in the order of the n-grams: the same whatever stands beside.
    """
    labels = len(intercepts)
    out = np.empty((len(ends) - 1, labels), np.float64)
    counts = np.zeros(len(weights) if unit else 1, np.int32)
    for d in range(len(out)):
        first = ends[d]
        stop = ends[d + 1]
        if first == stop:
            for label in range(labels):
                out[d, label] = np.nan
            continue
        squares = 0
        if unit:
            for i in range(first, stop):
                seen = counts[buckets[i]]
                squares += 2 * seen + 1
                counts[buckets[i]] = seen + 1
            for i in range(first, stop):
                counts[buckets[i]] = 0
        scale = 1 / math.sqrt(squares) if unit else 1.0
        for label in range(labels):
            total = 0.0
            for i in range(first, stop):
                total += np.float64(weights[buckets[i], label])
            out[d, label] = 1 / (1 + math.exp(-min(max(total * scale + intercepts[label], -700.0), 700.0)))
    return out
