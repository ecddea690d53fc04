"""An order's new shards, counted when the recipe is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from datapipe.core.placed import Segment
from datapipe.plan.open_lane import OpenLane
from datapipe.plan.plan import Scatter, Shard, Span


def scatter_to(
    shards: list[Shard], lanes: Sequence[OpenLane], label: str, segments: Sequence[Segment], size: int
) -> Scatter:
    """Add the shards that the rows of these lanes go to: for each segment as many as its share of their bytes needs.

    size  bytes on disk that a shard stands for, as the inputs' shards do: packed text makes 2 to 5 times as much of rows
    """
    weight = sum(shard.weight for lane in lanes for a, b in lane.shards for shard in shards[a:b])
    spans = []
    for segment in segments:
        share = weight * max(0.0, segment.share)
        n = max(1, ceil(share / size))
        spans.append(Span(name=segment.name, start=len(shards), stop=len(shards) + n))
        shards += [Shard(dataset=label, pieces=(), expected=int(share / n))] * n
    return Scatter(step=label, segments=tuple(spans))
