"""Clusters of vectors: a sample of the corpus gives the centroids, by spherical k-means in exact numbers."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash
from pydantic import Field, PrivateAttr

from datapipe.core.columns import ADDR
from datapipe.core.operator import Global
from datapipe.core.vectors.embedding import UNIT, Embedded, Vectors

Int64s = npt.NDArray[np.int64]

CLUSTER_ROWS = (
    2000  # of a cluster where none is asked for: comparing all with all is then 1 MFLOP a document of 256 parts
)
POINTS = 40  # of the sample a centroid, at least (faiss warns below 39)
ITERATIONS = 20
FINER = 16  # means of vectors are kept in steps so much finer than they, in whole numbers still
BLOCK = 1024  # vectors compared at once


class Clustered(Embedded, Global):
    """A question whose first round draws a sample, by the hash of the id, and makes centroids of it."""

    partition_by: ClassVar[str] = "key"

    clusters: int | None = Field(
        None, ge=1, description="centroids of k-means; null: one for 2,000 documents, at most one for 40 of the sample"
    )
    sample: int = Field(
        100_000, ge=1, description="documents of which the centroids are made: those of the least hashed ids"
    )

    _centroids: Vectors | None = PrivateAttr(None)

    def columns_read(self) -> tuple[str, ...]:
        """The id, too."""
        return tuple(dict.fromkeys((*super().columns_read(), "id")))

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Hashed ids and vectors of the rows of this batch that may be in the sample."""
        vectors, rows = self.vectors(batch)
        key = hashed(batch.column("id").take(pa.array(rows)))
        least = np.sort(np.argsort(key, kind="stable")[: self.sample])
        columns = {ADDR: batch.column(ADDR).take(pa.array(rows[least])), "key": pa.array(key[least])}
        return pa.RecordBatch.from_pydict({**columns, "vector": packed(vectors[least])})

    def reduce(self, part: pa.Table) -> pa.Table:
        """The least of this partition, and how many there were in the sketch."""
        return part.slice(0, self.sample).select(["key", "vector"])

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The centroids, a row each."""
        chosen = pa.concat_tables(parts).sort_by("key").slice(0, self.sample)
        vectors = unpacked(chosen.column("vector"))
        clusters = self.clusters or self._clusters(chosen.column("key").to_numpy())
        return pa.table({"centroid": packed(k_means(vectors, min(clusters, len(vectors))))})

    def _clusters(self, keys: npt.NDArray[np.uint64]) -> int:
        """One for CLUSTER_ROWS documents, of which there are as many as the greatest hash of the sample lets expect."""
        rows = len(keys) if len(keys) < self.sample else int(len(keys) * 2.0**64 / float(keys[-1]))
        return max(1, min(rows // CLUSTER_ROWS, self.sample // POINTS))

    def holding(self, artifact: pa.Table) -> Self:
        """This question with the centroids bound to it."""
        bound = self.model_copy()
        bound._centroids = unpacked(artifact.column("centroid"))
        return bound


def hashed(ids: pa.Array) -> npt.NDArray[np.uint64]:
    """64 bits of each id."""
    return np.array([xxhash.xxh3_64_intdigest((i or "").encode()) for i in ids.to_pylist()], np.uint64)


def packed(vectors: Vectors) -> pa.Array:
    """As binaries, which Arrow sorts and copies as they are."""
    size = vectors.shape[1] * vectors.itemsize
    offsets = np.arange(len(vectors) + 1, dtype=np.int64) * size
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(vectors))]
    return pa.Array.from_buffers(pa.large_binary(), len(vectors), buffers)


def unpacked(column: pa.Array | pa.ChunkedArray) -> Vectors:
    """The vectors of a column that `packed` made."""
    if isinstance(column, pa.ChunkedArray):
        column = column.combine_chunks()
    if not len(column):
        return np.zeros((0, 0), np.int16)
    offsets = np.frombuffer(column.buffers()[1], np.int64, len(column) + 1, column.offset * 8)
    values = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    return values.view(np.int16).reshape(len(column), -1)


def products(left: Vectors, right: Vectors) -> npt.NDArray[np.float32]:
    """Of each with each, exact: see `core/vectors/embedding.py`."""
    result: npt.NDArray[np.float32] = left.astype(np.float32) @ right.astype(np.float32).T
    return result


def nearest(vectors: Vectors, centroids: Vectors) -> tuple[Int64s, npt.NDArray[np.float64]]:
    """The centroid of the greatest cosine with each vector, the first of equals, and that cosine."""
    found, cosine = np.zeros(len(vectors), np.int64), np.zeros(len(vectors))
    norms = lengths(centroids)
    for start in range(0, len(vectors), BLOCK):
        part = slice(start, start + BLOCK)
        values = products(vectors[part], centroids) / norms
        found[part] = np.argmax(values, axis=1)
        cosine[part] = values[np.arange(len(values)), found[part]]
    cosine /= lengths(vectors)
    return found, cosine


def lengths(vectors: Vectors) -> npt.NDArray[np.float64]:
    """Euclidean; not quite UNIT, for the parts are rounded."""
    return np.asarray(np.sqrt(np.einsum("ij,ij->i", vectors, vectors, dtype=np.int64).astype(np.float64)))


def k_means(vectors: Vectors, clusters: int) -> Vectors:
    """Centroids by Lloyd's iterations from the first vectors, by cosine; the same on any machine: all sums are whole numbers.

    Libraries add up floating-point numbers in the order of their threads, and a vector between two centroids would go
    one way or the other.
    """
    centroids = vectors[:clusters]
    for _ in range(ITERATIONS if 1 < clusters < len(vectors) else 1):
        of, _ = nearest(vectors, centroids)
        order = np.argsort(of, kind="stable")
        used, first, count = np.unique(of[order], return_index=True, return_counts=True)
        if not len(used):
            break
        means = np.add.reduceat(vectors[order], first, axis=0, dtype=np.int64) / count[:, None]
        means = np.rint(means * FINER).astype(np.int64)
        norms = np.sqrt(np.sum(means * means, axis=1))
        moved = centroids.copy()
        moved[used[norms > 0]] = np.rint(means[norms > 0] / norms[norms > 0, None] * UNIT)
        if (moved == centroids).all():
            break
        centroids = moved
    return centroids
