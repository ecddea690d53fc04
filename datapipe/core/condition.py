"""Conditions on columns, as `where:` and the operator `select` take them: `{lang: [de, en], lang_score: {min: 0.9}}`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, Field, RootModel, field_validator

Scalar = bool | int | float | str
Mask = npt.NDArray[np.bool_]


class Test(BaseModel):
    """What a column's value must satisfy; all given tests at once. A null value satisfies only `null: true`."""

    __test__ = False  # not a pytest class
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    any_of: tuple[Scalar, ...] | None = Field(None, alias="in", description="the value is one of these")
    none_of: tuple[Scalar, ...] | None = Field(None, alias="not_in", description="the value is none of these")
    min: float | None = Field(None, description="the number is at least this")
    max: float | None = Field(None, description="the number is at most this")
    above: float | None = Field(None, description="the number is greater than this")
    below: float | None = Field(None, description="the number is less than this")
    matches: str | None = Field(None, description="the RE2 expression is found in the string")
    null: bool | None = Field(None, description="true: the value is missing; false: it is present")

    @field_validator("any_of", "none_of", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return value if isinstance(value, list | tuple) or value is None else (value,)

    def holds(self, column: pa.Array) -> Mask:
        """True where the value satisfies every test."""
        if self.null is not None:
            return _mask(column.is_null() if self.null else column.is_valid())
        result = column.is_valid()
        if self.any_of is not None:
            result = pc.and_(result, _isin(column, self.any_of))
        if self.none_of is not None:
            result = pc.and_(result, pc.invert(_isin(column, self.none_of)))
        for bound, compare in (
            (self.min, pc.greater_equal),
            (self.max, pc.less_equal),
            (self.above, pc.greater),
            (self.below, pc.less),
        ):
            if bound is not None:
                result = pc.and_(result, compare(column.cast(pa.float64()), bound).fill_null(False))
        if self.matches is not None:
            result = pc.and_(result, pc.match_substring_regex(column, self.matches).fill_null(False))
        return _mask(result)


class Condition(RootModel[dict[str, Test]]):
    """Columns and the tests on them, all of which must hold; a bare value or list means `in`."""

    model_config = ConfigDict(frozen=True)

    @field_validator("root", mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("expected columns and what they must be, such as {lang: [de, en]}")
        return {k: v if isinstance(v, dict | Test) else {"in": v} for k, v in value.items()}

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns looked at."""
        return tuple(self.root)

    def holds(self, batch: pa.RecordBatch) -> Mask:
        """True where every column passes its tests."""
        result = np.ones(batch.num_rows, np.bool_)
        for name, test in self.root.items():
            result &= test.holds(batch.column(name))
        return result


def _isin(column: pa.Array, values: tuple[Scalar, ...]) -> pa.Array:
    return pc.is_in(column, pa.array(list(values)).cast(column.type))


def _mask(column: pa.Array) -> Mask:
    mask: Mask = column.to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask
