"""Operators from outside: a file or a module named in the recipe, or an installed package with the entry point."""

from __future__ import annotations

import importlib
import inspect
import sys
from importlib.metadata import entry_points
from typing import Any

from datapipe.core.errors import RecipeError
from datapipe.core.user_code import file_digest, import_file, module_digest

ENTRY_POINTS = "datapipe.operators"


def load_plugin(name: str) -> str:
    """Import a plugin (an absolute file path, or a module's name) and return the digest of its code."""
    if name.endswith(".py"):
        return import_file(name, f"plugin {name}")[1]
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise RecipeError(f"plugin {name}: not a file ending in .py, and not an importable module: {error}") from None
    return file_digest(module.__file__)


def load_entry_points() -> list[tuple[str, str]]:
    """Import the operators of installed packages; returns (module, digest) of each, sorted."""
    found = []
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda e: (e.name, e.value)):
        try:
            loaded = entry.load()
        except Exception as error:  # a broken installed package must be named, not traced
            package = entry.dist.name if entry.dist else entry.value
            raise RecipeError(
                f"the installed package {package} offers operators ({entry.value}) but cannot be imported: {error}"
            ) from error
        module = loaded if inspect.ismodule(loaded) else sys.modules[getattr(loaded, "__module__", entry.module)]
        found.append((entry.module, file_digest(module.__file__)))
    return found


def code_digest(operator: type[Any]) -> str:
    """Digest of the code behind a plugin's operator; "" for built-in ones, whose `version` speaks for them."""
    module = sys.modules[operator.__module__]
    return "" if module.__name__.startswith("datapipe.") else module_digest(module)


def load_all(plugins: list[str]) -> list[tuple[str, str]]:
    """Everything a recipe may name: built-in operators, installed packages, then the recipe's own plugins."""
    return sorted({*load_entry_points(), *((name, load_plugin(name)) for name in plugins)})
