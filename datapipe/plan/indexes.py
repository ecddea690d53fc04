"""Indexes that outlive runs, as a plan finds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datapipe.core.errors import RecipeError
from datapipe.core.fingerprint import fingerprint
from datapipe.core.remembering import Remembering
from datapipe.io.store import Store, open_store
from datapipe.plan.plan import IndexPlan

INDEX = "index.json"
FORMAT = 1


def read_index(store: Store, operator: Remembering) -> dict[str, Any]:
    """What `index.json` says, or what it would say of an empty index. RecipeError if another question made it."""
    made_by: dict[str, Any] = {"operator": operator.name, "version": operator.version, "keyed_by": operator.keyed_by()}
    try:
        found: dict[str, Any] = store.read_json(INDEX)
    except FileNotFoundError:
        return {"format": FORMAT, **made_by, "dumps": []}
    except (ValueError, OSError) as error:
        raise RecipeError(f"the index {store.url(INDEX)} cannot be read: {error}") from None
    if found.get("format") != FORMAT:
        raise RecipeError(f"the index {store.root} has the format {found.get('format')}, this datapipe reads {FORMAT}")
    then, now = ({**x["keyed_by"], "operator": x["operator"], "version": x["version"]} for x in (found, made_by))
    for name in {**then, **now}:
        if then.get(name) != now.get(name):
            raise RecipeError(
                f"the index {store.root} was made with {name} {then.get(name)}, this step has {now.get(name)}; "
                "give it the same parameters, or another index"
            )
    return found


def plan_index(operator: Remembering, inputs: Iterable[str]) -> IndexPlan:
    """The dumps an index holds before this one. `inputs`: what is read, which names the dump whatever the recipe does."""
    assert operator.index is not None
    dump = fingerprint(sorted(set(inputs)))
    dumps = read_index(open_store(operator.index), operator)["dumps"]
    names = [entry["dump"] for entry in dumps]
    before = dumps[: names.index(dump)] if dump in names else dumps
    held = tuple(entry["folder"] for entry in before)
    return IndexPlan(path=operator.index, dump=dump, held=held, extend=operator.extend_index)
