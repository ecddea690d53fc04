"""Indexes that outlive runs, as a plan finds them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
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
    """The dumps an index holds before this one. `inputs`: what is read, which names the dump whatever the recipe does.

    RecipeError if a dump that the index holds was made of some of these inputs and of others: compared with it, what both
    read would be dropped as held.
    """
    assert operator.index is not None
    names = tuple(sorted({fingerprint(name)[:12] for name in inputs}))
    dumps = read_index(open_store(operator.index), operator)["dumps"]
    for entry in dumps:
        shared = set(names).intersection(entry["inputs"])
        if shared and len(shared) < len(entry["inputs"]):
            raise RecipeError(
                f"the index {operator.index} holds a dump of {len(entry['inputs'])} files, of which this run reads "
                f"{len(shared)} again; read all of them, and it takes that dump's place, or none"
            )
    return IndexPlan(
        path=operator.index,
        inputs=names,
        dump=fingerprint(names),
        held=tuple(entry["folder"] for entry in dumps_before(names, dumps)),
        extend=operator.extend_index,
    )


def is_current(operator: Remembering, plan: IndexPlan) -> bool:
    """Whether a plan made earlier can still be run to its end: other runs may have extended the index since."""
    dumps = read_index(open_store(plan.path), operator)["dumps"]
    if plan.extend:
        return tuple(entry["folder"] for entry in dumps_before(plan.inputs, dumps)) == plan.held
    return {entry["folder"] for entry in dumps}.issuperset(plan.held)


def dumps_before(inputs: Iterable[str], dumps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The dumps that came before the one of these inputs, or of some of them; all, if it is new."""
    here = set(inputs)
    return list(takewhile(lambda entry: not here.issuperset(entry["inputs"]), dumps))
