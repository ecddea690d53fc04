"""Parameters that name files: how an operator declares them, and how the compiler finds them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BaseModel

from datapipe.core.trained import TrainedModel


class _FileMarker:
    """Marks a parameter as a path: relative to the recipe, checked and digested before work starts."""

    def __init__(self, glob: bool = False, model: bool = False) -> None:
        self.glob = glob  # the recipe may give globs and folders; the operator gets the files they mean
        self.model = model  # a URL is fetched once, if the recipe allows it, and read from this machine's disk


class _CodeMarker:
    """Marks a parameter as package.module:function, or FILE.py:function with a path relative to the recipe."""


class _FolderMarker:
    """Marks a parameter as the path of a folder that a run reads and writes: relative to the recipe, made when absent."""


FilePath = Annotated[str, _FileMarker()]
FolderPath = Annotated[str, _FolderMarker()]
FileGlob = Annotated[str, _FileMarker(glob=True)]
CodeName = Annotated[str, _CodeMarker()]
ModelPath = Annotated[str, _FileMarker(model=True)]
ModelGlob = Annotated[str, _FileMarker(glob=True, model=True)]


def given_paths(operator: BaseModel, models: bool = False) -> tuple[str, ...]:
    """The files that an operator's parameters name, or of these the models; not those that a run will train."""
    found: list[str] = []
    for name, field in type(operator).model_fields.items():
        value = getattr(operator, name)
        marks = [mark for mark in _metadata(field) if isinstance(mark, _FileMarker) and (mark.model or not models)]
        if value is None or isinstance(value, TrainedModel) or not marks:
            continue
        if isinstance(value, Mapping):  # by language, beside lists written in the recipe
            found.extend(path for path in value.values() if isinstance(path, str))
        else:
            found.extend([value] if isinstance(value, str) else value)
    return tuple(found)


def path_fields(operator: type[BaseModel]) -> list[str]:
    """Parameters that hold paths, which a recipe gives relative to itself."""
    kinds = (_FileMarker, _FolderMarker)
    return [n for n, f in operator.model_fields.items() if any(isinstance(m, kinds) for m in _metadata(f))]


def code_fields(operator: type[BaseModel]) -> list[str]:
    """Parameters that name a function of a user's own."""
    fields = operator.model_fields.items()
    return [n for n, f in fields if any(isinstance(m, _CodeMarker) for m in _metadata(f))]


def glob_fields(operator: type[BaseModel]) -> list[str]:
    """Those among them in which a recipe may give globs and folders."""
    fields = operator.model_fields.items()
    return [n for n, f in fields if any(isinstance(m, _FileMarker) and m.glob for m in _metadata(f))]


def model_globs(operator: type[BaseModel]) -> list[str]:
    """Those among them that mean models: a URL there is one file, which is fetched and not listed."""
    fields = operator.model_fields.items()
    return [n for n, f in fields if any(isinstance(m, _FileMarker) and m.glob and m.model for m in _metadata(f))]


def _metadata(field: Any) -> list[Any]:
    """Markers of a field, also inside `list[FilePath]`, `Mapping[str, FilePath]` and `FilePath | None`."""
    out = list(field.metadata)
    pending = [field.annotation]
    while pending:
        annotation = pending.pop()
        out.extend(getattr(annotation, "__metadata__", ()))
        pending.extend(a for a in getattr(annotation, "__args__", ()) if a is not annotation)
    return out
