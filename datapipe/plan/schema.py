"""The JSON Schema of recipes, from the very models that check them, so that an editor completes and checks a recipe."""

from __future__ import annotations

import inspect
from typing import Any

from pydantic.json_schema import models_json_schema

from datapipe.core.condition import Condition
from datapipe.core.registry import operators, readers
from datapipe.plan.recipe import Dataset, Ledger, Recipe, Write
from datapipe.plan.steps import kind_of, orders

_LABEL = {"type": "string", "pattern": r"^[A-Za-z0-9_.-]+$", "description": "the step's name in ledger and report"}


def recipe_schema() -> dict[str, Any]:
    """Draft 2020-12 schema of a recipe: all known operators (plugins included, where loaded) and readers."""
    names = [name for name in operators.names() if name != "unique_ids"]
    models: list[type[Any]] = [
        Recipe,
        Dataset,
        Write,
        Ledger,
        Condition,
        *map(operators.get, names),
        *map(readers.get, readers.names()),
    ]
    by_model, shared = models_json_schema([(m, "validation") for m in models], ref_template="#/$defs/{model}")
    definitions: dict[str, Any] = shared["$defs"]
    inline = {m: definitions[by_model[m, "validation"]["$ref"].rpartition("/")[2]] for m in models}
    condition = by_model[Condition, "validation"]
    steps = [_step(operators.get(name), inline[operators.get(name)], condition) for name in names]
    for key in ("read", "steps"):
        inline[Dataset]["properties"][key] = {"$ref": f"#/$defs/{key}"}
    definitions["steps"] = {"type": "array", "items": {"anyOf": [{"enum": _without_required(names)}, *steps]}}
    definitions["read"] = {"anyOf": [_reader(name, inline[readers.get(name)]) for name in readers.names()]}
    recipe = inline[Recipe]
    write = {"anyOf": [by_model[Write, "validation"], {"type": "array", "items": by_model[Write, "validation"]}]}
    properties = {
        **recipe["properties"],
        "write": write,
        "read": {"$ref": "#/$defs/read"},
        "steps": {"$ref": "#/$defs/steps"},
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "datapipe recipe",
        "type": "object",
        "properties": properties,
        "required": ["write"],
        "oneOf": [{"required": ["datasets"]}, {"required": ["read"]}],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _step(cls: type[Any], parameters: dict[str, Any], condition: dict[str, Any]) -> dict[str, Any]:
    kind = "order" if orders(cls) else kind_of(cls)
    common: dict[str, Any] = {"label": _LABEL}
    if kind not in ("expand", "merge", "order"):
        common["where"] = condition
    if kind in ("filter", "global"):
        common["action"] = {"enum": ["drop", "tag"]}
    if kind in ("filter", "map"):
        common["by_lang"] = {"type": "object", "additionalProperties": {"type": "object"}}
    body = {
        "type": ["object", "null"],
        "properties": {**parameters.get("properties", {}), **common},
        "additionalProperties": parameters.get("additionalProperties", False),
        "description": inspect.getdoc(cls) or "",
    }
    if parameters.get("required"):
        body["required"] = parameters["required"]
    return {"type": "object", "properties": {cls.name: body}, "required": [cls.name], "additionalProperties": False}


def _without_required(names: list[str]) -> list[str]:
    return [n for n in names if not any(f.is_required() for f in operators.get(n).model_fields.values())]


def _reader(name: str, parameters: dict[str, Any]) -> dict[str, Any]:
    options = {key: value for key, value in parameters["properties"].items() if key != "paths"}
    paths = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    return {
        "type": "object",
        "properties": {name: paths, **options},
        "required": [name],
        "additionalProperties": False,
        "description": parameters.get("description", ""),
    }
