"""Which segment of an order a published row is of."""

from __future__ import annotations

from typing import Any

from datapipe.plan.plan import Plan, Publication, Scatter


def order_of(plan: Plan, publication: Publication) -> Scatter | None:
    """The order that an output is in: all its shards were made by one. None: rows stand as they were read."""
    numbers = plan.stage(publication.stage).numbers()
    orders = (stage.scatter for stage in plan.stages if stage.scatter)
    return next((order for order in orders if numbers and set(numbers) <= set(order.shards)), None)


def begins(plan: Plan, publication: Publication) -> frozenset[int]:
    """The shards with which segments begin."""
    order = order_of(plan, publication)
    return frozenset(span.start for span in order.segments) if order else frozenset()


def described(plan: Plan, publication: Publication, parts: list[dict[str, Any]]) -> dict[str, Any] | None:
    """For the manifest: the step, and each segment's rows and parts as published, one after another. None: no order.

    parts  their reports: rows, tokens and the shard each begins in
    """
    order = order_of(plan, publication)
    if order is None:
        return None
    segments = []
    row = part = 0
    for span in order.segments:
        mine = [p for p in parts if p["first_shard"] is not None and span.start <= p["first_shard"] < span.stop]
        rows = sum(p["rows"] for p in mine)
        segment = {"name": span.name, "first_row": row, "rows": rows, "first_part": part, "parts": len(mine)}
        if mine and mine[0]["tokens"] is not None:
            segment["tokens"] = sum(p["tokens"] for p in mine)
        segments.append(segment)
        row, part = row + rows, part + len(mine)
    return {"step": order.step, "segments": segments}
