"""A lane while a recipe is compiled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pyarrow as pa

from datapipe.plan.plan import Lane, Link, ReaderPlan


@dataclass(frozen=True)
class OpenLane:
    """A lane still growing: nothing has been cut after it.

    orders  how many orders its rows have been through
    """

    shards: tuple[tuple[int, int], ...]
    rows: pa.Schema
    chain: tuple[Link, ...] = ()
    reader: ReaderPlan | None = None
    input: str | None = None
    ids: bool = False
    gather: bool = False
    orders: int = 0

    def then(self, link: Link) -> OpenLane:
        """The lane with one more step."""
        return replace(self, chain=(*self.chain, link))

    def closed(self) -> Lane:
        """The lane as a stage has it."""
        return Lane(
            shards=self.shards, chain=self.chain, reader=self.reader, input=self.input, ids=self.ids, gather=self.gather
        )

    @property
    def stands(self) -> bool:
        """Whether its rows lie in the shards of the stage before, as they are."""
        return self.input is not None and not self.chain and not self.gather
