"""`--set key=value`: change a recipe from the command line, with the same errors as in the file."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.plan.locate import Located
from datapipe.plan.recipe import Recipe, recipe_name

_TOP = (set(Recipe.model_fields) | {"read", "steps"}) - {"from_"}


def apply_overrides(located: Located, settings: tuple[str, ...]) -> None:
    """Change the recipe in place.

    A key is a path in the recipe (`write.path`, `datasets.web.read.jsonl`), or starts with a step's operator or label
    (`gopher_quality.min_words=30` sets it on every such step; `web.03.gopher_quality.min_words=30`, the label that
    reports show, and `datasets.web.steps.c4_quality.end_mark=false` on one). The value is YAML.
    """
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or not key:
            raise RecipeError(f"--set {setting}: expected key=value")
        try:
            parsed = YAML(typ="safe", pure=True).load(value)
        except YAMLError:
            raise RecipeError(f"--set {setting}: the value is not valid YAML") from None
        path = key.split(".")
        if path[0] in _TOP:
            _set(located.data, path, parsed, setting)
            continue
        steps = _steps(located)
        # The longest one that the key begins with: labels may hold dots.
        fitting = [name for name in steps if key == name or key.startswith(f"{name}.")]
        if not fitting:
            said = key.rpartition(".")[0] or key  # what stands before the parameter
            known = {*steps, *_TOP} if "." in said else {name for name in steps if "." not in name} | _TOP
            raise RecipeError(f"--set {setting}: no key or step {said}{did_you_mean(said, known)}")
        name = max(fitting, key=len)
        for steps_list, index in steps[name]:
            _set_in_step(steps_list, index, [p for p in key[len(name) + 1 :].split(".") if p], parsed, setting)


def _steps(located: Located) -> dict[str, list[tuple[list[Any], int]]]:
    """All steps by operator, by label, and by the label that one without gets: each its list and its place there."""
    data = located.data if isinstance(located.data, dict) else {}
    datasets = data.get("datasets")
    owners = {recipe_name(located): data, **(datasets if isinstance(datasets, dict) else {})}
    found: dict[str, list[tuple[list[Any], int]]] = {}
    for dataset, owner in owners.items():
        steps: Any = owner.get("steps") if isinstance(owner, dict) else None
        for index, step in enumerate(steps if isinstance(steps, list) else []):
            names = _names(step)
            label = [f"{dataset}.{index + 1:02d}.{names[0]}"] if len(names) == 1 else []
            for name in (*names, *label):
                found.setdefault(name, []).append((steps, index))
    return found


def _names(step: Any) -> list[str]:
    if isinstance(step, str):
        return [step]
    if isinstance(step, dict) and len(step) == 1:
        ((name, value),) = step.items()
        label = value.get("label") if isinstance(value, dict) else None
        return [str(name), *([str(label)] if label else [])]
    return []


def _named(steps: list[Any], name: str) -> list[tuple[list[Any], int]]:
    return [(steps, index) for index, step in enumerate(steps) if name in _names(step)]


def _set_in_step(steps: list[Any], index: int, path: list[str], value: Any, setting: str) -> None:
    if not path:
        raise RecipeError(f"--set {setting}: names a step, not a parameter of it")
    if isinstance(steps[index], str):
        steps[index] = {steps[index]: {}}
    ((name, parameters),) = steps[index].items()
    if parameters is None:
        parameters = steps[index][name] = {}
    _set(parameters, path, value, setting)


def _set(data: Any, path: list[str], value: Any, setting: str) -> None:
    for depth, part in enumerate(path[:-1]):
        if isinstance(data, list):
            found = _named(data, part)
            if found:
                for steps, index in found:
                    _set_in_step(steps, index, path[depth + 1 :], value, setting)
                return
            if not part.isdigit() or int(part) >= len(data):
                known = {n for step in data for n in _names(step)}
                raise RecipeError(f"--set {setting}: no {part} here{did_you_mean(part, known)}")
            data = data[int(part)]
        elif isinstance(data, dict):
            data = data.setdefault(part, {})
        else:
            raise RecipeError(f"--set {setting}: {'.'.join(path[:depth])} is not a mapping")
    if isinstance(data, list) and path[-1].isdigit() and int(path[-1]) < len(data):
        data[int(path[-1])] = value
    elif isinstance(data, dict):
        data[path[-1]] = value
    else:
        raise RecipeError(f"--set {setting}: {'.'.join(path[:-1])} is not a mapping")
