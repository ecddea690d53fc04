"""Operators from outside: a file or a module named in the recipe, or an installed package with the entry point."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from datapipe.core.errors import RecipeError

ENTRY_POINTS = "datapipe.operators"
_FILE_MODULE = "datapipe_plugin_"


def load_plugin(name: str) -> str:
    """Import a plugin (an absolute file path, or a module's name) and return the digest of its code."""
    path = Path(name)
    if name.endswith(".py"):
        if not path.is_file():
            raise RecipeError(f"plugin {name}: no such file")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
        module_name = f"{_FILE_MODULE}{path.stem}_{digest}"  # the digest: an edited file is another module
        if module_name not in sys.modules:
            spec = importlib.util.spec_from_file_location(module_name, path)
            if spec is None or spec.loader is None:
                raise RecipeError(f"plugin {name}: not a Python file")
            module = importlib.util.module_from_spec(spec)
            sys.modules[module_name] = module
            try:
                spec.loader.exec_module(module)
            except RecipeError:
                del sys.modules[module_name]
                raise
            except (Exception, SystemExit) as error:  # whatever a user's file raises, it is told as their error
                del sys.modules[module_name]
                raise RecipeError(f"plugin {name}: {_where(error, name)}{type(error).__name__}: {error}") from error
        return digest
    try:
        module = importlib.import_module(name)
    except ImportError as error:
        raise RecipeError(f"plugin {name}: not a file ending in .py, and not an importable module: {error}") from None
    return _digest_of_module(module.__file__)


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
        found.append((entry.module, _digest_of_module(module.__file__)))
    return found


def code_digest(operator: type[Any]) -> str:
    """Digest of the code behind a plugin's operator; "" for built-in ones, whose `version` speaks for them.

    A module of a package counts with its whole package, a file with the modules of its folder that it has imported.
    """
    module = sys.modules[operator.__module__]
    if module.__name__.startswith("datapipe."):
        return ""
    if module.__name__.startswith(_FILE_MODULE):
        folder = Path(str(module.__file__)).parent
        files = {Path(str(m.__file__)) for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
        return _digest([Path(str(module.__file__)), *sorted(f for f in files if folder in f.parents and _is_own(f))])
    return _digest_of_module(sys.modules[module.__name__.partition(".")[0]].__file__)


def load_all(plugins: list[str]) -> list[tuple[str, str]]:
    """Everything a recipe may name: built-in operators, installed packages, then the recipe's own plugins."""
    return sorted({*load_entry_points(), *((name, load_plugin(name)) for name in plugins)})


def _digest_of_module(file: str | None) -> str:
    # A package may spread over files: all of them count.
    if file is None:
        return ""
    path = Path(file)
    return _digest(sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path])


def _digest(files: list[Path]) -> str:
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def _is_own(file: Path) -> bool:
    """Code beside a plugin, not a package installed somewhere below."""
    return file.suffix == ".py" and "site-packages" not in file.parts and not file.name.startswith("conftest")


def _where(error: BaseException, file: str) -> str:
    if isinstance(error, SyntaxError):
        return f"line {error.lineno}: "
    lines = []
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            lines.append(trace.tb_lineno)
        trace = trace.tb_next
    return f"line {lines[-1]}: " if lines else ""
