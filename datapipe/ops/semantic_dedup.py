"""Semantic de-duplication: of documents whose vectors are nearly parallel, one stays."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, PrivateAttr

from datapipe.core.columns import ADDR
from datapipe.core.dedup.preference import Order, Preference
from datapipe.core.operator import Filter, Global
from datapipe.core.vectors.centroids import Clustered, hashed, k_means, lengths, nearest, packed, products, unpacked
from datapipe.core.vectors.embedding import Vectors
from datapipe.core.verdict import Verdict

Int64s = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]

AT_ONCE = 512  # documents compared with all that stay before them
ROUGH = 4  # in a split: of how many documents one is asked where the parts lie


class SemanticDedup(Preference, Clustered):
    """Drop a document whose cosine with one that stays, in its cluster of vectors, is above 1 - `epsilon`.

    SemDeDup (Abbas et al. 2023, arXiv:2303.09540, section 3; facebookresearch/SemDeDup, semdedup.py): k-means, then all
    pairs in a cluster; the documents farthest from the centroid stay. There a document goes for any earlier one, here for
    one that stays, which the ledger names with the cosine: a chain of neighbours does not go as a whole. Two documents on
    both sides of a border between clusters are not compared, there as here. A cluster of more than `max_cluster`
    documents is split by k-means again, so that time grows as documents times `max_cluster`. Cosines are exact to 0.0003.

    Both rounds, the sample and the pairs, ask for the vectors; a slow model runs once if `embed` stands before, and `column`
    names what it wrote. For D4 (Tirumala et al. 2023, arXiv:2308.12284) let `semantic_prototypes` follow, which clusters
    what is left.
    """

    name: ClassVar[str] = "semantic_dedup"
    partition_by: ClassVar[str] = "key"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"embed": "trigrams", "epsilon": 0.2},
        {"embed": "trigrams", "clusters": 3, "keep": "longest", "max_cluster": 2},
    )

    # With wordllama on 2,812 near-copies of known origin, the twin is of the same origin for 99.8 % of those dropped at
    # 0.01, 98.6 % at 0.02, 89 % at 0.05, 74 % at 0.1.
    epsilon: float = Field(
        0.02,
        gt=0,
        lt=1,
        description="a cosine above 1 minus this makes two documents the same; it depends on the model",
    )
    keep: Literal["farthest", "nearest", "first", "longest"] | dict[str, Order] = Field(  # type: ignore[assignment]
        "farthest",
        description="which document stays: the farthest from the centroid (SemDeDup's `hard`), the nearest (`easy`), the "
        "one read first, the longest (in bytes), or {column: desc|asc}",
    )
    max_cluster: int = Field(20_000, ge=2, description="documents that are compared all with all, at most")

    def columns_read(self) -> tuple[str, ...]:
        """Text or vectors, the id, and the columns that decide."""
        return tuple(dict.fromkeys((*Clustered.columns_read(self), *self.deciding())))

    def check(self, schema: pa.Schema) -> str | None:
        """The columns of vectors and of `keep`."""
        return Clustered.check(self, schema) or Preference.check(self, schema)

    def rounds(self) -> tuple[Global, ...]:
        """The sample, and the pairs."""
        return (self, SemanticPairs.model_validate(self.model_dump()))

    def bind(self, artifact: pa.Table) -> Global:
        """The pairs, with the centroids."""
        bound: Global = SemanticPairs.model_validate(self.model_dump()).holding(artifact)
        return bound


class SemanticPairs(SemanticDedup):
    """The second round: the documents of a cluster meet, and those that go are named with the one that stays."""

    name: ClassVar[str] = ""

    def rounds(self) -> tuple[Global, ...]:
        """This one."""
        return (self,)

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Cluster, vector, preference and id of each document that has a vector; of none before there are centroids."""
        vectors, rows, of, cosine = (
            np.zeros((0, 0), np.int16),
            np.zeros(0, np.int64),
            np.zeros(0, np.int64),
            np.zeros(0),
        )
        if self._centroids is not None:
            vectors, rows = self.vectors(batch)
            if len(rows):
                of, cosine = nearest(vectors, self._centroids)
        here = batch.take(pa.array(rows))
        preference = self.preference(here)
        if self.keep in ("farthest", "nearest"):
            preference["rank"] = pa.array(-cosine if self.keep == "farthest" else cosine)
        columns = {ADDR: here.column(ADDR), "key": pa.array(_key(of)), "vector": packed(vectors), **preference}
        return pa.RecordBatch.from_pydict({**columns, "id": here.column("id").cast(pa.string())})

    def reduce(self, part: pa.Table) -> pa.Table:
        """The documents that go, each with the id of the one that stays and their cosine."""
        key = part.column("key").to_numpy()
        order = self.best_first(part, key)
        gone: list[Int64s] = [np.zeros(0, np.int64)]
        stays: list[Int64s] = [np.zeros(0, np.int64)]
        cosines: list[Numbers] = [np.zeros(0)]
        for cluster in np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(order) else []:
            rows = pa.array(cluster)
            held = part.column("tier").take(rows).to_numpy() < len(self.against)
            vectors = unpacked(part.column("vector").take(rows))
            for some in _split(vectors, self.max_cluster):
                twin, cosine = _pairs(vectors[some], held[some] if self.against else None, 1.0 - self.epsilon)
                found = np.flatnonzero(twin >= 0)
                gone.append(cluster[some[found]])
                stays.append(cluster[some[twin[found]]])
                cosines.append(cosine[found])
        columns = {ADDR: part.column(ADDR).take(pa.array(np.concatenate(gone)))}
        columns["duplicate_of"] = part.column("id").take(pa.array(np.concatenate(stays)))
        return pa.table({**columns, "cosine": pa.array(np.concatenate(cosines))})

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """All of them."""
        return pa.concat_tables(parts)

    def bind(self, artifact: pa.Table) -> Filter:  # type: ignore[override]
        """Drops the documents found."""
        found = SemanticDuplicates()
        found._address = artifact.column(ADDR).to_numpy()
        found._twin = artifact.column("duplicate_of").combine_chunks()
        found._cosine = artifact.column("cosine").to_numpy()
        return found


class SemanticDuplicates(Filter):
    """Drops the rows it was given, naming each one's kept twin and their cosine."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _twin: Any = PrivateAttr(default_factory=lambda: pa.array([], pa.string()))
    _cosine: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0))

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        here = batch.column(ADDR).to_numpy()
        hit = np.isin(here, self._address)
        at = np.searchsorted(self._address, here[hit])
        cosine = np.full(len(here), np.nan)
        cosine[hit] = self._cosine[at]
        places = np.zeros(len(here), np.int64)
        places[hit] = at
        twins = self._twin.take(pa.array(places, mask=~hit)) if hit.any() else pa.nulls(len(here), pa.string())
        return Verdict(len(here), {"semantic_duplicate": hit}, {"cosine": cosine}, duplicate_of=twins)


def _key(cluster: Int64s) -> npt.NDArray[np.uint64]:
    """A number of 64 even bits for each cluster."""
    return hashed(pa.array([str(number) for number in cluster.tolist()], pa.string()))


def _split(vectors: Vectors, most: int) -> list[Int64s]:
    """Rows in groups of at most `most`, the order kept in each; a group of one direction alone is left as it is."""
    whole = np.arange(len(vectors))
    pending, done = [whole], []
    while pending:
        rows = pending.pop()
        if len(rows) <= most:
            done.append(rows)
            continue
        parts = -(-len(rows) // most) * 2
        of, _ = nearest(vectors[rows], k_means(vectors[rows[:: max(1, min(ROUGH, len(rows) // parts))]], parts))
        groups = [rows[of == part] for part in np.unique(of)]
        if len(groups) == 1:
            done.append(rows)
        else:
            pending += groups
    return done


def _pairs(vectors: Vectors, held: npt.NDArray[np.bool_] | None, least: float) -> tuple[Int64s, Numbers]:
    """For each vector, the best first: the one that stays and is nearest of those with a cosine above `least`, else -1.

    held  where given, those stay and the others are compared with them alone
    """
    norms = lengths(vectors)
    twin, cosine = np.full(len(vectors), -1, np.int64), np.zeros(len(vectors))
    stays = np.flatnonzero(held) if held is not None else np.zeros(0, np.int64)
    for start in range(0, len(vectors), AT_ONCE):
        rows = np.arange(start, min(start + AT_ONCE, len(vectors)))
        if held is not None:
            rows = rows[~held[rows]]
        if len(stays) and len(rows):
            values = products(vectors[rows], vectors[stays]) / norms[stays]
            best = np.argmax(values, axis=1)
            cosine[rows] = values[np.arange(len(rows)), best] / norms[rows]
            near = cosine[rows] > least
            twin[rows[near]] = stays[best[near]]
            rows = rows[~near]
        if held is not None or not len(rows):
            continue
        near_each = products(vectors[rows], vectors[rows]) / norms[rows] / norms[rows, None]
        alive = np.ones(len(rows), np.bool_)
        for i in np.flatnonzero((near_each > least).sum(axis=1) > 1):
            earlier = np.flatnonzero(alive[:i] & (near_each[i, :i] > least))
            if len(earlier):
                best_one = earlier[np.argmax(near_each[i, earlier])]
                twin[rows[i]], cosine[rows[i]] = rows[best_one], near_each[i, best_one]
                alive[i] = False
        stays = np.concatenate([stays, rows[alive]])
    return twin, cosine
