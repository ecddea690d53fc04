"""Operators from their names, in whatever process they are needed."""

from __future__ import annotations

import os
from collections.abc import Iterator

from datapipe.core.context import Context
from datapipe.core.errors import DatapipeError, RecipeError, RunFailed
from datapipe.core.operator import Global, Operator
from datapipe.core.registry import operators
from datapipe.core.seeds import step_seed
from datapipe.engine import beacon
from datapipe.engine.trained import opener
from datapipe.io.model_cache import local_copy
from datapipe.io.opening import open_file
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, StepPlan
from datapipe.plan.plugins import load_all
from datapipe.plan.resources import have_planned_models

WORKER = "DATAPIPE_WORKER"  # in the environment: the number of this worker among those of its pool, from 0
Variants = dict[str, Operator]  # "" is the step's own operator; a language's own thresholds stand under its code


class Operators(dict[tuple[str, int], Variants]):
    """Label and round to operators, each set up when its step first runs in this process."""

    def __init__(self, plan: Plan, store: Store | None = None) -> None:
        super().__init__()
        self._plan = plan
        self._store = store
        self.memory = plan.memory

    def of(self, step: StepPlan) -> Variants:
        """The operators of a step, ready to work."""
        if (step.label, step.round) not in self:
            self[step.label, step.round] = dict(self._built(step))
        return self[step.label, step.round]

    def question(self, step: StepPlan) -> Global:
        """The global operator that a step's round asks."""
        operator = self.of(step)[""]
        assert isinstance(operator, Global)
        return operator

    def _built(self, step: StepPlan) -> Iterator[tuple[str, Operator]]:
        cls: type[Operator] = operators.get(step.operator)
        opened = opener(self._store, step, open_file)
        seed, worker = step_seed(self._plan.seed, step.label), int(os.environ.get(WORKER, "0"))
        context = Context(step.label, seed, opened, self.memory, local_copy, worker, beacon.beat, self._plan.extends)
        for lang, parameters in {"": step.parameters, **(step.by_lang or {})}.items():
            operator = cls.model_validate(parameters)
            have_planned_models(operator.model_files(), self._plan)
            if isinstance(operator, Global):
                operator = operator.rounds()[step.round]
            beacon.at(f"setup of {step.label}")
            try:
                operator.setup(context)
            except RecipeError as error:
                raise RecipeError(f"{step.label}: {error}") from None
            except DatapipeError:
                raise
            except Exception as error:  # a plugin may raise anything; it must be told as its own failure
                raise RunFailed(f"{step.label}: setting up failed: {type(error).__name__}: {error}") from error
            yield lang, operator


def load_operators(plan: Plan, store: Store | None = None) -> Operators:
    """Import the plan's plugins and make its operators available; those that use what the run trains need its folder."""
    load_all([name for name, _ in plan.plugins])
    return Operators(plan, store)
