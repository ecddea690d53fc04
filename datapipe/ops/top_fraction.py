"""The best of the corpus by any score: a fraction of its documents, or of their bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import ceil
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, PrivateAttr, field_validator

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.operator import Filter, Global
from datapipe.core.quota import Rows, last_within
from datapipe.core.ranks import Keys, Numbers, numbers_of, ranks_of
from datapipe.core.seeds import hashes
from datapipe.core.verdict import Verdict
from datapipe.kernels.hashing import BASE

ANSWER = pa.schema({"group": pa.string(), "rank": pa.uint64(), "tie": pa.uint64(), "threshold": pa.float64()})
BETWEEN = "\x1f"  # two columns of a group
NAMED = 1000  # groups whose thresholds the manifest holds


class TopFraction(Global):
    """Keep the documents with the greatest scores of the corpus, or of each group: exactly a fraction of them.

    From the greatest score on, a document stays while those before it are less than the fraction of the group's documents
    (or of its bytes of text): of n documents the smallest number that is at least fraction * n. Equal scores stand in the
    order of a hash of the recipe's seed, the step's label and the id. Documents without a score (null, NaN) are dropped
    as `no_score`, or kept, and never counted. `lowest: true` keeps the least scores, as for perplexity. Documents without
    a value of `by` are one group. The scores `score` and `threshold` (the last that is kept in its group) tell why; the
    manifest and `datapipe report` tell the thresholds.
    So DCLM-Baseline (Li et al. 2024, arXiv:2406.11794) took the best 10 % by its classifier, and fixed that threshold.
    """

    name: ClassVar[str] = "top_fraction"
    audited: ClassVar[bool] = True
    partition_by: ClassVar[str] = "key"
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"fraction": 0.3},
        {"fraction": 0.5, "by": ["lang"], "weight": "bytes", "lowest": True, "missing": "keep"},
    )

    column: str = Field("quality_score", description="the column of scores")
    fraction: float = Field(gt=0, le=1, description="share that is kept, more than 0, up to 1")
    by: tuple[str, ...] = Field((), description="columns whose values form groups, each with its own threshold")
    weight: Literal["documents", "bytes"] = Field("documents", description="what the fraction is of")
    lowest: bool = Field(False, description="keep the least scores instead")
    missing: Literal["drop", "keep"] = Field("drop", description="what happens to documents without a score")

    _seed: int = PrivateAttr(0)

    @field_validator("by", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    def columns_read(self) -> tuple[str, ...]:
        """The id for equal scores, and what the parameters name."""
        text = ("text",) if self.weight == "bytes" else ()
        return tuple(dict.fromkeys(("id", *text, self.column, *self.by)))

    def check(self, schema: pa.Schema) -> str | None:
        """Scores are numbers, and groups have names."""
        dtype = schema.field(self.column).type
        if not (pa.types.is_floating(dtype) or pa.types.is_integer(dtype)):
            return f"column: {self.column} is {dtype}, expected a number"
        for name in self.by:
            if pa.types.is_nested(schema.field(name).type):
                return f"by: {name} is {schema.field(name).type}, expected one value a document"
        return super().check(schema)

    def setup(self, ctx: Context) -> None:
        """Take the step's seed."""
        self._seed = ctx.seed

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The two keys of each row that has a score, its group, and its weight."""
        found, ranks, ties = self._keys(batch)
        rows = np.flatnonzero(~np.isnan(found))
        address = batch.column(ADDR).to_numpy()[rows]
        weight = np.ones(len(found), np.int64)
        if self.weight == "bytes":
            weight = pc.fill_null(pc.binary_length(batch.column("text")), 0).cast(pa.int64()).to_numpy()
        columns = {ADDR: address, "key": address * BASE, "rank": ranks[rows], "tie": ties[rows], "weight": weight[rows]}
        arrays = {name: pa.array(values) for name, values in columns.items()}
        return pa.RecordBatch.from_pydict({**arrays, "group": self._groups(batch).take(pa.array(rows))})

    def reduce(self, part: pa.Table) -> pa.Table:
        """The rows as they are: which is the last that stays, all of them say."""
        return part.select(["group", "rank", "tie", "weight"])

    def combine(self, parts: list[pa.Table]) -> pa.Table:
        """The last document of each group that stays."""
        sums = pa.concat_tables([part.group_by("group").aggregate([("weight", "sum")]) for part in parts])
        sums = sums.group_by("group").aggregate([("weight_sum", "sum")]).sort_by("group")
        share = Fraction(repr(self.fraction))  # 0.1 of 30 is 3, not 3.0000000000000004
        quota = np.array([ceil(share * n) for n in sums.column("weight_sum_sum").to_pylist()], np.int64)
        groups = sums.column("group").combine_chunks().filter(pa.array(quota > 0))  # 0: only empty texts, by bytes
        if not len(groups):
            return ANSWER.empty_table()

        def rows() -> Iterator[Rows]:
            for batch in (batch for part in parts for batch in part.to_batches()):
                at = pc.fill_null(pc.index_in(batch.column("group"), groups), -1).to_numpy().astype(np.int64)
                keys = (batch.column(name).to_numpy() for name in ("rank", "tie", "weight"))
                yield Rows(at, *keys).take(at >= 0)

        rank, tie = last_within(rows, quota[quota > 0])
        return pa.Table.from_arrays(
            [groups, pa.array(rank), pa.array(tie), pa.array(self._scores(rank))], schema=ANSWER
        )

    def answer(self, artifact: pa.Table) -> Mapping[str, Any]:
        """The thresholds: of the groups' by their values, the first NAMED of them."""
        rows = artifact.slice(0, NAMED).to_pylist()
        found = [
            {**dict(zip(self.by, row["group"].split(BETWEEN), strict=False)), "threshold": row["threshold"]}
            for row in rows
        ]
        if not found:
            return {}
        low, high = pc.min_max(artifact.column("threshold")).as_py().values()
        said = f"thresholds {low:.6g} to {high:.6g}, by {', '.join(self.by)}" if self.by else f"threshold {low:.6g}"
        return {"groups": artifact.num_rows, "thresholds": found, "remarks": [said]}

    def bind(self, artifact: pa.Table) -> Filter:
        """Drops what comes after the last that stays."""
        bound = WithinFraction.model_validate({"asked": self.model_dump()})
        bound.asked._seed = self._seed
        bound._last = artifact.combine_chunks()
        return bound

    def _keys(self, batch: pa.RecordBatch) -> tuple[Numbers, Keys, Keys]:
        """The score of each row, and the two keys that order it; those of NaN mean nothing."""
        found: Numbers = batch.column(self.column).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        ties = hashes(self._seed, [name or "" for name in batch.column("id").to_pylist()])
        return found, ranks_of(-found if self.lowest else found), ties

    def _scores(self, ranks: Keys) -> Numbers:
        return 0.0 - numbers_of(ranks) if self.lowest else numbers_of(ranks)

    def _groups(self, batch: pa.RecordBatch) -> pa.Array:
        names = [pc.fill_null(batch.column(name).cast(pa.string()), "") for name in self.by]
        if not names:
            return pa.array([""] * batch.num_rows, pa.string())
        return pc.binary_join_element_wise(*names, BETWEEN)


class WithinFraction(Filter):
    """Keeps the rows up to the last one of their group."""

    asked: TopFraction

    _last: pa.Table = PrivateAttr(default_factory=ANSWER.empty_table)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Two comparisons a row."""
        found, ranks, ties = self.asked._keys(batch)
        at = pc.index_in(self.asked._groups(batch), self._last.column("group").combine_chunks())
        last, last_tie, threshold = (_at(self._last, name, at) for name in ("rank", "tie", "threshold"))
        none = np.isnan(found)
        within = (ranks > last) | ((ranks == last) & (ties >= last_tie))
        within &= at.is_valid().to_numpy(zero_copy_only=False)
        failed = {"no_score": none} if self.asked.missing == "drop" else {}
        failed["high_score" if self.asked.lowest else "low_score"] = ~within & ~none
        return Verdict(len(found), failed, {"score": found, "threshold": threshold})


def _at(table: pa.Table, name: str, at: pa.Array) -> npt.NDArray[Any]:
    """The values of a column at these rows; for null what fits the type."""
    taken = table.column(name).combine_chunks().take(at)
    empty = np.nan if pa.types.is_floating(taken.type) else 0
    values: npt.NDArray[Any] = pc.fill_null(taken, pa.scalar(empty, taken.type)).to_numpy(zero_copy_only=False)
    return values
