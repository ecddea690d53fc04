"""An order's new shards, counted when the recipe is compiled."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, isqrt

from datapipe.core.placed import Segment
from datapipe.plan.open_lane import OpenLane
from datapipe.plan.plan import Scatter, Shard, Span

# Pairs of an old and a new shard from which on rows go by groups of new shards: a pair is a piece, which took some 160 us
# to write and to read and 0.9 kB beside its rows (500 x 500 shards). By that 2,000 x 2,000 full ones, 32 GB, take 640 s;
# 45 groups have a twentieth of the pieces, and all rows are written and read once more. 62,500 x 62,500: 3.9e9 and 1.6e7.
PAIRS = 4_000_000


def scatters_to(
    shards: list[Shard], lanes: Sequence[OpenLane], label: str, segments: Sequence[Segment], size: int
) -> list[Scatter]:
    """Add the shards that the rows of these lanes go to, at once or by groups: for each segment as many as it needs.

    size  bytes on disk that a shard stands for, as the inputs' shards do: packed text makes 2 to 5 times as much of rows
    """
    weight = sum(shard.weight for lane in lanes for a, b in lane.shards for shard in shards[a:b])
    shares = [weight * max(0.0, segment.share) for segment in segments]
    numbers = [max(1, ceil(share / size)) for share in shares]
    old, new = sum(b - a for lane in lanes for a, b in lane.shards), sum(numbers)
    groups = [ceil(n / isqrt(new)) for n in numbers]
    names = [segment.name for segment in segments]
    levels = [(groups, True), (numbers, False)] if old * new > PAIRS else [(numbers, False)]
    return [_add(shards, label, names, shares, counts, coarse) for counts, coarse in levels]


def _add(
    shards: list[Shard], label: str, names: list[str], shares: list[float], counts: list[int], coarse: bool
) -> Scatter:
    spans, first = [], len(shards)
    for name, n in zip(names, counts, strict=True):
        spans.append(Span(name=name, start=first, stop=first + n))
        first += n
    scatter = Scatter(step=label, segments=tuple(spans), coarse=coarse)
    for share, n in zip(shares, counts, strict=True):
        shards += [Shard(dataset=scatter.name, pieces=(), expected=int(share / n))] * n
    return scatter
