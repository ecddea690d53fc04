"""How many shards an order makes, and from which number on its rows go there by groups."""

from __future__ import annotations

import pyarrow as pa
import pytest

from datapipe.core.placed import Segment
from datapipe.plan.open_lane import OpenLane
from datapipe.plan.ordered import scatters_to
from datapipe.plan.plan import Scatter, Shard

MB = 1_000_000


def scattered(old: int, shares: tuple[float, ...]) -> tuple[list[Shard], list[Scatter]]:
    shards = [Shard(dataset="web", pieces=(), expected=16 * MB)] * old
    segments = [Segment(f"s{n}", share) for n, share in enumerate(shares)]
    return shards, scatters_to(shards, [OpenLane(((0, old),), pa.schema([]))], "web.01.shuffle", segments, 16 * MB)


@pytest.mark.parametrize(("old", "shares"), [(2000, (1.0,)), (1, (0.5, 0.5)), (1000, (3.0, 0.001))])
def test_few_shards_are_gone_to_at_once(old: int, shares: tuple[float, ...]) -> None:
    shards, (scatter,) = scattered(old, shares)
    assert not scatter.coarse
    assert [span.stop - span.start for span in scatter.segments] == [max(1, -(-old * s // 1)) for s in shares]
    assert scatter.shards == range(old, len(shards))


@pytest.mark.parametrize("old", [2001, 10_000, 62_500])
def test_many_by_about_their_root_of_groups(old: int) -> None:
    """A terabyte in 62,500 shards: 16 million pieces, not 3.9 thousand million."""
    shards, (coarse, fine) = scattered(old, (0.75, 0.25, 0.00001))
    assert (coarse.coarse, fine.coarse, fine.shards.stop) == (True, False, len(shards))
    assert coarse.shards == range(old, fine.shards.start)
    assert old**0.5 <= len(coarse.shards) <= old**0.5 + 4
    assert old * len(coarse.shards) < 1.1 * old**1.5
    assert all(span.stop > span.start for scatter in (coarse, fine) for span in scatter.segments)
    for of in (coarse, fine):
        weight = sum(shards[n].weight for n in of.shards)
        assert weight == pytest.approx(old * 16 * MB, rel=1e-4)
