"""What a scorer answers, as numbers: a row for each text, a column for each score."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from datapipe.core.errors import ContractError
from datapipe.core.verdict import Numbers


def numbers_of(answer: Any, rows: int, names: Sequence[str], called: str) -> Numbers:
    """Scores of `rows` texts, shape (rows, names); NaN where there is none.

    answer  a list, array or tensor with a number for each text; of several scores an array (rows, names) or a mapping
            from names to such lists. None is no score
    TypeError for what is no number: a row is to blame. ContractError for another count: the function is.
    """
    if isinstance(answer, Mapping):
        if absent := [name for name in names if name not in answer]:
            raise ContractError(f"{called} gave no {', '.join(absent)}, but {', '.join(map(str, answer))}")
        return np.concatenate([numbers_of(answer[name], rows, (name,), called) for name in names], axis=1)
    found = _array(answer, called)
    if found.ndim == 0 and rows == 1:  # a model's `squeeze()` leaves no axis of one text
        found = found.reshape(1)
    shape = (rows, len(names))
    if found.shape != shape and found.shape != shape[: 1 if len(names) == 1 else 2]:
        wanted = "a number for each" if len(names) == 1 else f"{len(names)} for each: {', '.join(names)}"
        raise ContractError(f"{called} gave {_shape(found)} for {rows} texts; expected {wanted}")
    return found.reshape(shape)


def _array(answer: Any, called: str) -> Numbers:
    if hasattr(answer, "detach"):  # a torch tensor, perhaps on a GPU, of 16 bits, or with a gradient
        answer = answer.detach().cpu().double().numpy()
    if not isinstance(answer, np.ndarray):
        answer = [_no_none(part) for part in answer] if hasattr(answer, "__iter__") else answer
        try:
            answer = np.asarray(answer)
        except ValueError:  # rows of different lengths, of which one may be to blame
            raise TypeError(f"{called} gave lists of different lengths") from None
    if answer.size == 0:
        return np.zeros(answer.shape)
    if answer.dtype.kind not in "fiub":
        strange = next((part for part in answer.ravel().tolist() if not isinstance(part, int | float)), answer.dtype)
        raise TypeError(f"{called} gave {strange!r:.80}; expected numbers")
    numbers: Numbers = answer.astype(np.float64)
    return numbers


def _no_none(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return [_no_none(one) for one in part]
    if hasattr(part, "detach"):
        return part.detach().cpu().double().numpy()
    return math.nan if part is None else part


def _shape(found: Numbers) -> str:
    return f"{len(found)} scores" if found.ndim == 1 else f"an array of shape {found.shape}"
