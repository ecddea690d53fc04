"""Names in a picture of a schedule: fit to be shown, and placed so that none covers another."""

from __future__ import annotations

import re
from collections.abc import Iterable

MOST = 48  # characters of a name in a picture; tables have all of it
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")  # XML has none of them; terminals obey them


def called(group: str) -> str:
    """A group's name, which may come from data, as one line of signs that can be printed."""
    return _CONTROLS.sub("\ufffd", group) or "(none)"


def short(name: str, most: int = MOST) -> str:
    """Its beginning and its end, where it is longer than that."""
    return name if len(name) <= most else f"{name[: most - most // 3 - 1]}…{name[len(name) - most // 3 :]}"


def lanes(labels: Iterable[tuple[float, float]], wide: float) -> list[tuple[int, float]]:
    """For each label, of start and width, the first line with room for it, and where it starts there: in the picture."""
    free: list[float] = []  # the end of each line
    placed = []
    for start, width in labels:
        at = max(0.0, min(start, wide - width))
        lane = next((n for n, end in enumerate(free) if end <= at), len(free))
        free[lane : lane + 1] = [at + width]
        placed.append((lane, at))
    return placed
