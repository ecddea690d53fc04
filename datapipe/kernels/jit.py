"""The one decorator of the hot room; the only place in the project that sets a Numba flag."""

from collections.abc import Callable
from typing import TypeVar

import numba

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile `function` without the GIL and keep the machine code beside the source (or in NUMBA_CACHE_DIR)."""
    compiled: F = numba.njit(cache=True, nogil=True)(function)
    return compiled


def inlined(function: F) -> F:
    """A kernel small enough that its callers should absorb it: LLVM inlines it, nothing is cached for it alone."""
    compiled: F = numba.njit(nogil=True, inline="never")(function)
    return compiled
