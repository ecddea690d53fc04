"""Pydantic's findings as lines a person can act on: file, line, what was found, the nearest right name."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic import BaseModel, RootModel, ValidationError

from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.plan.locate import Located, Place

# Containers by YAML's words, not by Python's.
_EXPECTED = {
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": "a mapping",
    "too_short": "one entry at least",
    "string_type": "a string",
}
_FORMS = {
    "^[A-Za-z0-9_-]+$": "a name of letters A to Z, digits, _ and -",
    "^[A-Za-z0-9_.-]+$": "a name of letters A to Z, digits, _, - and .",
    "^/": "an absolute path",
}


def explain(
    error: ValidationError,
    model: type[BaseModel],
    located: Located,
    place: Place = (),
    prefix: str = "",
    hide: int = 0,
) -> RecipeError:
    """One RecipeError for all findings.

    place   where the validated value stands     prefix  how messages call it
    hide    leading location parts that the user did not write (the short form's dataset)
    """
    lines = []
    for found in error.errors(include_url=False):
        path = tuple(part for part in found["loc"] if not _is_branch(part))
        parent, last = path[:-1], path[-1] if path else ""
        written = path[hide:] if hide and path[:1] == ("datasets",) else path
        name = ".".join([prefix, *map(str, written)]).strip(".")
        here = (*place, *path)
        line = located.line(here)
        where = f"{located.file}:{line}: " if line else f"{located.file}: "
        lines.append(f"{where}{name}{': ' if name else ''}{_sentence(found, str(last), _model_at(model, parent))}")
    return RecipeError("\n".join(dict.fromkeys(lines)))


def _is_branch(part: Any) -> bool:
    # Union branches and validators appear in locations as type names, which nobody wrote.
    return isinstance(part, str) and ("[" in part or part in ("str", "int", "float", "bool", "constrained-str"))


def _sentence(found: Any, last: str, model: type[BaseModel] | None) -> str:
    kind = found["type"]
    if kind == "extra_forbidden":
        names = [f.alias or n for n, f in model.model_fields.items()] if model else []
        return f"unknown{did_you_mean(last, names)}" if names else "unknown; this takes no parameters"
    if kind == "missing":
        return "missing"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind]}, found {found['input']!r}"
    if kind == "string_pattern_mismatch":
        pattern = found["ctx"]["pattern"]
        return f"expected {_FORMS.get(pattern, f'a text of the form {pattern}')}, found {found['input']!r}"
    message: str = found["msg"].removeprefix("Value error, ")
    message = message.removeprefix("Input should be ")
    if kind == "value_error":
        return message
    return f"expected {message}, found {found['input']!r}"


def _model_at(model: type[BaseModel], path: tuple[Any, ...]) -> type[BaseModel] | None:
    """The model that holds the key at the end of `path`, following fields, lists and mappings."""
    current: Any = model
    for part in path:
        if not isinstance(current, type) or not issubclass(current, BaseModel):
            current = _named(current, part) or _inner(current)
            continue
        if issubclass(current, RootModel):
            current = _inner(current.model_fields["root"].annotation)
            continue
        for name, field in current.model_fields.items():
            if part in (name, field.alias):
                current = field.annotation
                break
        else:
            if "__pydantic_extra__" not in inspect.get_annotations(current):
                return None
            # Keys of any name with values of one type, as in `select`.
            current = inspect.get_annotations(current, eval_str=True)["__pydantic_extra__"]
        if not isinstance(current, type):
            current = _inner(current, keep=True)
    current = _inner(current)
    return current if isinstance(current, type) and issubclass(current, BaseModel) else None


def _named(annotation: Any, part: Any) -> type[BaseModel] | None:
    """The model of a union whose `name` is this part of the path."""
    models = (a for a in getattr(annotation, "__args__", ()) if isinstance(a, type) and issubclass(a, BaseModel))
    return next((m for m in models if "name" in m.model_fields and m.model_fields["name"].default == part), None)


def _inner(annotation: Any, keep: bool = False) -> Any:
    """The first model inside a container annotation; with `keep`, the annotation itself when it is a container."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if keep and getattr(annotation, "__args__", None):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        model = _inner(argument)
        if model is not None:
            return model
    return None
