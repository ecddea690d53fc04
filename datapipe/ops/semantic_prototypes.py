"""Diversification: the documents nearest to the centres of their clusters, of which there are many alike, are dropped."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datapipe.core.columns import ADDR
from datapipe.core.operator import Filter, Global
from datapipe.core.vectors.centroids import Clustered, nearest
from datapipe.core.verdict import Verdict
from datapipe.kernels.hashing import BASE

STEPS = 1 << 20  # of a cosine from -1 to 1: those of one step go or stay together


class SemanticPrototypes(Clustered):
    """Drop the share `drop` of all documents whose vectors are nearest to their centroids, and no more, as `prototype`.

    SSL prototypes (Sorscher et al. 2022, arXiv:2206.14486) as the second half of D4 (Tirumala et al. 2023,
    arXiv:2308.12284, section 3.4), whose first is `semantic_dedup`, to stand before: what is left is clustered anew, and
    documents go in the order of their cosine with their centroid. Documents of the same cosine (to 2^-19) go together or
    stay. Documents without a vector stay.
    """

    name: ClassVar[str] = "semantic_prototypes"
    examples: ClassVar[tuple[dict[str, Any], ...]] = ({"embed": "trigrams", "drop": 0.3, "clusters": 2},)

    drop: float = Field(0.2, gt=0, lt=1, description="share of the documents that goes")

    def rounds(self) -> tuple[Global, ...]:
        """The sample, and the distances."""
        return (self, CentroidCosines.model_validate(self.model_dump()))

    def bind(self, artifact: pa.Table) -> Global:
        """The distances, with the centroids."""
        bound: Global = CentroidCosines.model_validate(self.model_dump()).holding(artifact)
        return bound


class CentroidCosines(SemanticPrototypes):
    """The second round: how near each document is to its centroid, and from where on documents go."""

    name: ClassVar[str] = ""

    def rounds(self) -> tuple[Global, ...]:
        """This one."""
        return (self,)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The cosine of each document that has a vector; of none before there are centroids."""
        address, cosine = batch.column(ADDR).to_numpy()[:0], np.zeros(0)
        if self._centroids is not None:
            vectors, rows = self.vectors(batch)
            address = batch.column(ADDR).to_numpy()[rows]
            cosine = nearest(vectors, self._centroids)[1] if len(rows) else cosine
        columns = {ADDR: pa.array(address, pa.uint64()), "key": pa.array(address * BASE, pa.uint64())}
        return pa.RecordBatch.from_pydict({**columns, "cosine": pa.array(cosine)})

    def reduce(self, part: pa.Table) -> pa.Table:
        """The cosines as they are: how far down `drop` reaches, all of them say."""
        return part.select([ADDR, "cosine"])

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The documents that go: all of the highest steps, while they are no more than the share."""
        batches = [batch for part in parts for batch in part.to_batches()]
        counts = np.zeros(STEPS + 1, np.int64)
        for batch in batches:
            counts += np.bincount(_step(batch), minlength=STEPS + 1)
        above = np.cumsum(counts[::-1])[::-1]  # documents of this step and of higher ones
        first = int(np.argmax(np.append(above, 0) <= self.drop * above[0]))
        gone = [batch.filter(pa.array(_step(batch) >= first)) for batch in batches]
        return pa.Table.from_batches(gone, parts[0].schema).sort_by(ADDR)

    def bind(self, artifact: pa.Table) -> Filter:  # type: ignore[override]
        """Drops the documents found."""
        found = Prototypes()
        found._address, found._cosine = artifact.column(ADDR).to_numpy(), artifact.column("cosine").to_numpy()
        return found


class Prototypes(Filter):
    """Drops the rows it was given."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _cosine: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        here = batch.column(ADDR).to_numpy()
        hit = np.isin(here, self._address)
        cosine = np.full(len(here), np.nan)
        cosine[hit] = self._cosine[np.searchsorted(self._address, here[hit])]
        return Verdict(len(here), {"prototype": hit}, {"cosine": cosine})


def _step(batch: pa.RecordBatch) -> np.ndarray:
    """In which of STEPS + 1 steps each cosine lies."""
    cosine = np.clip(batch.column("cosine").to_numpy(), -1.0, 1.0)
    return np.asarray(np.floor((cosine + 1.0) * (STEPS / 2)), np.int64)
