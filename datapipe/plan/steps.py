"""A step of the recipe to operators: validated parameters, labels, and the columns that flow in and out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pydantic import ValidationError

from datapipe.core.columns import ADDR, BASE
from datapipe.core.context import Context
from datapipe.core.errors import RecipeError, RunFailed, did_you_mean
from datapipe.core.operator import Expand, Filter, Global, Map, Merge, Operator, Order
from datapipe.core.path_parameters import code_fields, glob_fields, model_globs, path_fields
from datapipe.core.registry import operators
from datapipe.io.files import expand, is_local
from datapipe.io.model_cache import local_copy
from datapipe.io.opening import open_file
from datapipe.plan.explain import explain
from datapipe.plan.locate import Located
from datapipe.plan.plan import Kind, StepPlan
from datapipe.plan.plugins import code_digest
from datapipe.plan.recipe import Step, absolute
from datapipe.plan.resources import have_models

_KINDS: tuple[tuple[type[Operator], Kind], ...] = (
    (Map, "map"),
    (Filter, "filter"),
    (Expand, "expand"),
    (Merge, "merge"),
    (Order, "order"),
    (Global, "global"),
)
_MAKERS = {"tokens": "; `tokenize` makes it", "input_ids": "; `pack` makes it"}


def kind_of(operator: type[Operator]) -> Kind:
    """map, filter, expand, merge, order or global."""
    return next(kind for base, kind in _KINDS if issubclass(operator, base))


def orders(operator: type[Operator]) -> bool:
    """Whether it leaves its rows in another order, in other shards."""
    return issubclass(operator, Order) or (issubclass(operator, Global) and operator.orders)


def plan_step(
    step: Step,
    dataset: str,
    index: int,
    number: int,
    schema: pa.Schema,
    located: Located,
    folder: str,
    allow_download: bool = False,
) -> tuple[StepPlan, Operator]:
    """Check a step against the columns that reach it.

    dataset, index  for its label        number  its place in the whole recipe        schema  the columns that reach it
    """
    try:
        cls: type[Operator] = operators.get(step.operator)
    except RecipeError as error:
        raise located.error(str(error), step.place) from None
    if step.operator == "unique_ids":
        raise located.error("unique_ids: placed by the planner; it is chosen by `read: {duplicate_ids: …}`", step.place)
    operator = _build(cls, step.parameters, step, located, folder)
    variants = {
        lang: _build(cls, {**step.parameters, **changed}, step, located, folder, ("by_lang", lang))
        for lang, changed in (step.by_lang or {}).items()
    }
    try:
        for one in (operator, *variants.values()):
            have_models(one.model_files(), allow_download)
    except (RecipeError, RunFailed) as error:
        raise located.error(f"{step.operator}: {error}", step.place) from None
    kind = kind_of(cls)
    _check_common_keys(step, "order" if orders(cls) else kind, located)
    if step.action and issubclass(cls, Global) and cls.publishes:
        raise located.error(f"{step.operator}.action: it drops nothing", (*step.place, "action"))
    reads = (*operator.columns_read(), *(step.where.columns if step.where else ()), *(("lang",) if variants else ()))
    for column in reads:
        if column not in schema.names:
            raise located.error(
                f"{step.operator} reads the column {column}, which no earlier step or reader makes"
                f"{_MAKERS.get(column) or did_you_mean(column, [n for n in schema.names if n != ADDR])}",
                step.place,
            )
    if step.where is not None and (problem := step.where.check(schema)):
        raise located.error(f"{step.operator}.where: {problem}", (*step.place, "where"))
    operator = operator.placed(schema)
    if problem := operator.check(schema):
        raise located.error(f"{step.operator}: {problem}", step.place)
    label = step.label or f"{dataset}.{index + 1:02d}.{step.operator}"
    try:
        scores = _scores(operator, label, schema) if step.action == "tag" else ()
        facts = _facts(operator, variants, context_of(label))
        _columns_agree(operator, variants)
    except RecipeError as error:
        raise located.error(f"{step.operator}: {error}", step.place) from None
    plan = StepPlan(
        label=label,
        scores=scores,
        facts=facts,
        operator=step.operator,
        version=cls.version,
        code=code_digest(cls),
        kind=kind,
        number=number,
        column=step.label or step.operator,
        parameters=operator.model_dump(mode="json", by_alias=True),
        where=step.where.model_dump(mode="json", by_alias=True, exclude_none=True) if step.where else None,
        action=step.action or "drop",
        by_lang={lang: v.model_dump(mode="json", by_alias=True) for lang, v in variants.items()} or None,
        reads=tuple(dict.fromkeys(reads)),
        writes=tuple(operator.columns_written()),
    )
    return plan, operator


def unique_ids_step(label: str, number: int) -> StepPlan:
    """The step that takes out duplicate ids; the planner places it behind the barrier that finds them."""
    cls = operators.get("unique_ids")
    return StepPlan(
        label=label, operator=cls.name, version=cls.version, kind="global", number=number,
        column=cls.name, parameters={}, quarantine=True, reads=cls.reads,
    )  # fmt: skip


def columns_after(schema: pa.Schema, plan: StepPlan, operator: Operator) -> pa.Schema:
    """The columns that leave a step."""
    added = dict(operator.columns_written())
    if plan.kind == "merge":
        schema = BASE  # what else the rows had is of one of several documents
    if plan.action == "tag":
        added.pop("text", None)  # a tag never changes the text
        added |= tag_columns(plan)
    for name, dtype in added.items():
        field = pa.field(name, dtype)
        index = schema.get_field_index(name)
        schema = schema.append(field) if index < 0 else schema.set(index, field)
    return schema


def tag_columns(plan: StepPlan) -> dict[str, pa.DataType]:
    """What `action: tag` writes: the verdict, and every score as a column that later steps and readers can use."""
    columns = {f"{plan.column}.keep": pa.bool_(), f"{plan.column}.reasons": pa.list_(pa.string())}
    if plan.kind == "global":
        columns[f"{plan.column}.duplicate_of"] = pa.string()
    return columns | {f"{plan.column}.{score}": pa.float64() for score in plan.scores}


def _scores(operator: Operator, label: str, schema: pa.Schema) -> tuple[str, ...]:
    """The names of a filter's scores, told by its verdict on no rows."""
    if not isinstance(operator, Filter):
        return ()
    if (names := operator.score_names()) is not None:
        return names
    operator.setup(context_of(label))
    return tuple(operator.judge(pa.RecordBatch.from_pylist([], schema=schema)).scores)


def context_of(label: str) -> Context:
    """What a step is asked with before there is a run."""
    return Context(label, 0, open_file, local=local_copy)


def _facts(operator: Operator, variants: Mapping[str, Operator], ctx: Context) -> dict[str, Any]:
    """What the operator says of its files and keys; under `by_lang` what a language's own parameters change in it."""
    facts = dict(operator.facts(ctx))
    own = {lang: dict(variant.facts(ctx)) for lang, variant in variants.items()}
    changed = {lang: said for lang, said in own.items() if said != facts}
    return facts | ({"by_lang": changed} if changed else {})


def _columns_agree(operator: Operator, variants: Mapping[str, Operator]) -> None:
    """RecipeError if a language's own parameters write other columns, or of other types, than the step does."""
    ours = dict(operator.columns_written())
    for lang, variant in variants.items():
        own = dict(variant.columns_written())
        for name in (*ours, *own):
            if own.get(name) != ours.get(name):
                theirs, wanted = (types.get(name, "absent") for types in (own, ours))
                both = name in ours and name in own and "dtype" in type(operator).model_fields
                dtype = "; say one dtype for the whole step" if both else ""
                raise RecipeError(f"by_lang.{lang}: its column {name} is {theirs}, the step's is {wanted}{dtype}")


def _build(
    cls: type[Operator],
    parameters: dict[str, Any],
    step: Step,
    located: Located,
    folder: str,
    below: tuple[str, ...] = (),
) -> Operator:
    resolved = dict(parameters)
    for name in path_fields(cls):
        value = resolved.get(name)
        if isinstance(value, str):
            resolved[name] = absolute(value, folder)
        elif isinstance(value, list):
            resolved[name] = [absolute(v, folder) if isinstance(v, str) else v for v in value]
        elif isinstance(value, dict) and "step" not in value:  # a model that a step trains has no path
            resolved[name] = _located(value, folder)
    for name in code_fields(cls):
        file, colon, function = str(resolved.get(name)).rpartition(":")
        if file.endswith(".py"):
            resolved[name] = absolute(file, folder) + colon + function
    try:
        for name in set(glob_fields(cls)) & resolved.keys():
            value = [resolved[name]] if isinstance(resolved[name], str) else resolved[name]
            if isinstance(value, list) and all(isinstance(path, str) for path in value):
                urls = [path for path in value if name in model_globs(cls) and not is_local(path)]
                resolved[name] = urls + [file.url for file in expand((p for p in value if p not in urls), ())]
        return cls.model_validate(resolved)
    except ValidationError as error:
        raise explain(error, cls, located, (*step.place, *below), ".".join([step.operator, *below])) from None
    except RecipeError as error:
        raise located.error(f"{step.operator}: {error}", (*step.place, *below)) from None


def _located(paths: dict[str, Any], folder: str) -> dict[str, Any]:
    """Paths by name (a language, say), also where a name has several of its own; lists are words that need no file."""
    below = ((k, _located(v, folder) if isinstance(v, dict) else v) for k, v in paths.items())
    return {k: absolute(v, folder) if isinstance(v, str) else v for k, v in below}


def _check_common_keys(step: Step, kind: str, located: Located) -> None:
    allowed = {"map": {"where", "label", "by_lang"}, "expand": {"label"}, "merge": {"label"}, "order": {"label"}}.get(
        kind, {"where", "action", "label", "by_lang"}
    )
    if kind == "global":
        allowed.discard("by_lang")
    for key in ("where", "action", "by_lang"):
        if getattr(step, key) is not None and key not in allowed:
            article = "an" if kind in ("expand", "order") else "a"
            raise located.error(
                f"{step.operator}.{key}: {article} {kind} operator does not take it", (*step.place, key)
            )
