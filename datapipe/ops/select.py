"""Rows by what their columns hold."""

from __future__ import annotations

from typing import Any, ClassVar

import pyarrow as pa
from pydantic import ConfigDict, Field, model_validator

from datapipe.core.condition import Condition, Given
from datapipe.core.operator import Filter
from datapipe.core.verdict import Verdict


class Select(Filter):
    """Keep the rows whose columns pass all tests: `- select: {lang: [de, en], lang_score: {min: 0.9}}`.

    The parameters are the columns' names. A value or a list of values means that the column is one of them; the
    tests are in, not_in, min, max, above, below, matches (RE2, found anywhere) and null. A missing value passes
    only `{null: true}`.
    """

    model_config = ConfigDict(extra="allow")

    name: ClassVar[str] = "select"
    reads: ClassVar[tuple[str, ...]] = ()
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"lang": ["de", "en"]},
        {"text": {"matches": "[a-z]"}, "url": {"null": False}},
        {"quality": {"min": 0.25, "below": 0.75}},
    )

    __pydantic_extra__: dict[str, Given] = Field(init=False)

    @model_validator(mode="after")
    def _says_something(self) -> Select:
        if not self.__pydantic_extra__:
            raise ValueError("expected columns and what they must be, such as {lang: [de, en]}")
        return self

    @property
    def condition(self) -> Condition:
        """The parameters as a condition."""
        return Condition(self.__pydantic_extra__)

    def columns_read(self) -> tuple[str, ...]:
        """The columns tested."""
        return tuple(self.__pydantic_extra__)

    def check(self, schema: pa.Schema) -> str | None:
        """Each test must suit its column's type."""
        return self.condition.check(schema)

    def judge(self, batch: pa.RecordBatch) -> Verdict:
        """Where the condition does not hold, the row goes."""
        return Verdict(batch.num_rows, {"not_selected": ~self.condition.holds(batch)})
