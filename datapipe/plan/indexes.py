"""Indexes that outlive runs, as a plan finds them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from datapipe.core.dedup.remembering import Remembering
from datapipe.core.errors import RecipeError
from datapipe.core.fingerprint import fingerprint
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
    return IndexPlan(path=operator.index, dump=dump, held=_before(dump, dumps), extend=operator.extend_index)


def is_current(operator: Remembering, plan: IndexPlan) -> bool:
    """Whether a plan made earlier can still be run to its end: other runs may have extended the index since."""
    dumps = read_index(open_store(plan.path), operator)["dumps"]
    if plan.extend:
        return _before(plan.dump, dumps) == plan.held
    return {entry["folder"] for entry in dumps}.issuperset(plan.held)


def _before(dump: str, dumps: list[dict[str, Any]]) -> tuple[str, ...]:
    """The folders of the dumps that came before this one; of all, if it is new."""
    names = [entry["dump"] for entry in dumps]
    return tuple(entry["folder"] for entry in (dumps[: names.index(dump)] if dump in names else dumps))
