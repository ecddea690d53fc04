"""Which steps are audited for bias: those with models, and those the recipe names."""

from __future__ import annotations

from collections.abc import Mapping

from datapipe.core.errors import did_you_mean
from datapipe.core.operator import Operator
from datapipe.core.registry import operators
from datapipe.plan.locate import Located
from datapipe.plan.plan import StepPlan
from datapipe.plan.recipe import Recipe, Step
from datapipe.plan.steps import kind_of


def is_audited(step: StepPlan, operator: Operator, recipe: Recipe) -> bool:
    """Whether this step counts whom it keeps."""
    return operator.audited or not {step.label, step.operator}.isdisjoint(recipe.audit)


def check_audit(steps: Mapping[str, Step], recipe: Recipe, located: Located) -> None:
    """Refuse names in `audit` that no step has, and those of steps that do not judge. `steps`: by label."""
    kinds = {n: kind_of(operators.get(step.operator)) for label, step in steps.items() for n in (label, step.operator)}
    for index, name in enumerate(recipe.audit):
        if name not in kinds:
            raise located.error(
                f"audit: no step is labelled or runs {name}{did_you_mean(name, kinds)}", ("audit", index)
            )
        if kinds[name] not in ("filter", "global"):
            article = "an" if kinds[name] in ("expand", "order") else "a"
            raise located.error(
                f"audit: {name} is {article} {kinds[name]}; only filters keep and drop", ("audit", index)
            )
