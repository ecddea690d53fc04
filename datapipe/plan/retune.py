"""A finished run's steps under other thresholds, as far as its scores can judge them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from datapipe.core.errors import RecipeError
from datapipe.core.operator import Operator
from datapipe.core.registry import operators
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.plan.explain import explain
from datapipe.plan.graph import in_order, published_datasets
from datapipe.plan.locate import Located
from datapipe.plan.overrides import apply_overrides
from datapipe.plan.plan import Kind
from datapipe.plan.plugins import load_all
from datapipe.plan.recipe import Recipe, Step, absolute, read_recipe, read_step
from datapipe.plan.steps import kind_of

Variants = Mapping[str, ThresholdFilter]  # "" is the step's own; a language's own thresholds stand under its code


@dataclass(frozen=True)
class JudgedStep:
    """A step of a run, with its thresholds then (`before`) and those asked for (`after`); None: it has none to tune.

    number  its place in the whole recipe: along each path numbers grow
    column  prefix of the columns it writes as a tag    reads  columns that it or its `where` looks at
    """

    label: str
    number: int
    kind: Kind
    action: Literal["drop", "tag"]
    column: str
    reads: frozenset[str]
    before: Variants | None
    after: Variants | None

    @property
    def changed(self) -> bool:
        """Whether other thresholds are asked for."""
        return self.before != self.after

    @property
    def decides(self) -> bool:
        """Whether a row that comes to it may not come out of it."""
        return self.kind != "map"


Paths = dict[str, list[JudgedStep]]  # source -> the steps its rows pass, in order, on their way to an output


def retuned(recipe: Any, file: str, settings: tuple[str, ...]) -> dict[str, Paths]:
    """By output: the steps that rows of each source pass. RecipeError for a setting that scores cannot answer.

    recipe, file  as the run's manifest has them     settings  as `datapipe run --set` takes them
    """
    was, now = Located(file, deepcopy(recipe)), Located(file, deepcopy(recipe))
    apply_overrides(now, settings)
    old, new = read_recipe(was), read_recipe(now)
    if _frame(old) != _frame(new):
        raise RecipeError(f"--set {' --set '.join(settings)}: only thresholds of steps can be tuned; run the recipe")
    folder = Path(file).resolve().parent
    load_all([absolute(p, str(folder)) if p.endswith(".py") or "/" in p else p for p in old.plugins])
    steps: dict[str, list[JudgedStep]] = {}
    for name in in_order(old, was):
        pairs = enumerate(zip(old.datasets[name].steps, new.datasets[name].steps, strict=True))
        number = sum(map(len, steps.values()))
        steps[name] = [_step(name, index, number + index, pair, was, now) for index, pair in pairs]

    def paths(name: str) -> Paths:
        parents = old.datasets[name].from_
        if parents is None:
            return {name: steps[name]}
        return {source: [*path, *steps[name]] for parent in parents for source, path in paths(parent).items()}

    found = {name: paths(name) for name in published_datasets(old, was)}
    for path in (path for output in found.values() for path in output.values()):
        _check_followers(path)
    return found


def _frame(recipe: Recipe) -> dict[str, Any]:
    """All that is not in steps, and how many of them there are."""
    frame = recipe.model_dump()
    for dataset in frame["datasets"].values():
        dataset["steps"] = len(dataset["steps"])
    return frame


def _step(
    dataset: str, index: int, number: int, entries: tuple[Any, Any], was: Located, located: Located
) -> JudgedStep:
    place = ("datasets", dataset, "steps", index)
    old, new = read_step(entries[0], place, was), read_step(entries[1], place, located)
    cls: type[Operator] = operators.get(old.operator)
    label = old.label or f"{dataset}.{index + 1:02d}.{old.operator}"
    if (old.where, old.action, old.label) != (new.where, new.action, new.label):
        raise RecipeError(f"{label}: where, action and label cannot be tuned, only thresholds; run the recipe")
    reads = {*(old.where.columns if old.where else ()), *_reads(cls, old, located)}
    frame = label, number, kind_of(cls), old.action or "drop", old.label or old.operator, frozenset(reads)
    if issubclass(cls, ThresholdFilter):
        before, after = _variants(cls, old, located), _variants(cls, new, located)
        _check(label, before, after)
        return JudgedStep(*frame, before, after)
    if old != new:
        _variants(cls, new, located)  # a name that does not exist is told first
        raise RecipeError(f"{label}: {old.operator} does not judge by its scores alone; only a run can tell")
    return JudgedStep(*frame, None, None)


def _reads(cls: type[Any], step: Step, located: Located) -> tuple[str, ...]:
    operator: Operator = built(cls, step.parameters, step, located)
    return operator.columns_read()


def _variants(cls: type[Any], step: Step, located: Located) -> dict[str, Any]:
    variants = {}
    for lang, changed in {"": {}, **(step.by_lang or {})}.items():
        below = ("by_lang", lang) if lang else ()
        variants[lang] = built(cls, {**step.parameters, **changed}, step, located, below)
    return variants


def built(cls: type[Any], parameters: dict[str, Any], step: Step, located: Located, below: tuple[str, ...] = ()) -> Any:
    """The operator, as the recipe's own parameters make it; RecipeError if they are wrong."""
    try:
        return cls.model_validate(parameters)
    except ValidationError as error:
        raise explain(error, cls, located, (*step.place, *below), ".".join([step.operator, *below])) from None


def _check(label: str, before: Variants, after: Variants) -> None:
    """Refuse what changes the scores themselves."""
    for lang in {**before, **after}:
        old, new = before.get(lang, before[""]), after.get(lang, after[""])
        changed = [name for name in type(new).model_fields if getattr(old, name) != getattr(new, name)]
        tunable = [
            name for name in new.tunable() if name in old.tunable()
        ]  # what was not measured then is not tunable now
        for name in changed:
            if name not in tunable:
                can = ", ".join(tunable) or "nothing"
                raise RecipeError(
                    f"{label}.{name}: changes what is measured, so only a run can tell; tunable is: {can}"
                )
        if changed and len(after) > 1 and "lang" in new.columns_written():
            raise RecipeError(f"{label}: by_lang speaks of the language before this step; only a run can tell")


def _check_followers(path: list[JudgedStep]) -> None:
    """Refuse what would change more in later steps than which rows come to them."""
    for place, step in enumerate(path):
        for later in path[place + 1 :]:
            if step.changed and step.action == "tag" and any(c.startswith(f"{step.column}.") for c in later.reads):
                raise RecipeError(f"{later.label} looks at the tags of {step.label}; only a run can tell")
            if later.kind in ("expand", "merge", "order") and (step.changed or (step.after and step.action == "tag")):
                raise RecipeError(f"{step.label}: {later.label} makes other rows of its rows; only a run can tell")
