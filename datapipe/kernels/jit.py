"""The one decorator of the hot room; the only place in the project that sets a Numba flag."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import llvmlite.binding
import numba
import numpy as np

F = TypeVar("F", bound=Callable[..., object])

_CONFIG: Any = numba.config  # its attributes are made at run time
_njit: Any = numba.njit  # its types leave `_nrt` out

# Numba compares a cached kernel with the file it stands in, and would keep machine code whose helpers changed
# in another file. The stamp of every file of the hot room makes any edit there a cache miss.
_STATS = [path.stat() for path in sorted(Path(__file__).parent.glob("*.py"))]
_STAMP = (max(s.st_mtime for s in _STATS), sum(s.st_size for s in _STATS))
_folders: list[Path] = []  # where Numba keeps the machine code of the kernels imported so far


def cache_folder() -> Path | None:
    """Where machine code is kept; None while no kernel is imported, or without a compiler."""
    return _folders[0] if _folders else None


def cache_stamp() -> list[object]:
    """What machine code depends on beside its arguments: another stamp, and it will be compiled again."""
    return [*_STAMP, numba.__version__, llvmlite.binding.get_host_cpu_name()]


def kernel(function: F) -> F:
    """Compile `function` without the GIL and keep the machine code beside the source (or in NUMBA_CACHE_DIR)."""
    compiled: Any = _plain(function) if _CONFIG.DISABLE_JIT else numba.njit(cache=True, nogil=True)(function)
    cache = getattr(compiled, "_cache", None)
    file = getattr(cache, "_cache_file", None)
    if cache is not None and file is not None:
        file._source_stamp = _STAMP
        _folders.append(Path(cache.cache_path))
    result: F = compiled
    return result


def inlined(function: F) -> F:
    """A helper of kernels, part of their machine code; it may not allocate.

    Without `_nrt=False` a call counts references of every array, atomically (numba issue 2345): cutting `well-known` into
    words took 205 ns with them, 64 without, and takes 48 with all calls inlined.
    """
    if _CONFIG.DISABLE_JIT:
        return _plain(function)
    compiled: Any = _njit(nogil=True, forceinline=True, _nrt=False)(function)
    result: F = compiled
    return result


def _plain(function: F) -> F:
    """Without compilation, let 64-bit hashes wrap around silently as machine code does."""
    wrapped: F = np.errstate(over="ignore")(function)
    return wrapped
