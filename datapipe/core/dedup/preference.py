"""Which of several equal documents stays."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, field_validator, model_validator

from datapipe.core.columns import ADDR
from datapipe.core.operator import Global

Order = Literal["asc", "desc"]
Int64s = npt.NDArray[np.int64]
HELD = -1  # the tier of what an index holds: better than all that comes


class Preference(Global):
    """A global operator that keeps the best of the documents that are the same: by dataset, then by rule, then the first.

    A sketch holds each row's `tier` (int16, the least is best: the place of its dataset in `prefer` or `against`) and
    `rank` (float64, the highest is best: what `keep` asks for); equal in both, the row read first is best.
    """

    keep: Literal["first", "longest"] | dict[str, Order] = Field(
        "first",
        description="which document stays: the one read first, the longest (in bytes), or {column: desc|asc}; ties: the first",
    )
    prefer: tuple[str, ...] = Field(
        (),
        description="datasets whose copy stays, the best first; those not named come after them, among them `keep` decides",
    )
    against: tuple[str, ...] = Field(
        (),
        description="datasets that lose nothing: documents of the others are dropped where one of these holds the same, "
        "and nowhere else",
    )

    @field_validator("keep", mode="before")
    @classmethod
    def _by_name_or_column(cls, value: Any) -> Any:
        names = get_args(get_args(cls.model_fields["keep"].annotation)[0])
        one = isinstance(value, dict) and len(value) == 1 and next(iter(value.values())) in get_args(Order)
        if not one and value not in names:
            column = "or one column and its order (asc, desc), such as {quality: desc}"
            raise ValueError(f"expected {', '.join(names)}, {column}; found {value!r}")
        return value

    @model_validator(mode="after")
    def _prefer_or_against(self) -> Preference:
        if self.prefer and self.against:
            raise ValueError("prefer and against exclude each other: the datasets of `against` lose nothing")
        return self

    def sources(self) -> tuple[str, ...]:
        """Those preferred, or compared against."""
        return (*self.prefer, *self.against)

    def deciding(self) -> tuple[str, ...]:
        """The columns that decide who stays."""
        column = tuple(self.keep) if isinstance(self.keep, dict) else ("text",) if self.keep == "longest" else ()
        return (*column, *(("source",) if self.sources() else ()))

    def check(self, schema: pa.Schema) -> str | None:
        """The deciding column must be a number."""
        if isinstance(self.keep, dict):
            column = next(iter(self.keep))
            dtype = schema.field(column).type
            if not (pa.types.is_integer(dtype) or pa.types.is_floating(dtype)):
                return f"keep: the column {column} is {dtype}, expected a number"
        return None

    def preference(self, batch: pa.RecordBatch) -> dict[str, pa.Array]:
        """`tier` and `rank` of each row."""
        return {"tier": pa.array(self._tier(batch)), "rank": pa.array(self._rank(batch))}

    def best_first(self, part: pa.Table, *keys: npt.NDArray[Any]) -> Int64s:
        """Rows sorted by these keys, the last one first, and among equal ones the best first."""
        address, tier, rank = (part.column(name).to_numpy() for name in (ADDR, "tier", "rank"))
        return np.lexsort((address, -rank, tier, *keys))

    def _tier(self, batch: pa.RecordBatch) -> npt.NDArray[np.int16]:
        """The place among the datasets named; those not named come after all."""
        named = self.sources()
        if not named:
            return np.zeros(batch.num_rows, np.int16)
        places = pc.index_in(batch.column("source"), pa.array(named, pa.string()))
        return np.asarray(pc.fill_null(places, len(named)).to_numpy(zero_copy_only=False), np.int16)

    def _rank(self, batch: pa.RecordBatch) -> npt.NDArray[np.float64]:
        if self.keep == "longest":
            lengths = pc.fill_null(pc.binary_length(batch.column("text")), 0)
            return np.asarray(lengths.to_numpy(zero_copy_only=False), np.float64)
        if isinstance(self.keep, dict):
            ((column, order),) = self.keep.items()
            values = pc.cast(batch.column(column), pa.float64()).to_numpy(zero_copy_only=False)
            values = values if order == "desc" else -values
            return np.where(np.isnan(values), -np.inf, values)
        return np.zeros(batch.num_rows)

    def dropped(self, new: npt.NDArray[np.bool_], tier: npt.NDArray[np.int16]) -> tuple[npt.NDArray[np.bool_], Int64s]:
        """Of rows with the best of each group first: which are dropped, and where the one that stays for each stands.

        What an index holds is never dropped, nor are the datasets of `against`.

        new  whether a row begins a group
        """
        first = np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))
        if not self.against:
            return ~new & (tier > HELD), first
        safe = tier < len(self.against)
        return ~new & ~safe & safe[first], first
