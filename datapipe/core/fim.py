"""Fill-in-the-middle: a document as prefix, suffix and middle, and back again."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Tokens = npt.NDArray[Any]


class Marks(NamedTuple):
    """What stands before each part: strings in texts, ids among tokens."""

    prefix: Any
    middle: Any
    suffix: Any


def rearranged_text(text: str, first: int, second: int, marks: Marks, spm: bool) -> str:
    """The text cut at two places (of characters), its middle last; `spm`: its suffix first."""
    prefix, middle, suffix = text[:first], text[first:second], text[second:]
    if spm:
        return f"{marks.prefix}{marks.suffix}{suffix}{marks.middle}{prefix}{middle}"
    return f"{marks.prefix}{prefix}{marks.suffix}{suffix}{marks.middle}{middle}"


def restored_text(text: str, marks: Marks) -> str:
    """The text as it was; one that is not rearranged is left as it is. Both orders read alike: prefix, middle, suffix."""
    if not text.startswith(marks.prefix):
        return text
    prefix, _, rest = text.removeprefix(marks.prefix).partition(marks.suffix)
    suffix, _, middle = rest.partition(marks.middle)
    return prefix + middle + suffix


def rearranged_tokens(tokens: Tokens, first: int, second: int, marks: Marks, spm: bool) -> Tokens:
    """The same of tokens."""
    before, middle, suffix = (np.array([mark], tokens.dtype) for mark in marks)
    parts = [before, tokens[:first], suffix, tokens[second:], middle, tokens[first:second]]
    if spm:
        parts = [before, suffix, tokens[second:], middle, tokens[:second]]
    return np.concatenate(parts)


def restored_tokens(tokens: Tokens, marks: Marks) -> Tokens:
    """The tokens of one document, or of one piece of it, as they were."""
    if not len(tokens) or tokens[0] != marks.prefix:
        return tokens
    suffix, middle = (int(np.flatnonzero(tokens == mark)[0]) for mark in (marks.suffix, marks.middle))
    return np.concatenate([tokens[1:suffix], tokens[middle + 1 :], tokens[suffix + 1 : middle]])


def line_starts(text: str) -> list[int]:
    """Where its lines begin, and its end: places at which lines are whole on both sides."""
    starts = [0]
    while (at := text.find("\n", starts[-1])) >= 0:
        starts.append(at + 1)
    return starts if starts[-1] == len(text) else [*starts, len(text)]
