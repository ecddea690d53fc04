"""The course of a schedule: which share each group has at any place of the stream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import cos, pi
from typing import Any

POINTS = 49  # of a stage whose weights change


@dataclass(frozen=True)
class Course:
    """Shares along the stream, to be drawn.

    unit    of places: tokens, bytes, documents, or "share" of a stream whose length is not known
    stages  name, and where it begins and ends
    groups  in the order of their first stage, the greatest there first
    points  place, and the share of each group from there on to the next point; at a boundary there are two of one place
    """

    unit: str
    stages: tuple[tuple[str, float, float], ...]
    groups: tuple[str, ...]
    points: tuple[tuple[float, tuple[float, ...]], ...]

    @property
    def end(self) -> float:
        """The length of the stream."""
        return self.stages[-1][2] if self.stages else 0.0


def course_of(schedule: Mapping[str, Any]) -> Course:
    """From what `table.schedule_of` tells."""
    groups: dict[str, None] = {}
    for stage in schedule["stages"]:
        own = stage["groups"]
        groups |= dict.fromkeys(sorted((g for g in own if own[g]["taken"] > 0), key=lambda g: (-own[g]["taken"], g)))
    stages, points = [], []
    start = 0.0
    for stage in schedule["stages"]:
        end = start + sum(own["taken"] for own in stage["groups"].values())
        if end > start:
            stages.append((stage["name"], start, end))
            for n in range(POINTS) if stage["shape"] else (0, POINTS - 1):
                t = n / (POINTS - 1)
                rates = [_rate(stage["groups"].get(group), stage["shape"], t) for group in groups]
                whole = sum(rates) or 1.0
                points.append((start + t * (end - start), tuple(rate / whole for rate in rates)))
        start = end
    return Course(schedule["unit"], tuple(stages), tuple(groups), tuple(points))


def schedule_of_run(manifest: Mapping[str, Any], step: Mapping[str, Any]) -> dict[str, Any]:
    """As `table.schedule_of`, of the rows that there were, by what a manifest says of a step that placed them."""
    told = {stage["name"]: stage for stage in step.get("facts", {}).get("schedule", {}).get("stages", [])}
    tallies = step["tallies"]
    unit = next((key for own in tallies.values() for key in own if key not in ("rows", "stages")), "documents")
    orders = (output.get("order") or {} for output in manifest["outputs"])
    empty: list[dict[str, Any]] = []
    segments = next((order["segments"] for order in orders if order.get("step") == step["label"]), empty)
    placed = (name for own in tallies.values() for name in own["stages"])
    stages = []
    for name in [segment["name"] for segment in segments] or list(told) or list(dict.fromkeys(placed)):
        groups = {}
        for group, own in tallies.items():
            if name in own["stages"]:
                said = told.get(name, {}).get("groups", {}).get(group, {})
                weights = {"begins": said.get("begins", 1.0), "ends": said.get("ends", 1.0)}
                groups[group] = {**weights, "taken": own["stages"][name][unit], "size": own[unit]}
        stages.append({"name": name, "shape": told.get(name, {}).get("shape"), "groups": groups})
    return {"unit": unit, "stages": stages}


def _rate(own: Mapping[str, Any] | None, shape: str | None, t: float) -> float:
    """How fast a group is taken at t of its stage: what is taken in all, spread as its weight goes."""
    if own is None:
        return 0.0
    begins, ends = own["begins"], own["ends"]
    if shape is None or begins + ends <= 0:
        return float(own["taken"])
    f = t if shape == "linear" else (1 - cos(pi * t)) / 2
    return float(own["taken"] * (begins + (ends - begins) * f) / ((begins + ends) / 2))
