"""What steps trained: found by later steps, and published as files."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from datapipe.core.errors import RunFailed
from datapipe.core.operator import Global
from datapipe.core.registry import operators
from datapipe.core.trained import taken_apart
from datapipe.engine.artifact import whole_artifact
from datapipe.engine.names import MODELS, artifact_name
from datapipe.io.store import Store
from datapipe.plan.plan import Plan, StepPlan


def opener(store: Store | None, step: StepPlan, otherwise: Callable[[str], BinaryIO]) -> Callable[[str], BinaryIO]:
    """Opens paths, and the files of models that the step names; FileNotFoundError for a file that a model lacks."""
    keys = dict(step.trained)

    def opened(path: str) -> BinaryIO:
        found = taken_apart(path)
        if found is None:
            return otherwise(path)
        label, name = found
        if store is None or label not in keys:
            raise RunFailed(f"{step.label}: the model of {label} is trained by a run, and there is none yet")
        files = whole_artifact(store, artifact_name(keys[label], label))
        for given, data in zip(files.column("name").to_pylist(), files.column("data"), strict=True):
            if given == name:
                return io.BytesIO(data.as_py())
        known = ", ".join(files.column("name").to_pylist())
        raise FileNotFoundError(f"the model of {label} has no file {name}; it has {known}")

    return opened


def publish_models(store: Store, plan: Plan) -> list[dict[str, Any]]:
    """Write the models of the plan's steps to their folders; what the manifest says of them.

    The folders of models that no step of this plan trains go, if a run made them: they have a card.
    """
    found = []
    for step in _training(plan):
        assert step.artifact is not None
        table = whole_artifact(store, artifact_name(*step.artifact))
        files = []
        for name, value in zip(table.column("name").to_pylist(), table.column("data"), strict=True):
            data: bytes = value.as_py()
            path = f"{MODELS}/{step.label}/{name}"
            with store.create(path) as stream:
                stream.write(data)
            files.append({"path": path, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()})
        found.append({"step": step.label, "files": files})
    ours = {model["step"] for model in found}
    for label in store.names(MODELS):
        if label not in ours and "card.json" in store.names(f"{MODELS}/{label}"):
            store.remove(f"{MODELS}/{label}")
    return found


def _training(plan: Plan) -> Iterator[StepPlan]:
    for step in plan.steps():
        if step.kind == "global":
            cls = operators.get(step.operator)
            if issubclass(cls, Global) and cls.publishes:
                yield step
