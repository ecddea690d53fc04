"""Steps that use what earlier steps of the same recipe train."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from datapipe.core.errors import did_you_mean
from datapipe.core.operator import Global, Operator
from datapipe.plan.locate import Located
from datapipe.plan.plan import StepPlan
from datapipe.plan.recipe import Step

_Models = dict[
    str, tuple[str, int]
]  # label → key of the stage at whose barrier it is trained, and its vocabulary's size


@dataclass
class Trained:
    """The models trained by the steps planned so far."""

    models: _Models = field(default_factory=dict)

    def add(self, plan: StepPlan, operator: Operator) -> None:
        """A step whose barrier is placed."""
        if isinstance(operator, Global) and operator.publishes and plan.artifact is not None:
            self.models[plan.label] = (plan.artifact[0], getattr(operator, "vocab_size", 0))

    def resolved(self, step: Step, located: Located) -> Step:
        """The step with what is known of the models it names."""
        known = self._known(step, step.parameters, located, ())
        by_lang = {
            lang: self._known(step, own, located, ("by_lang", lang)) for lang, own in (step.by_lang or {}).items()
        }
        return replace(step, parameters=known, by_lang=by_lang or step.by_lang)

    def _known(
        self, step: Step, parameters: dict[str, Any], located: Located, place: tuple[str, ...]
    ) -> dict[str, Any]:
        known = dict(parameters)
        for name, label in _named(parameters):
            if label not in self.models:
                hint = did_you_mean(label, self.models) or "; no step before this one trains a model"
                told = ".".join((step.operator, *place, name))
                raise located.error(
                    f"{told}: no earlier step {label} trains a model{hint}", (*step.place, *place, name, "step")
                )
            known[name] = {"step": label, "vocab_size": self.models[label][1]}
        return known

    def keyed(self, plan: StepPlan) -> StepPlan:
        """The plan of a step, with where the models it names are trained: its key must change with them."""
        named = [label for own in (plan.parameters, *(plan.by_lang or {}).values()) for _, label in _named(own)]
        found = tuple((label, self.models[label][0]) for label in dict.fromkeys(named))
        return plan.model_copy(update={"trained": found}) if found else plan


def _named(parameters: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in parameters.items():
        if isinstance(value, dict) and isinstance(value.get("step"), str) and set(value) <= {"step", "vocab_size"}:
            yield name, value["step"]
