"""Stages of a stream: how long each is, of what, and in which order its documents come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from datapipe.core.condition import Condition
from datapipe.core.mixing.amounts import Amount
from datapipe.core.mixing.mix import Mix

Numbers = npt.NDArray[np.float64]
Shape = Literal["linear", "cosine"]
KNOTS = 1025  # of the curve by which a changing weight is spread over its stage: exact to 1e-6 of the stage


class Ordering(BaseModel):
    """The order inside a stage; `by` makes it sorted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    way: Literal["shuffled", "interleaved", "grouped", "sorted"] = Field("sorted", description="see the operator")
    by: str | None = Field(None, description="a column of numbers: its least come first")
    descending: bool = Field(False, description="its greatest come first")
    within: Literal["group", "stage"] = Field(
        "group", description="each group is sorted on its own, so that the mixture stays, or all rows of the stage are"
    )

    @model_validator(mode="after")
    def _sorted_by(self) -> Self:
        if (self.way == "sorted") != (self.by is not None):
            raise ValueError("expected shuffled, interleaved, grouped or {by: COLUMN}")
        if self.by is None and (self.descending or self.within == "stage"):
            raise ValueError("descending and within: only with by")
        return self


class Stage(Mix):
    """A stretch of the stream with its own mixture."""

    name: str = Field(pattern=r"^[A-Za-z0-9_.-]+$", description="what the column `stage` says of its rows")
    budget: Amount | None = Field(None, description="what it takes: 2T, 500B")
    share: float | None = Field(None, gt=0, le=1, description="or its share of the whole")
    interpolate: Shape | None = Field(
        None, description="weights go, over the stage, from those with which the stage before ended to its own"
    )
    begin: Mix | None = Field(
        None, alias="from", description="with interpolate: the weights it begins with, instead; a warm-up has them"
    )
    order: Ordering = Field(
        Ordering(way="shuffled"), description="shuffled, interleaved, grouped or {by: COLUMN, descending: true}"
    )
    where: Condition | None = Field(
        None,
        description="only such rows, such as {length: 8192}; they are of the stages that ask for them, of no other",
    )

    @field_validator("order", mode="before", json_schema_input_type=str | Ordering)
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return ordering(value)

    @model_validator(mode="after")
    def _changes_what(self) -> Self:
        if self.begin is not None and self.interpolate is None:
            raise ValueError("from: only with interpolate")
        if self.interpolate is not None and (self.order.way == "grouped" or self.order.within == "stage"):
            raise ValueError("interpolate: the order leaves no weights to change: grouped, or sorted within the stage")
        return self


def ordering(value: Any) -> Any:
    """An order as recipes write it, a word or what to sort by, as its model takes it."""
    if isinstance(value, str):
        if value not in ("shuffled", "interleaved", "grouped"):
            raise ValueError(f"expected shuffled, interleaved, grouped or {{by: COLUMN}}, found {value!r}")
        return {"way": value}
    return value


def check_stages(stages: Sequence[Stage], total: float | str | None) -> None:
    """ValueError where stages do not add up to a stream."""
    if not stages:
        raise ValueError("stages: expected one stage at least")
    seen: set[str] = set()
    for stage in stages:
        if stage.name in seen:
            raise ValueError(f"stages: two are called {stage.name}")
        seen.add(stage.name)
        if (stage.budget is None) == (stage.share is None):
            raise ValueError(f"stages: {stage.name}: expected either budget (such as 500B) or share (such as 0.1)")
    if len({stage.share is None for stage in stages}) > 1:
        raise ValueError("stages: some have a budget and some a share; expected the same of all")
    whole = sum(stage.share or 0 for stage in stages)
    if stages[0].share is not None and abs(whole - 1) > 1e-6:
        raise ValueError(f"stages: their shares sum to {whole:.6g}, expected 1")
    if stages[0].interpolate is not None and stages[0].begin is None:
        raise ValueError(
            f"stages: {stages[0].name}: no stage before it; expected `from` with the weights it begins with"
        )
    sized = stages[0].share is None if total is None else not isinstance(total, str)
    if not sized and any(mix.rule() == "unimax" for stage in stages for mix in (stage, stage.begin) if mix):
        raise ValueError("unimax: how much of a group is too much depends on the budget; give one")


def shares_of(stages: Sequence[Stage]) -> list[float]:
    """Of the whole stream, summing to 1."""
    sizes = [stage.share if stage.share is not None else stage.budget or 0.0 for stage in stages]
    return [size / sum(sizes) for size in sizes]


def spread(begins: float, ends: float, shape: Shape | None) -> Numbers:
    """How much of what a stage takes of a group is taken by each of KNOTS even places in it: from 0 to 1, increasing.

    It is the integral of the weight: begins + (ends - begins) * f, with f = t, or (1 - cos(pi t)) / 2.
    """
    t = np.linspace(0, 1, KNOTS)
    if shape is None or begins + ends <= 0:
        return t
    change = t * t / 2 if shape == "linear" else t / 2 - np.sin(np.pi * t) / (2 * np.pi)
    taken = begins * t + (ends - begins) * change
    return np.asarray(taken / taken[-1])
