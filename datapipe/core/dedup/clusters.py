"""From candidate pairs to clusters of near-duplicates: who is alike, who of them stays, who is dropped for whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr

from datapipe.core.columns import ADDR, SHARD_SHIFT
from datapipe.core.dedup.preference import Order, Preference
from datapipe.core.dedup.shingling import Shingled, sets_of
from datapipe.core.keys import begins, locate, splitmix
from datapipe.core.operator import Filter
from datapipe.core.verdict import Verdict
from datapipe.kernels.similar import join_similar, similarities

SIZE = "cluster_size"
CANDIDATES = pa.schema([(ADDR, pa.uint64()), ("cluster", pa.uint64())])


class Clustered(Shingled, Preference):
    """What finding candidates and judging them have in common: shingles, preference, verification."""

    keep: Literal["first", "longest"] | dict[str, Order] = Field(
        "longest",
        description="which document of a cluster stays: the longest (in bytes), the one read first, or {column: desc|asc}; "
        "ties: the first",
    )
    verify: bool = Field(
        False, description="compare the shingles of candidates (exact Jaccard), join those of `verify_threshold` only"
    )
    verify_threshold: float = Field(
        0.7,
        gt=0,
        le=1,
        description="with `verify`: least Jaccard similarity of two that are joined; where there is a `threshold`, that one",
    )
    cluster_size: bool = Field(
        True,
        description="give every kept row the column cluster_size: how many documents it stands for, itself included",
    )

    def columns_read(self) -> tuple[str, ...]:
        """What shingles are made of, id, and what decides who stays."""
        return tuple(dict.fromkeys((*super().columns_read(), "id", *self.deciding())))

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The size of clusters, where there are clusters: `against` compares pairs."""
        return {SIZE: pa.int64()} if self.cluster_size and not self.against else {}


class Clusters(Clustered):
    """The second round: candidates by cluster, verified if asked, become answers about rows.

    Bound to CANDIDATES of a shard: `cluster` is the address of the row that a row's cluster is named by (with `against`:
    of a row it is compared with, and there may be several); `of`, if there, the document of an index it is like. With
    `verify` the sketch has the shingles of candidates, 4 bytes each; rows are compared with all of their cluster, not only
    those they share a band with, up to the bound of kernels/similar.py.
    """

    partition_by: ClassVar[str] = "key"

    _candidates: pa.Table | None = PrivateAttr(None)

    def hold(self, candidates: pa.Table) -> Self:
        """Bind the candidates of a shard, sorted by address."""
        if self.against:  # a pair that shares several bands
            candidates = candidates.group_by(CANDIDATES.names).aggregate([]).select(CANDIDATES.names)
            candidates = candidates.sort_by([(ADDR, "ascending"), ("cluster", "ascending")])
        bound = self.model_copy()
        bound._candidates = candidates
        return bound

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The candidates among these rows: cluster, id, preference, and with `verify` the set of shingles."""
        address = batch.column(ADDR).to_numpy()
        found = CANDIDATES.empty_table() if self._candidates is None else self._candidates
        order = np.argsort(address, kind="stable")
        known = found.column(ADDR).to_numpy()
        start, stop = np.searchsorted(known, (address.min(), address.max() + 1)) if len(address) else (0, 0)
        at = np.searchsorted(address, known[start:stop], sorter=order)
        here = address[order[at]] == known[start:stop] if stop > start else np.zeros(0, np.bool_)
        found = found.slice(start, stop - start).filter(pa.array(here)).combine_chunks()
        rows, which = np.unique(order[at[here]] if stop > start else np.zeros(0, np.int64), return_inverse=True)
        asked = batch.take(pa.array(rows))
        columns: dict[str, Any] = {name: found.column(name).combine_chunks() for name in CANDIDATES.names}
        named = "of" in found.schema.names
        columns["of"] = found.column("of").combine_chunks() if named else pa.nulls(found.num_rows, pa.string())
        columns["key"] = pa.array(splitmix(found.column("cluster").to_numpy()))
        of_rows = {"id": asked.column("id").cast(pa.string()), **self.preference(asked)}
        if self.verify:
            sets = sets_of(self.shingles(asked))
            lists = pa.LargeListArray.from_arrays(pa.array(sets.offsets), pa.array(sets.values))
            of_rows |= {"digest": pa.array(sets.digest), "shingles": lists}
        return pa.RecordBatch.from_pydict(columns | {k: v.take(pa.array(which)) for k, v in of_rows.items()})

    def reduce(self, part: pa.Table) -> pa.Table:
        """Cluster, its size and the kept twin's id (null: this one stays) of every row that has one alike."""
        address, cluster, tier = (part.column(name).to_numpy() for name in (ADDR, "cluster", "tier"))
        sets = _Sets(part) if self.verify else None
        if sets and not self.against:
            joined = sets.joined(cluster, self.verify_threshold)
            least = np.full(part.num_rows, np.iinfo(np.uint64).max)
            np.minimum.at(least, joined, address)
            cluster = least[joined]
        order = self.best_first(part, cluster)
        gone, first = self.dropped(begins(cluster[order]), tier[order])
        likeness = np.full(len(order), np.nan)
        if sets:
            likeness[gone] = sets.similarities(order[gone], order[first[gone]])
            if self.against:
                gone &= likeness >= self.verify_threshold
        sizes = np.bincount(first, minlength=len(order))[first]
        of = part.column("of").combine_chunks().take(pa.array(order))
        held = _firsts(first, of.is_valid().to_numpy(zero_copy_only=False))
        gone |= held >= 0  # the whole cluster is like a document that an index holds
        told = gone if self.against else gone | (sizes > 1)
        names = part.column("id").combine_chunks().take(pa.array(order[first], mask=~gone | (held >= 0)))
        names = pc.coalesce(names, of.take(pa.array(held, mask=held < 0)))
        answer = {
            ADDR: pa.array(address[order]),
            "duplicate_of": names,
            "cluster": pa.array(cluster[order]),
            SIZE: pa.array(sizes),
            "similarity": pa.array(likeness, mask=np.isnan(likeness)),
        }
        return pa.table(answer).filter(pa.array(told))

    def bind(self, artifact: pa.Table) -> Filter:
        """Drops the rows that have a twin which stays."""
        found = NearDuplicates(size=bool(self.columns_written()), clusters=not self.against, verified=self.verify)
        if self.against:  # the twin read first, of those a row has
            artifact = artifact.sort_by([(ADDR, "ascending"), ("cluster", "ascending")])
        found._answer = artifact.combine_chunks()
        found._address = found._answer.column(ADDR).to_numpy()
        return found


def _firsts(first: npt.NDArray[np.int64], valid: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """For each row the first valid one of its group, which begins at `first`; -1 where there is none."""
    found = np.full(len(first), -1)
    at = np.flatnonzero(valid)[::-1]
    found[first[at]] = at  # the last one written is the first one of the group
    return np.asarray(found[first])


class _Sets:
    """The sets of shingles of a partition's rows."""

    def __init__(self, part: pa.Table) -> None:
        self._size = part.num_rows
        lists = part.column("shingles").combine_chunks()
        offsets, values = lists.offsets.to_numpy(), lists.values.to_numpy()
        self._sets = np.array(offsets), np.array(values), np.array(part.column("digest").to_numpy())

    def joined(self, cluster: npt.NDArray[np.uint64], threshold: float) -> npt.NDArray[np.uint32]:
        """For each row one row of those it is joined to."""
        offsets, _, digest = self._sets
        order = np.lexsort((digest, np.diff(offsets), cluster))
        return np.asarray(join_similar(order, np.array(cluster, np.int64), *self._sets, threshold))

    def similarities(self, a: npt.NDArray[np.int64], b: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """The exact Jaccard similarity of pairs of rows."""
        return np.asarray(similarities(a, b, *self._sets))


class NearDuplicates(Filter):
    """Drops the rows it was told of, naming each one's kept twin; tells the others how large their cluster is."""

    reads: ClassVar[tuple[str, ...]] = (ADDR,)

    size: bool
    clusters: bool
    verified: bool

    _address: np.ndarray = PrivateAttr(default_factory=lambda: np.zeros(0, np.uint64))
    _answer: Any = PrivateAttr(None)

    def columns_written(self) -> Mapping[str, pa.DataType]:
        """The size of clusters."""
        return {SIZE: pa.int64()} if self.size else {}

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """A binary search a row in the sorted addresses of its shard."""
        here = batch.column(ADDR).to_numpy()
        at, hit = locate(self._address, here)
        answer = self._answer.take(pa.array(at, mask=~hit)).combine_chunks()
        twins = answer.column("duplicate_of").combine_chunks()
        sizes = pc.fill_null(answer.column(SIZE).combine_chunks(), 1)
        scores = {}
        if self.clusters:
            scores = {"cluster": _named(answer.column("cluster")), SIZE: sizes.to_numpy().astype(np.float64)}
        if self.verified:
            scores["similarity"] = _numbers(answer.column("similarity"))
        gone = twins.is_valid().to_numpy(zero_copy_only=False)
        return Verdict(
            batch.num_rows, {"duplicate": gone}, scores, {SIZE: sizes} if self.size else {}, duplicate_of=twins
        )


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """With NaN where there is none."""
    return np.asarray(column.to_numpy(), np.float64)


def _named(clusters: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """The address of a cluster's first row in the 53 bits of a score: shard * 2^32 + row, for two million shards.

    Rows made by an Expand have more bits; these go where 16 million rows of a shard have none.
    """
    address = pc.fill_null(clusters, 0).to_numpy()
    row = address & np.uint64((1 << SHARD_SHIFT) - 1)
    low = (row & np.uint64(0xFFFFFFFF)) ^ (row >> np.uint64(32) << np.uint64(24))
    names: npt.NDArray[np.float64] = ((address >> np.uint64(SHARD_SHIFT) << np.uint64(32)) + low).astype(np.float64)
    names[clusters.is_null().to_numpy()] = np.nan
    return names
