"""One plan for all members of a job array: the first one lists the inputs, the others take its plan as it is."""

from __future__ import annotations

import time
from pathlib import Path

from pydantic import ValidationError

from datapipe import __version__
from datapipe.core.dedup.remembering import Remembering
from datapipe.core.fingerprint import fingerprint
from datapipe.core.registry import operators
from datapipe.engine.admission import entered
from datapipe.engine.names import LOCKS
from datapipe.io.store import Store
from datapipe.plan.compile import compile_recipe
from datapipe.plan.indexes import is_current
from datapipe.plan.locate import Located
from datapipe.plan.plan import Plan, StepPlan
from datapipe.plan.plugins import load_all
from datapipe.plan.recipe import absolute, read_recipe
from datapipe.plan.resources import file_digest
from datapipe.plan.stage_key import FORMAT


def output_folder(located: Located) -> str:
    """The run folder that a recipe names: its first output."""
    return absolute(read_recipe(located).write[0].path, str(Path(located.file).resolve().parent))


def pinned_plan(located: Located, store: Store) -> Plan:
    """The plan of a recipe as the first member found it; it stays so for members that come after the run's end.

    2,000 members would otherwise list the inputs 2,000 times, and files that arrive meanwhile would give them different
    plans. A changed recipe, plugin, model, index or version of datapipe is another plan.
    """
    name = _name(located)
    if (plan := _read(store, name)) is not None:
        return plan
    with entered(store):  # a driver that ends would sweep away what is being written here
        while True:
            with store.alone(f"{LOCKS}/{Path(name).stem}") as alone:
                if alone:
                    plan = _read(store, name)
                    if plan is None:
                        plan = compile_recipe(located)
                        store.write_report(name, plan.model_dump(mode="json"))
                    return plan
            time.sleep(0.5)


def pinned(located: Located, store: Store) -> Plan | None:
    """The plan that members of this recipe have pinned, if any has."""
    return _read(store, _name(located))


def inputs_changed(plan: Plan, now: Plan) -> bool:
    """Whether an input of a plan is gone or another one now, so that it cannot be run to its end; new ones do no harm."""
    then, there = ({(p.url, p.version) for shard in x.shards for p in shard.pieces} for x in (plan, now))
    return not then <= there


def unpin(located: Located, store: Store) -> None:
    """Let the next member list the inputs anew."""
    store.remove(_name(located))


def _name(located: Located) -> str:
    digest = fingerprint([__version__, FORMAT, str(Path(located.file).resolve()), located.data])
    return f"work/pin-{digest}.json"


def _read(store: Store, name: str) -> Plan | None:
    report = store.read_report(name)
    if report is None:
        return None
    try:
        plan = Plan.model_validate(report)
    except ValidationError:
        return None
    if load_all([plugin for plugin, _ in plan.plugins]) != list(plan.plugins):
        return None
    if not all(file_digest(r.path) == (r.sha256, r.bytes) for r in plan.resources):
        return None
    return plan if all(map(_index_is_current, plan.steps())) else None


def _index_is_current(step: StepPlan) -> bool:
    if step.index is None:
        return True
    operator = operators.get(step.operator).model_validate(step.parameters)
    assert isinstance(operator, Remembering)
    return is_current(operator, step.index)
