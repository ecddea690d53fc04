"""What the steps before a step made of the rows that come to it: which tokenizer wrote the ids, whether there is text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Protocol

from datapipe.core.context import Context
from datapipe.core.errors import RecipeError
from datapipe.core.registry import operators
from datapipe.core.tokenizers.marks import mark_of
from datapipe.core.tokenizers.model_file import read_tokenizer, tokenizer_among
from datapipe.core.tokenizers.named import NamesTokens
from datapipe.plan.locate import Located
from datapipe.plan.plan import Link, Stage, StepPlan
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
    found = [model for path in _paths(lanes, stages) for model in _writers(column, path)]
    if not found or found[0] is None or any(model != found[0] for model in found):
        return step
    return replace(step, parameters={**step.parameters, "model": found[0]})


def check_text(plan: StepPlan, lanes: Iterable[_Lane], stages: Sequence[Stage], step: Step, located: Located) -> None:
    """RecipeError for a step that reads texts behind one that merged their documents: it would judge nulls."""
    for path in _paths(lanes, stages) if "text" in plan.reads else ():
        before = next((one for one in path if "text" in one.writes or one.kind == "merge"), None)
        if before is not None and "text" not in before.writes:
            raise located.error(
                f"{plan.operator} reads texts, and behind {before.label} there are none: put it before that step",
                step.place,
            )


def check_marks(
    plan: StepPlan, lanes: Iterable[_Lane], stages: Sequence[Stage], ctx: Context, step: Step, located: Located
) -> None:
    """RecipeError where `fim` wrote its three tokens into texts, and `tokenize` would read one of them as text."""
    model = plan.parameters["model"] if plan.operator == "tokenize" else None
    if not isinstance(model, list):
        return  # one that is trained in the run is not there yet
    before = (one for path in _paths(lanes, stages) for one in path if one.operator == "fim" and "text" in one.writes)
    marks = {mark: one.label for one in before for mark in one.parameters["tokens"].values()}
    tokenizer = read_tokenizer(tokenizer_among(model), ctx, plan.parameters["special"]) if marks else None
    for mark, label in marks.items():
        assert tokenizer is not None  # there are marks
        if (found := mark_of(mark, tokenizer)) is None:
            said = "the model has no such token: name its own there, by `tokens`"
        elif not found.forgeable:
            said = "it is text here: say special: split (of a tokenizer.json), or put fim behind tokenize, with level: token"
        else:
            continue
        raise located.error(f"tokenize: {label} writes {mark} into texts, and {said}", step.place)


def _paths(lanes: Iterable[_Lane], stages: Sequence[Stage]) -> Iterator[tuple[StepPlan, ...]]:
    """The steps that rows went through, the last one first; one path for each place where they are read."""
    for lane in lanes:
        steps = tuple(link.step for link in reversed(lane.chain) if link.step is not None)
        if lane.input is None:
            yield steps
        else:
            stage = next(stage for stage in stages if stage.key == lane.input)
            yield from ((*steps, *before) for before in _paths(stage.lanes, stages))


def _writers(column: str, path: Iterable[StepPlan]) -> Iterator[Any]:
    """The models of the steps that wrote the ids last; None where something else did."""
    for step in path:
        if column not in step.writes:
            continue
        if step.operator == "tokenize":
            yield step.parameters["model"]
            if step.where is None:
                return
        elif column not in step.reads:  # what reads and writes it, such as fim, rearranges the ids
            break
    yield None
