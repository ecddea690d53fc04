"""What recipes say about types and what is done to them, in full."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, get_args

from pydantic import WithJsonSchema

from datapipe.core.errors import did_you_mean
from datapipe.core.pii.catalog import TYPES, parent
from datapipe.core.pii.recognizers import Settings, recognizers
from datapipe.core.pii.replacing.treatment import Action, Treatment

_NAME = {"anyOf": [{"enum": list(TYPES)}, {"type": "string", "pattern": rf"^({'|'.join(TYPES)})\.[a-z0-9_]+$"}]}
_TREATMENT = {"anyOf": [{"enum": list(get_args(Action))}, Treatment.model_json_schema(), {"type": "null"}]}
# What a recipe may write; the operator holds the map in full.
Entities = Annotated[
    Mapping[str, Treatment] | None,
    WithJsonSchema(
        {
            "anyOf": [
                {"const": "all"},
                _NAME,
                {"type": "array", "items": _NAME},
                {"type": "object", "propertyNames": _NAME, "additionalProperties": _TREATMENT},
                {"type": "null"},
            ]
        }
    ),
]


def in_full(named: Any, method: str | None) -> dict[str, Any]:
    """The types with what is done to each; ValueError for a name that is none.

    named   None (the types that are personal wherever they stand), `all`, a name, a list of names, or a map
    method  what is done to types to which a map says nothing
    """
    if named is None:
        named = [name for name, kind in TYPES.items() if kind.default]
    elif named in ("all", ["all"], ("all",)):
        named = list(TYPES)
    elif isinstance(named, str):
        named = [named]
    if isinstance(named, Mapping):
        said = {str(name): value for name, value in named.items()}
    elif isinstance(named, list | tuple):
        said = dict.fromkeys(map(str, named))
    else:
        raise ValueError(f"entities: expected types (all, a list, or a map of type to action), not {named!r}")
    if not said:
        raise ValueError("entities: no type is named; leave it out for the usual ones, or take the step away")
    for name in said:
        _check(name)
    otherwise = {} if method is None else {"action": method}
    return {name: _one(name, value, otherwise) for name, value in said.items()}


def _one(name: str, value: Any, otherwise: dict[str, Any]) -> Any:
    if value is None:
        return otherwise
    if isinstance(value, str):
        if value not in get_args(Action):
            raise ValueError(f"entities.{name}: no action {value}{did_you_mean(value, list(get_args(Action)))}")
        return value
    if not isinstance(value, Mapping | Treatment):
        raise ValueError(f"entities.{name}: expected an action or {{action, above, otherwise, …}}, not {value!r}")
    return {**otherwise, **value} if isinstance(value, Mapping) else value


def _check(name: str) -> None:
    if parent(name) not in TYPES:
        raise ValueError(f"entities: no type {name}{did_you_mean(name, list(TYPES))}")
    if "." in name and name not in (kinds := [kind for kind in _kinds() if parent(kind) == parent(name)]):
        raise ValueError(f"entities: no kind {name}{did_you_mean(name, kinds)}; kinds: {', '.join(kinds) or 'none'}")


@cache
def _kinds() -> tuple[str, ...]:
    """All that recognizers tell apart below a type; asked for where a recipe names one, for making them takes time."""
    return tuple(sorted({kind for one in recognizers(TYPES, Settings()) for kind in one.types if "." in kind}))
