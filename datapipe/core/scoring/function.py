"""A scorer by its name: found before any work, built once a worker."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec
from typing import Any, NamedTuple

import orjson

from datapipe.core.errors import DatapipeError, RecipeError, RunFailed
from datapipe.core.user_code import import_file, module_digest

Call = Callable[..., Any]


class Function(NamedTuple):
    """What a name means.

    call    the function itself, or what makes the scorer: a class, or a function of keywords alone
    makes   whether `call` makes the scorer, once a worker
    device  whether it takes the keyword `device`
    digest  of the code around it
    """

    call: Call
    makes: bool
    device: bool
    digest: str


def file_of(name: str) -> str | None:
    """The file in FILE.py:function; None where a module is named."""
    file = name.rpartition(":")[0]
    return file if file.endswith(".py") else None


def find(name: str) -> Function:
    """Import what a name means. RecipeError, one line, for what is not there, cannot be imported or cannot be called."""
    place, _, attribute = name.rpartition(":")
    try:
        if file_of(name):
            module, _ = import_file(place, f"function: {place}")
        else:
            module = importlib.import_module(place)
    except ImportError as error:
        raise RecipeError(f"function: {place} cannot be imported: {error}{_advice(error)}") from None
    except RecipeError as error:
        raise RecipeError(f"{error}{_advice(error.__cause__)}") from None
    except Exception as error:  # noqa: BLE001  # a module of a user's own may raise anything
        raise RecipeError(f"function: {place} cannot be imported: {type(error).__name__}: {error}") from None
    call = getattr(module, attribute, None)
    if not callable(call):
        found = f"{place} has nothing of that name" if call is None else f"it is {type(call).__name__}, not callable"
        raise RecipeError(f"function: {name}: {found}")
    try:
        parameters = inspect.signature(call).parameters.values()
    except ValueError:  # some of C have none
        return Function(call, inspect.isclass(call), False, module_digest(module))
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    texts = any(p.kind in (*positional, inspect.Parameter.VAR_POSITIONAL) for p in parameters)
    device = any(p.name == "device" for p in parameters)
    return Function(call, inspect.isclass(call) or not texts, device, module_digest(module))


def check_call(name: str, found: Function, columns: tuple[str, ...], keywords: tuple[str, ...]) -> None:
    """RecipeError if the function takes no such columns or keywords."""
    given = () if found.makes else columns
    try:
        inspect.signature(found.call).bind(*given, **dict.fromkeys((*keywords, *(["device"] if found.device else []))))
    except TypeError as error:
        what = f"columns [{', '.join(given)}] and " if given else ""
        raise RecipeError(f"function: {name}: {error}; it gets {what}parameters [{', '.join(keywords)}]") from None
    except ValueError:
        return


def scorer(name: str, device: str, worker: int, keywords: Mapping[str, Any]) -> Call:
    """What is called with texts; what has to be built is built once a process for equal keywords."""
    found = find(name)
    if found.device:
        keywords = {**keywords, "device": device_of(device, worker)}
    try:
        return _scorer(found.call, found.makes, orjson.dumps(keywords, option=orjson.OPT_SORT_KEYS))
    except DatapipeError:
        raise
    except ImportError as error:
        raise RunFailed(f"function: {name}: {error}{_advice(error)}") from error


@cache
def _scorer(call: Call, makes: bool, keywords: bytes) -> Call:
    given = orjson.loads(keywords)
    if makes:
        made: Call = call(**given)
        if not callable(made):
            raise RunFailed(
                f"function: {getattr(call, '__name__', call)} made {type(made).__name__}, which cannot be called with "
                "texts; its parameters are keywords alone, so it is taken for what makes the scorer"
            )
        return made
    return lambda *columns: call(*columns, **given)


def device_of(asked: str, worker: int) -> str:
    """cpu, or the worker's GPU: workers take those of their machine in turn. auto: a GPU where torch finds one.

    RunFailed where a GPU is asked for and torch finds none.
    """
    if asked not in ("auto", "cuda") or find_spec("torch") is None:
        return "cpu" if asked == "auto" else asked
    import torch

    if not torch.cuda.is_available():
        if asked == "auto":
            return "cpu"
        raise RunFailed("device: cuda: torch finds no GPU on this machine; device: auto takes one where there is one")
    return f"cuda:{worker % torch.cuda.device_count()}"


def _advice(error: BaseException | None) -> str:
    """The command that brings an absent package."""
    absent = isinstance(error, ModuleNotFoundError) and error.name
    return f"; install it: pip install {str(absent).partition('.')[0]}" if absent else ""
