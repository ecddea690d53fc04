"""What a piece of work left: its report, which was written last."""

from __future__ import annotations

from typing import Any

from datapipe.core.errors import WorkLost
from datapipe.io.store import Store


def committed(store: Store, name: str) -> dict[str, Any]:
    """The report of a piece of work that must be there; WorkLost if it is not."""
    report = store.read_report(f"{name}.json")
    if report is None:
        raise WorkLost(f"{name}.json", "is gone or damaged")
    return report
