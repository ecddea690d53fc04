"""Compile once: the driver runs the plan's operators on a few rows, so that workers find the machine code on disk."""

from __future__ import annotations

import contextlib

import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.fingerprint import fingerprint
from datapipe.core.operator import Expand, Filter, Global, Map, Merge, Operator, Order
from datapipe.core.registry import operators as registry
from datapipe.engine.asking import ask
from datapipe.engine.build import Operators
from datapipe.kernels.jit import cache_folder, cache_stamp
from datapipe.plan.plan import Plan, StepPlan
from datapipe.plan.steps import columns_after

_TEXTS = [
    *["The first line of a document.\nAnd the second one. It is there twice, for what is said of copies."] * 2,
    "Ein zweites, mit Umlauten: äöü. 漢字",
    "",
]


def warm_up(plan: Plan, operators: Operators) -> None:
    """Compile every kernel of the plan, unless that was done before: a marker lies beside Numba's own files.

    An operator that dislikes the rows is not at fault here.
    """
    steps = [sketch.step for stage in plan.stages for sketch in stage.sketches] + plan.steps()
    for step in steps:
        registry.get(step.operator)  # importing an operator imports its kernels
    folder = cache_folder()
    if folder is None:
        return
    marker = folder / f"warm-{fingerprint([cache_stamp(), *([s.operator, s.version, s.parameters] for s in steps)])}"
    if marker.exists():
        return
    _compile(plan, operators)
    with contextlib.suppress(OSError):  # without a marker the next run compiles, or finds compiled, once more
        marker.touch()


def _compile(plan: Plan, operators: Operators) -> None:
    seen: set[str] = set()
    for stage in plan.stages:
        for lane in stage.lanes:
            schema = plan.stage(lane.input).rows if lane.input else lane.reader.rows if lane.reader else stage.rows
            for link in lane.chain:
                if link.step is None:
                    schema = link.align
                    continue
                cls: type[Operator] = registry.get(link.step.operator)
                if link.step.label not in seen and cls.compiles and not link.step.trained:
                    _run_once(link.step, operators, _rows(schema))
                seen.add(link.step.label)
                schema = columns_after(schema, link.step, cls.model_validate(link.step.parameters))


def _run_once(step: StepPlan, operators: Operators, batch: pa.RecordBatch) -> None:
    for operator in operators.of(step).values():
        with contextlib.suppress(Exception):  # real rows will be judged by the runner, with all its care
            if isinstance(operator, Global):
                rounds = [step.model_copy(update={"round": n}) for n in range(step.round + 1)]
                _, operator = ask([operators.question(one) for one in rounds], [batch])
            _try(operator, batch)


def _try(operator: Operator, batch: pa.RecordBatch) -> None:
    if isinstance(operator, Filter):
        operator.judge(batch)
    elif isinstance(operator, Map):
        operator.apply(batch)
    elif isinstance(operator, Expand):
        operator.expand(batch)
    elif isinstance(operator, Order):
        operator.place(batch)
    elif isinstance(operator, Merge):
        operator.merge(batch.filter(pa.array(operator.judge(batch).keep)))


def _rows(schema: pa.Schema) -> pa.RecordBatch:
    n = len(_TEXTS)
    columns = {
        ADDR: pa.array(range(n), pa.uint64()),
        "id": pa.array([str(i) for i in range(n)]),
        "text": pa.array(_TEXTS, pa.large_string()),
        "source": pa.array(["warm"] * n),
        "url": pa.array(["https://www.example.com/page"] * n),
        "lang": pa.array(["en"] * n),
    }
    arrays = [columns[f.name] if f.name in columns else _made_up(n, f.type) for f in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _made_up(n: int, dtype: pa.DataType) -> pa.Array:
    """Nulls, but lists of whole numbers (tokens) have some."""
    if pa.types.is_list(dtype) and pa.types.is_integer(dtype.value_type):
        return pa.array([[1, 2, 3]] * n, dtype)
    return pa.nulls(n, dtype)
