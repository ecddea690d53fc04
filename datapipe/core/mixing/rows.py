"""What a schedule asks of a row: its group, its size, its scores, and its place on the circle of its group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.condition import Condition
from datapipe.core.mixing.circle import Int64s, Keys
from datapipe.core.mixing.stages import Stage
from datapipe.core.ranks import ranks_of
from datapipe.core.seeds import hashes

Unit = Literal["tokens", "bytes", "documents"]
POOL = "\x1f"  # between a group's name and its pool, where a stage chooses rows by a condition


@dataclass(frozen=True)
class Rows:
    """How rows are looked at.

    by      the column of groups    unit, tokens  what sizes count, and the column of tokens
    wheres  the conditions of stages, each once; a row is in the pool of the first that it meets (from 1), or in 0
    scores  columns to sort by, and whether the greatest come first
    """

    by: str
    unit: Unit
    tokens: str
    wheres: tuple[Condition, ...]
    scores: tuple[tuple[str, bool], ...]

    @classmethod
    def of(cls, by: str, unit: Unit, tokens: str, stages: Sequence[Stage]) -> Rows:
        """As these stages look at them."""
        wheres: list[Condition] = []
        for stage in stages:
            if stage.where is not None and stage.where not in wheres:
                wheres.append(stage.where)
        scores = {(stage.order.by, stage.order.descending): None for stage in stages if stage.order.by is not None}
        return cls(by, unit, tokens, tuple(wheres), tuple((name, down) for name, down in scores if name))

    def pool_of(self, stage: Stage) -> int:
        """The pool that a stage takes from."""
        return 0 if stage.where is None else 1 + self.wheres.index(stage.where)

    def columns(self) -> tuple[str, ...]:
        """What is looked at."""
        sized = {"tokens": (self.tokens,), "bytes": ("text",), "documents": ()}[self.unit]
        tested = (name for where in self.wheres for name in where.columns)
        return tuple(dict.fromkeys(("id", self.by, *sized, *(name for name, _ in self.scores), *tested)))

    def check(self, schema: pa.Schema) -> str | None:
        """A sentence if a column is of a type that cannot serve, else None."""
        kind = schema.field(self.by).type
        if pa.types.is_nested(kind) or pa.types.is_floating(kind):
            return f"by: {self.by} is {kind}, expected a name or a whole number"
        if self.unit == "tokens" and not pa.types.is_integer(schema.field(self.tokens).type):
            return f"tokens: {self.tokens} is {schema.field(self.tokens).type}, expected a number of tokens"
        for name, _ in self.scores:
            dtype = schema.field(name).type
            if not (pa.types.is_floating(dtype) or pa.types.is_integer(dtype)):
                return f"order: {name} is {dtype}, expected a number"
        return next((f"where: {said}" for where in self.wheres if (said := where.check(schema))), None)

    def groups(self, batch: pa.RecordBatch) -> pa.Array:
        """The group of each row, "" where there is none, with its pool where there are several."""
        column = batch.column(self.by)
        if pa.types.is_dictionary(column.type):
            column = column.dictionary_decode()
        names = pc.fill_null(column.cast(pa.string()), "")
        if not self.wheres:
            return names
        pool = np.zeros(batch.num_rows, np.int64)
        for number, where in reversed(list(enumerate(self.wheres, 1))):
            pool[where.holds(batch)] = number
        return pc.binary_join_element_wise(names, pa.array(pool).cast(pa.string()), POOL)

    def sizes(self, batch: pa.RecordBatch) -> Int64s:
        """Of each row, in the unit; what has none has 0."""
        if self.unit == "documents":
            return np.ones(batch.num_rows, np.int64)
        column = batch.column(self.tokens) if self.unit == "tokens" else pc.binary_length(batch.column("text"))
        found: Int64s = pc.fill_null(column.cast(pa.int64(), safe=False), 0).to_numpy(zero_copy_only=False)
        return np.maximum(found, 0)

    def ranks(self, batch: pa.RecordBatch) -> list[Keys]:
        """Of each score the ranks, in the order asked for; rows without a score come last."""
        out = []
        for name, down in self.scores:
            found = batch.column(name).cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            none = np.isnan(found)
            out.append(np.where(none, np.uint64(2**64 - 1), ranks_of(np.where(none, 0.0, -found if down else found))))
        return out

    def keys(self, seed: int, batch: pa.RecordBatch) -> Keys:
        """Where on its circle each row lies: a hash of its id."""
        return hashes(seed, [name or "" for name in batch.column("id").to_pylist()])


def split(name: str) -> tuple[int, str]:
    """Pool and group of a name that `groups` gave."""
    group, _, pool = name.rpartition(POOL) if POOL in name else (name, "", "0")
    return int(pool), group


def by_pool(sizes: Mapping[str, float], pools: int) -> list[dict[str, float]]:
    """Sizes by names that `groups` gave to sizes of each pool, by group."""
    out: list[dict[str, float]] = [{} for _ in range(pools)]
    for name, size in sizes.items():
        pool, group = split(name)
        out[pool][group] = size
    return out


def order_by_group(codes: npt.NDArray[np.int64], groups: int) -> list[Int64s]:
    """The rows of each group, in their order."""
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(groups + 1))
    return [order[bounds[i] : bounds[i + 1]] for i in range(groups)]
