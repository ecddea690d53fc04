"""Conditions on columns, as `where:` and `select` take them: `{lang: [de, en], lang_score: {min: 0.9}}`."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    RootModel,
    field_validator,
    model_validator,
)

Scalar = bool | int | float | str
Mask = npt.NDArray[np.bool_]


class Test(BaseModel):
    """What a column's value must satisfy, every given test. A null value satisfies only `null: true`."""

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

    @field_validator("matches")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                pc.match_substring_regex(pa.array([""]), value)
            except pa.ArrowInvalid as error:
                raise ValueError(f"not an RE2 expression: {error}") from None
        return value

    @model_validator(mode="after")
    def _can_hold(self) -> Test:
        given = self.model_dump(exclude_none=True)
        if not given:
            raise ValueError("expected a value, a list, or a test such as {min: 0.5}; a missing value is {null: true}")
        if self.null and len(given) > 1:
            raise ValueError("null: true stands alone: a missing value passes no other test")
        lowest = [bound for bound in (self.min, self.above) if bound is not None]
        highest = [bound for bound in (self.max, self.below) if bound is not None]
        if lowest and highest and max(lowest) > min(highest):
            raise ValueError(f"no number is at least {max(lowest)} and at most {min(highest)}")
        return self

    def check(self, name: str, dtype: pa.DataType) -> str | None:
        """A sentence if a column of this type cannot be tested so, else None."""
        number = pa.types.is_integer(dtype) or pa.types.is_floating(dtype)
        for bound in ("min", "max", "above", "below"):
            if getattr(self, bound) is not None and not number:
                return f"{bound}: the column {name} is {dtype}, expected a number"
        if self.matches is not None and not _is_string(dtype):
            return f"matches: the column {name} is {dtype}, expected a string"
        for key, values in (("in", self.any_of), ("not_in", self.none_of)):
            for value in values or ():
                try:
                    _values((value,), dtype)
                except (pa.ArrowException, TypeError):
                    return f"{key}: the column {name} is {dtype}, which is never {value!r}"
        return None

    def holds(self, column: pa.Array) -> Mask:
        """True where the value satisfies every test."""
        if self.null:
            return _mask(column.is_null())
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
                numbers = column.cast(pa.float64(), safe=False)
                result = pc.and_(result, compare(numbers, bound).fill_null(False))
        if self.matches is not None:
            result = pc.and_(result, pc.match_substring_regex(column, self.matches).fill_null(False))
        return _mask(result)


def _short_form(value: Any) -> Any:
    if isinstance(value, dict):
        # YAML reads the key of {null: true} as the value null.
        return {"null" if key is None else key: test for key, test in value.items()}
    return value if isinstance(value, Test) else {"in": value}


# A test as recipes write it: `de`, `[de, en]` or `{min: 0.9}`.
Given = Annotated[Test, BeforeValidator(_short_form, json_schema_input_type=Test | Scalar | list[Scalar])]


class Condition(RootModel[dict[str, Given]]):
    """Columns and the tests on them, all of which must hold; a bare value or list means `in`."""

    model_config = ConfigDict(frozen=True)

    @field_validator("root", mode="before")
    @classmethod
    def _columns(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError("expected columns and what they must be, such as {lang: [de, en]}")
        return value

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns looked at."""
        return tuple(self.root)

    def check(self, schema: pa.Schema) -> str | None:
        """A sentence if a column's type does not allow its test, else None; absent columns are not looked at."""
        for name, test in self.root.items():
            if name in schema.names and (said := test.check(name, schema.field(name).type)):
                return said
        return None

    def holds(self, batch: pa.RecordBatch) -> Mask:
        """True where every column passes its tests."""
        result = np.ones(batch.num_rows, np.bool_)
        for name, test in self.root.items():
            result &= test.holds(batch.column(name))
        return result


def _isin(column: pa.Array, values: tuple[Scalar, ...]) -> pa.Array:
    return pc.is_in(column, _values(values, column.type))


def _values(values: tuple[Scalar, ...], dtype: pa.DataType) -> pa.Array:
    """The values as a column's type has them; raises where the column could never hold one."""
    for value in values:
        # A cast would make 5 a true and true a 1.
        if isinstance(value, bool) != pa.types.is_boolean(dtype) and not _is_string(dtype):
            raise TypeError(f"{value!r} is not {dtype}")
    return pa.concat_arrays([pa.array([], dtype), *(pa.array([value]).cast(dtype) for value in values)])


def _is_string(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype))


def _mask(column: pa.Array) -> Mask:
    mask: Mask = column.to_numpy(zero_copy_only=False).astype(np.bool_)
    return mask
