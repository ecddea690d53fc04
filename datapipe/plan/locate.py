"""YAML with its line numbers, so that every error can say where."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from datapipe.core.errors import RecipeError

Place = tuple[str | int, ...]


@dataclass
class Located:
    """Plain data, and the line (from 1) of every key and list item, by its path."""

    file: str
    data: Any
    lines: dict[Place, int] = field(default_factory=dict)

    def line(self, path: Place) -> int | None:
        """The line of a path, or of its nearest ancestor that has one (a value set by `--set` has none)."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def error(self, message: str, path: Place = ()) -> RecipeError:
        """A RecipeError at this place."""
        return RecipeError(message, self.file, self.line(path))


def load(file: str) -> Located:
    """Read a recipe file. YAML 1.2: `no` is a language, not False."""
    path = Path(file)
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        near = sorted(p.name for p in path.parent.glob("*.y*ml")) if path.parent.is_dir() else []
        hint = f"; recipes there: {', '.join(near[:8])}" if near else ""
        raise RecipeError(f"{file}: no such file{hint}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file}: cannot be read as a UTF-8 text file: {error}") from None
    return parse(text, file)


def parse(text: str, file: str) -> Located:
    """Read a recipe's text."""
    yaml = YAML(typ="rt", pure=True)
    try:
        tree = yaml.load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = (error.problem or "cannot be parsed").split("\n")[0]
        raise RecipeError(f"not valid YAML: {said}", file, mark.line + 1 if mark else None) from None
    except YAMLError as error:
        raise RecipeError(f"not valid YAML: {error}", file) from None
    located = Located(file, None, {(): 1})
    located.data = _plain(tree, (), located)
    return located


def _plain(node: Any, path: Place, located: Located) -> Any:
    lines = located.lines
    if isinstance(node, dict):
        out = {}
        for key, value in node.items():
            name = _key(key)
            if hasattr(node, "lc") and key in (node.lc.data or {}):
                lines[(*path, name)] = node.lc.data[key][0] + 1
            out[name] = _plain(value, (*path, name), located)
        return out
    if isinstance(node, list):
        for i in range(len(node)):
            if hasattr(node, "lc") and i in (node.lc.data or {}):
                lines[(*path, i)] = node.lc.data[i][0] + 1
        return [_plain(value, (*path, i), located) for i, value in enumerate(node)]
    if isinstance(node, bool) or node is None:
        return node
    if isinstance(node, int) and not -(2**63) <= node < 2**63:
        raise located.error(f"the number {node} does not fit into 64 bits", path)
    for scalar in (int, float, str):  # ruamel's scalars are subclasses that carry their formatting
        if isinstance(node, scalar):
            return scalar(node)
    return str(node)  # a date, say: recipes have no use for any other scalar


def _key(key: Any) -> str:
    """A key as it was written: YAML reads the keys of `{null: true}` and `{1: a}` as other things than strings."""
    if key is None:
        return "null"
    return str(key).lower() if isinstance(key, bool) else str(key)
