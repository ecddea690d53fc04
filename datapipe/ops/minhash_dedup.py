"""Near de-duplication: documents with most of their n-grams in common are one cluster, of which one stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, model_validator

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.dedup.banding import plan_bands, s_curve
from datapipe.core.dedup.clusters import CANDIDATES, SIZE, Clustered, Clusters
from datapipe.core.dedup.components import connected_components
from datapipe.core.dedup.preference import HELD
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.dedup.shingling import Shingled, Shingles
from datapipe.core.keys import begins, locate
from datapipe.core.operator import Global
from datapipe.kernels.minhash import band_keys, minhash, permutations

Nodes = npt.NDArray[np.uint64]

COMPARED = 8  # rows of `against` in a bucket with which a row is compared; the others are near-duplicates of these


class MinhashDedup(Clustered, Remembering):
    """Keep one document of every cluster of near-duplicates (MinHash and banding, Broder 1997); the others are `duplicate`.

    Documents that agree in all values of a band are candidates; candidates of candidates are one cluster. The signature
    is datasketch 2.0's (`affine32`, seed 1) of 32-bit shingle hashes. Documents of at most one shingle are candidates
    where they are equal (64 bits); those without a word are kept. With `against`, rows are compared with those datasets
    alone, and are dropped only for a row they share a band with. An index remembers bands: no document stays of a cluster
    that shares one with it; two clusters of earlier runs that a later document joins keep a document each. Scores:
    `cluster`, a number that names it; `cluster_size`; with `verify` the exact `similarity` to the twin that stays.
    Defaults: FineWeb's 14 bands of 8 over 5 words, here with digits and accents told apart.
    """

    name: ClassVar[str] = "minhash_dedup"
    partition_by: ClassVar[str] = "key"
    same: ClassVar[tuple[str, ...]] = ("key",)
    reads: ClassVar[tuple[str, ...]] = ("text", "id")
    writes: ClassVar[Mapping[str, pa.DataType]] = {SIZE: pa.int64()}
    examples: ClassVar[tuple[Mapping[str, Any], ...]] = (
        {},
        {"verify": True, "keep": "first"},
        {"threshold": 0.8, "unit": "chars", "ngram": 9, "ignore": ["case"], "cluster_size": False},
        {"against": ["web"], "verify": True},
    )

    bands: int = Field(14, ge=1, le=1024, description="bands: more find pairs that are less alike")
    rows: int = Field(8, ge=1, le=256, description="MinHash values a band: more find fewer pairs that are not alike")
    threshold: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="instead of bands and rows: the Jaccard similarity from which pairs are to be found; both are "
        "planned for it (as datasketch plans them), within `permutations`",
    )
    permutations: int | None = Field(
        None, ge=1, le=4096, description="MinHash values that are drawn (datasketch's num_perm); 128 with `threshold`, "
        "else bands x rows"
    )  # fmt: skip

    _memory: int = PrivateAttr(2_000_000_000)

    @model_validator(mode="before")
    @classmethod
    def _planned(cls, values: Any) -> Any:
        if not isinstance(values, dict) or not isinstance(values.get("threshold"), int | float):
            return values
        threshold, drawn = float(values["threshold"]), values.get("permutations") or 128
        if not 0 < threshold < 1 or not isinstance(drawn, int) or not 0 < drawn <= 4096:
            return values
        bands, rows = plan_bands(threshold, drawn)
        if values.get("bands", bands) != bands or values.get("rows", rows) != rows:
            raise ValueError(
                f"threshold plans {bands} bands of {rows} rows: leave bands and rows out, or the threshold"
            )
        planned = {"bands": bands, "rows": rows, "permutations": drawn, "verify_threshold": threshold}
        return {**planned, **values}

    @model_validator(mode="after")
    def _drawn(self) -> MinhashDedup:
        if self.permutations is not None and self.bands * self.rows > self.permutations:
            need = f"{self.bands} bands of {self.rows} rows need {self.bands * self.rows}"
            raise ValueError(f"permutations: {self.permutations} are drawn, {need}; leave permutations out")
        return self

    @model_validator(mode="after")
    def _remembered(self) -> MinhashDedup:
        for name in ("verify", "against"):
            if self.index is not None and getattr(self, name):
                raise ValueError(f"an index remembers bands, neither texts nor datasets: leave out index, or {name}")
        return self

    def keyed_by(self) -> dict[str, Any]:
        """What shingles and bands are made of."""
        return self.model_dump(mode="json", include={*Shingled.model_fields, "bands", "rows", "permutations"})

    def setup(self, ctx: Context) -> None:
        """Learn how much memory the union-find may take: a quarter of a task's; the pairs are mapped beside it."""
        super().setup(ctx)
        self._memory = ctx.memory

    def rounds(self) -> tuple[Global, ...]:
        """Candidates by bands; then who of them stays."""
        return self, Clusters(**{name: getattr(self, name) for name in Clusters.model_fields})

    def remarks(self) -> tuple[str, ...]:
        """The S-curve."""
        return s_curve(self.bands, self.rows)

    def signatures(self, shingles: Shingles) -> npt.NDArray[np.uint32]:
        """The MinHash values of each row, all ones where it has no shingle."""
        count = self.bands * self.rows
        factors, summands = permutations(self.permutations or count)
        found = np.empty((len(shingles.short), count), np.uint32)
        minhash(shingles.offsets, shingles.values, factors[:count], summands[:count], found)
        return found

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """A row a band: its key; of a document of at most one shingle one row, of an empty one none."""
        shingles = self.shingles(batch)
        banded, whole = np.flatnonzero(np.diff(shingles.offsets)), np.flatnonzero(shingles.short)
        keys = np.empty((batch.num_rows, self.bands), np.uint64)
        band_keys(self.signatures(shingles), self.rows, keys)
        rows = np.concatenate([np.repeat(banded, self.bands), whole])
        columns = {
            ADDR: batch.column(ADDR).take(pa.array(rows)),
            "key": pa.array(np.concatenate([keys[banded].ravel(), shingles.short[whole]])),
        }
        if self.against or self.index is not None:
            columns |= {name: values.take(pa.array(rows)) for name, values in self.preference(batch).items()}
        if self.index is not None:
            columns["id"] = batch.column("id").take(pa.array(rows)).cast(pa.string())
        return pa.RecordBatch.from_pydict(columns)

    def reduce(self, part: pa.Table) -> pa.Table:
        """Pairs of addresses in one bucket: the first with each other one, never all with all.

        With `against`: each row with the first rows of those datasets, as candidates, and those rows with themselves. With
        an index: of a bucket that it knows, the first row with itself, and the document that the index holds.
        """
        if self.against:
            return self._compared(part)
        held = part.column("tier").to_numpy() == HELD if self.index is not None else np.zeros(part.num_rows, np.bool_)
        known = part.filter(pa.array(held))
        part = part.filter(pa.array(~held)) if known.num_rows else part
        address, key = part.column(ADDR).to_numpy(), part.column("key").to_numpy()
        new = begins(key)
        first = address[np.maximum.accumulate(np.where(new, np.arange(len(key)), 0))]
        pairs = pa.table({"a": first[~new], "b": address[~new]})
        if self.index is None:
            return pairs
        pairs = pairs.append_column("of", pa.nulls(pairs.num_rows, pa.string()))
        at, hit = locate(known.column("key").to_numpy(), key[new])
        heads = address[new][hit]
        names = known.column("id").combine_chunks().take(pa.array(at[hit]))
        return pa.concat_tables([pairs, pa.table({"a": heads, "b": heads, "of": names})])

    def _compared(self, part: pa.Table) -> pa.Table:
        """Candidates of `against`."""
        address, key = part.column(ADDR).to_numpy(), part.column("key").to_numpy()
        new = begins(key)
        held = part.column("tier").to_numpy() < len(self.against)
        bucket = np.cumsum(new) - 1
        place = np.flatnonzero(held)
        counts = np.bincount(bucket[place], minlength=int(new.sum()))
        starts = np.cumsum(counts) - counts
        asking = np.flatnonzero(~held)
        pairs: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]] = []
        for nth in range(COMPARED if self.verify else 1):
            some = asking[counts[bucket[asking]] > nth]
            pairs.append((address[some], address[place[starts[bucket[some]] + nth]]))
        rows, clusters = (np.concatenate(ends) for ends in zip(*pairs, strict=True))
        named = np.sort(clusters)
        named = named[np.diff(named, prepend=~named[:1]) != 0]
        rows, clusters = np.concatenate([rows, named]), np.concatenate([clusters, named])
        return _candidates(rows, clusters)

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The connected components of all pairs, named by their least address."""
        if self.against:
            return super().combine(parts)
        nodes, roots = connected_components(_pairs(parts), self._memory // 4)
        return _candidates(nodes, roots, _held(parts, nodes) if self.index is not None else None)

    def bind(self, artifact: pa.Table) -> Clusters:
        """The second round's question."""
        clusters = self.rounds()[1]
        assert isinstance(clusters, Clusters)
        return clusters.hold(artifact)


def _candidates(rows: Nodes, clusters: Nodes, of: pa.Array | None = None) -> pa.Table:
    found = pa.table([pa.array(rows), pa.array(clusters)], schema=CANDIDATES)
    return found if of is None else found.append_column("of", of)


def _held(parts: list[pa.Table], nodes: Nodes) -> pa.Array:
    """The document of an index that each node is like; of several the least id."""
    named = pa.concat_tables([part.select(["a", "of"]).filter(pc.field("of").is_valid()) for part in parts])
    named = named.group_by("a", use_threads=False).aggregate([("of", "min")]).sort_by("a")
    at, hit = locate(named.column("a").to_numpy(), nodes)
    return named.column("of_min").combine_chunks().take(pa.array(at, mask=~hit))


def _pairs(parts: list[pa.Table]) -> Iterator[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]]:
    for part in parts:
        for batch in part.to_batches():
            yield batch.column("a").to_numpy(), batch.column("b").to_numpy()
