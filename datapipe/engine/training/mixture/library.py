"""PyTorch, where it is installed: the device it computes on, and equal numbers run after run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from datapipe.core.errors import MissingDependency, RecipeError


def library() -> Any:
    """The package torch; a MissingDependency with the pip command where it is absent."""
    try:
        import torch
    except ImportError:
        raise MissingDependency("torch", "mixture", "the transformer that is trained on mixtures") from None
    return torch


def device_of(torch: Any, asked: str) -> str:
    """`auto` is a GPU where there is one, and the CPU elsewhere; a RecipeError for a GPU that is not there."""
    present = bool(torch.cuda.is_available())
    if asked == "cuda" and not present:
        raise RecipeError("device: cuda, and PyTorch sees no GPU here; say `cpu` or `auto`")
    return "cuda" if asked == "cuda" or (asked == "auto" and present) else "cpu"


@contextmanager
def threads(torch: Any, count: int) -> Iterator[None]:
    """So many threads within, as many as before after it: sums over another number of threads round otherwise."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)
