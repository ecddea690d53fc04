"""Which tokenizer wrote a column of ids: later steps name tokens as it spells them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Protocol

from datapipe.core.errors import RecipeError
from datapipe.core.registry import operators
from datapipe.core.tokenizers.named import NamesTokens
from datapipe.plan.plan import Link, Stage
from datapipe.plan.recipe import Step


class _Lane(Protocol):
    @property
    def chain(self) -> tuple[Link, ...]: ...
    @property
    def input(self) -> str | None: ...


def with_tokenizer(step: Step, lanes: Iterable[_Lane], stages: Sequence[Stage]) -> Step:
    """The step with the tokenizer of the rows that come to it, if it may name tokens and the recipe gives none.

    Nothing is added where rows by several tokenizers meet, or where none in this recipe wrote the column.
    """
    try:
        cls = operators.get(step.operator)
    except RecipeError:
        return step  # which is told with its place
    if not issubclass(cls, NamesTokens) or step.parameters.get("model") is not None:
        return step
    column = step.parameters.get("column", cls.model_fields["column"].default)
    found = list(chain.from_iterable(_writers(column, lane, stages) for lane in lanes))
    if not found or found[0] is None or any(model != found[0] for model in found):
        return step
    return replace(step, parameters={**step.parameters, "model": found[0]})


def _writers(column: str, lane: _Lane, stages: Sequence[Stage]) -> Iterator[Any]:
    """The models of the steps that wrote the ids of a lane's rows last; None where something else did."""
    for link in reversed(lane.chain):
        if link.step is None or column not in link.step.writes:
            continue
        if link.step.operator == "tokenize":
            yield link.step.parameters["model"]
            if link.step.where is None:
                return
        elif column not in link.step.reads:  # what reads and writes it, such as fim, rearranges the ids
            yield None
            return
    if lane.input is None:
        yield None
        return
    for before in next(stage for stage in stages if stage.key == lane.input).lanes:
        yield from _writers(column, before, stages)
