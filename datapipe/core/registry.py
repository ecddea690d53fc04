"""Names to classes. Classes register by being defined; built-in ones are found by importing every module of a package."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from typing import Any

from datapipe.core.errors import RecipeError, did_you_mean


class Registry:
    """One namespace of named classes, filled from a package and from plugins."""

    def __init__(self, kind: str, package: str) -> None:
        self.kind = kind
        self._package = package
        self._classes: dict[str, type[Any]] = {}
        self._discovered = False

    def add(self, name: str, cls: type[Any]) -> None:
        """Take a class under its name; another class of that name is an error that names both places."""
        if not cls.__module__.startswith(self._package):
            self._import(name)  # so that a plugin cannot take a built-in name unseen
        old = self._classes.get(name)
        if old is not None and _place(old) != _place(cls):
            raise RecipeError(f"two {self.kind}s are called {name}: {_place(old)} and {_place(cls)}; rename one")
        self._classes[name] = cls

    def get(self, name: str) -> type[Any]:
        """The class of this name, or a RecipeError with the nearest known name."""
        if name not in self._classes:
            self._import(name)
        if name not in self._classes:
            self._discover()
        if name not in self._classes:
            raise RecipeError(f"{name}: unknown {self.kind}{did_you_mean(name, self._classes)}")
        return self._classes[name]

    def forget(self, modules: set[str]) -> None:
        """Take out the classes that these modules defined."""
        self._classes = {name: cls for name, cls in self._classes.items() if cls.__module__ not in modules}

    def __contains__(self, name: str) -> bool:
        try:
            self.get(name)
        except RecipeError:
            return False
        return True

    def names(self) -> list[str]:
        """All known names, sorted."""
        self._discover()
        return sorted(self._classes)

    def _import(self, name: str) -> None:
        """A built-in class mostly stands in the module of its name: then nothing else need be imported (Numba, say)."""
        module = f"{self._package}.{name}"
        if name.isidentifier() and importlib.util.find_spec(module) is not None:
            importlib.import_module(module)

    def _discover(self) -> None:
        if self._discovered:
            return
        self._discovered = True
        package = importlib.import_module(self._package)
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            importlib.import_module(f"{self._package}.{module}")


def _place(cls: type[Any]) -> str:
    # A class made from a function (per_document) is placed where the function stands.
    source = getattr(cls, "defined_in", None)
    if source is not None:
        return str(source)
    try:
        return f"{inspect.getsourcefile(cls)}:{cls.__qualname__}"
    except TypeError:
        return f"{cls.__module__}:{cls.__qualname__}"


operators = Registry("operator", "datapipe.ops")
readers = Registry("reader", "datapipe.io.readers")
