"""`--set key=value`: change a recipe from the command line, with the same errors as in the file."""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.plan.locate import Located
from datapipe.plan.recipe import Recipe

_TOP = (set(Recipe.model_fields) | {"read", "steps"}) - {"from_"}


def apply_overrides(located: Located, settings: tuple[str, ...]) -> None:
    """Change the recipe in place.

    A key is a path in the recipe (`write.path`, `datasets.web.read.jsonl`), or starts with a step's operator or label
    (`gopher_quality.min_words=30` sets it on every such step; `datasets.web.steps.c4_quality.end_mark=false` on one
    dataset's). The value is YAML.
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
        name = _longest_name(located.data, key)
        path = [name, *key[len(name) + 1 :].split(".")] if name else path
        steps = [s for steps in _step_lists(located.data) for s in _named(steps, path[0])]
        if not steps:
            known = {n for steps in _step_lists(located.data) for s in steps for n in _names(s)} | _TOP
            raise RecipeError(f"--set {setting}: no key or step {path[0]}{did_you_mean(path[0], known)}")
        for steps_list, index in steps:
            _set_in_step(steps_list, index, [part for part in path[1:] if part], parsed, setting)


def _longest_name(data: Any, key: str) -> str | None:
    """The longest operator or label that a key begins with: labels may hold dots."""
    names = {name for steps in _step_lists(data) for step in steps for name in _names(step)}
    return max((n for n in names if key == n or key.startswith(f"{n}.")), key=len, default=None)


def _step_lists(data: Any) -> list[list[Any]]:
    if not isinstance(data, dict):
        return []
    datasets = data.get("datasets")
    owners = [data, *(datasets.values() if isinstance(datasets, dict) else [])]
    return [owner["steps"] for owner in owners if isinstance(owner, dict) and isinstance(owner.get("steps"), list)]


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
