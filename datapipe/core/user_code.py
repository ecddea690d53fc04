"""Python code of a user's own: a file or a module by its name, imported once, and known by its digest."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from datapipe.core.errors import RecipeError

FILE_MODULE = "datapipe_plugin_"  # what modules made of files are called, before stem and digest


def import_file(name: str, called: str) -> tuple[ModuleType, str]:
    """The module of a file (an absolute path), and the digest of its code. RecipeError, in `called`'s name, if it fails."""
    path = Path(name)
    if not path.is_file():
        raise RecipeError(f"{called}: no such file")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    module_name = f"{FILE_MODULE}{path.stem}_{digest}"  # the digest: an edited file is another module
    if module_name not in sys.modules:
        spec = importlib.util.spec_from_file_location(module_name, path)
        if spec is None or spec.loader is None:
            raise RecipeError(f"{called}: not a Python file")
        module = importlib.util.module_from_spec(spec)
        sys.modules[module_name] = module
        try:
            spec.loader.exec_module(module)
        except RecipeError:
            del sys.modules[module_name]
            raise
        except (Exception, SystemExit) as error:  # whatever a user's file raises, it is told as their error
            del sys.modules[module_name]
            raise RecipeError(f"{called}: {_where(error, name)}{type(error).__name__}: {error}") from error
    return sys.modules[module_name], digest


def module_digest(module: ModuleType) -> str:
    """Digest of the code that a module stands for, "" for one that has no file.

    A module of a package counts with its whole package, a file with the modules of its folder that it has imported.
    """
    if not module.__name__.startswith(FILE_MODULE):
        top = sys.modules[module.__name__.partition(".")[0]]
        # A folder without __init__.py has no file of its own; a module that is part of Python has none at all.
        return file_digest(getattr(top, "__file__", None) or getattr(module, "__file__", None))
    folder = Path(str(module.__file__)).parent
    files = {Path(str(m.__file__)) for m in list(sys.modules.values()) if getattr(m, "__file__", None)}
    return _digest([Path(str(module.__file__)), *sorted(f for f in files if folder in f.parents and _is_own(f))])


def file_digest(file: str | None) -> str:
    """Digest of a module's file. A package may spread over files: all of them count."""
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
