"""`read:` of a recipe to a reader, and its inputs to shards."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from datapipe.core.errors import RecipeError, did_you_mean
from datapipe.core.reader import Piece, Reader
from datapipe.core.registry import readers
from datapipe.plan.explain import explain
from datapipe.plan.locate import Located, Place
from datapipe.plan.plan import Shard


def build_reader(read: dict[str, Any], place: Place, located: Located, folder: str) -> Reader:
    """The reader that `read: {jsonl: PATHS, …options}` names, with its paths made absolute."""
    named = [key for key in read if key not in Reader.model_fields and key in readers]
    if len(named) != 1:
        known = readers.names()
        keys = ", ".join(map(str, read)) or "nothing"
        hint = did_you_mean(str(next(iter(read))), known) if len(read) == 1 else f"; known: {', '.join(known)}"
        raise located.error(f"read: expected one reader, found {keys}{hint}", place)
    name = named[0]
    cls: type[Reader] = readers.get(name)
    value = read[name]
    paths = value if isinstance(value, list) else [value]
    if not paths or not all(isinstance(path, str) for path in paths):
        raise located.error(f"read.{name}: expected a path or a list of paths, found {value!r}", (*place, name))
    located_paths = [cls.locate(path, folder) for path in paths]
    options = {key: v for key, v in read.items() if key != name}
    if "paths" in options:
        raise located.error(f"read.paths: the paths stand under {name}:", (*place, "paths"))
    try:
        return cls.model_validate({"paths": located_paths, **options})
    except ValidationError as error:
        raise explain(error, cls, located, place, "read") from None


def list_shards(reader: Reader, dataset: str, target: int, place: Place, located: Located) -> list[Shard]:
    """The reader's pieces, in order, gathered into shards of about `target` bytes on disk."""
    try:
        pieces = reader.pieces(target)
    except RecipeError as error:
        raise located.error(str(error), (*place, reader.name)) from None
    except (ImportError, ValueError, OSError) as error:  # what fsspec says of a protocol, a missing package, a store
        raise located.error(f"read.{reader.name}: {error}", (*place, reader.name)) from None
    shards: list[Shard] = []
    waiting: list[Piece] = []
    weight = 0
    for piece in pieces:
        if waiting and weight + piece.weight > target:
            shards.append(Shard(dataset=dataset, pieces=tuple(waiting)))
            waiting, weight = [], 0
        waiting.append(piece)
        weight += piece.weight
    if waiting:
        shards.append(Shard(dataset=dataset, pieces=tuple(waiting)))
    return shards
