"""A plugin for `dedup_scale.py`: documents that are only numbers, and minhash_dedup over band keys with planted clusters.

Half of the documents stand alone; the others are in clusters of 2 to 1,000, a tile of 10,000 documents like the next
one, and the first `giant` of all are one cluster. Numbers are scattered over the clusters, so that each has rows in
most shards. A document has the key of its cluster in 0.6 of its bands, by chance, else one of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR
from datapipe.core.reader import Chunk, Piece, Reader
from datapipe.ops.minhash_dedup import MinhashDedup

TILE = 10_000
SIZES = np.array([1000, 500, 500, *[100] * 5, *[20] * 25, *[10] * 50, *[5] * 200, *[2] * 500])
SIZES = np.concatenate([SIZES, np.ones(TILE - SIZES.sum(), np.int64)])
PLACES = np.repeat(np.arange(len(SIZES)), SIZES)  # the cluster of each place of a tile
SCATTER = 1_000_000_007  # a prime: multiplied by it, modulo any smaller number, every document gets another place
SHARED = 0.6
CHUNK = 1 << 14

UInt64s = npt.NDArray[np.uint64]


def mixed(*values: UInt64s | int) -> UInt64s:
    """A hash of numbers."""
    h = np.uint64(0)
    for value in values:
        h = (h ^ np.asarray(value, np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB), (31, 1)):
            h = (h ^ (h >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(h)


def clusters(numbers: npt.NDArray[np.int64], documents: int, giant: int) -> UInt64s:
    """The cluster that each document was planted in."""
    place = numbers * SCATTER % documents
    tile, within = np.divmod(place - giant, TILE)
    return np.where(place < giant, 0, 1 + tile * len(SIZES) + PLACES[within]).astype(np.uint64)


def band_keys(
    numbers: npt.NDArray[np.int64], documents: int, giant: int, bands: int, shared: float = SHARED
) -> UInt64s:
    """A row of band keys for each document."""
    cluster = clusters(numbers, documents, giant)
    own = np.uint64(1 << 63) + numbers.astype(np.uint64)
    keys = np.empty((len(numbers), bands), np.uint64)
    for band in range(bands):
        shares = mixed(own, band) >> np.uint64(11) < np.uint64(shared * 2**53)
        keys[:, band] = mixed(np.where(shares, cluster, own), band)
    return keys


class Planted(Reader):
    """`read: {planted: x, documents: 1000000}`: so many rows whose text is their number."""

    name: ClassVar[str] = "planted"

    documents: int
    shard: int = 30_000

    def pieces(self, target: int) -> list[Piece]:
        """A shard each."""
        starts = range(0, self.documents, self.shard)
        return [Piece("planted", target, "1", at, min(at + self.shard, self.documents)) for at in starts]

    def read(self, piece: Piece) -> Iterator[Chunk]:
        """Numbers."""
        assert piece.end is not None
        for at in range(piece.start, piece.end, CHUNK):
            n = min(CHUNK, piece.end - at)
            numbers = pc.cast(pa.array(range(at, at + n)), pa.string())
            columns = {"id": numbers, "text": numbers.cast(pa.large_string())}
            rows = [columns.get(field.name, pa.nulls(n, field.type)) for field in self.row_schema()]
            yield Chunk(pa.RecordBatch.from_arrays(rows, schema=self.row_schema()), n, np.arange(n))


class PlantedDedup(MinhashDedup):
    """minhash_dedup whose band keys come from the document's number."""

    name: ClassVar[str] = "planted_dedup"

    documents: int = 1
    giant: int = 0
    shared: float = SHARED

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A row a band."""
        numbers = pc.cast(batch.column("text"), pa.int64()).to_numpy()
        keys = band_keys(numbers, self.documents, self.giant, self.bands, self.shared)
        address = np.repeat(batch.column(ADDR).to_numpy(), self.bands)
        return pa.RecordBatch.from_pydict({ADDR: pa.array(address), "key": pa.array(keys.ravel())})
