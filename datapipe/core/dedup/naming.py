"""A second round for answers that name rows by address: whose address it is."""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import PrivateAttr

from datapipe.core.columns import ADDR
from datapipe.core.keys import begins, splitmix
from datapipe.core.operator import Global

TWIN = "_twin"  # uint64: the address of the row that another one repeats


class NameTwins(Global):
    """Put the id of the row at `_twin` beside every row of the artifact before, as `of`; what else it holds goes along.

    That artifact has `_addr`, `_twin`, `owner`, `known` and the columns of `payload`: a round whose next one this is ends
    its `reduce` with `with_owners`, so that the shards of the rows that are named are asked; a row that has the id already
    (`known`: an index told it) names nobody. Ids in the first round's sketches would be most of their bytes: 50 for each
    sentence, beside 24 of hashes and places.
    """

    partition_by: ClassVar[str] = "key"
    reads: ClassVar[tuple[str, ...]] = ("id",)
    payload: ClassVar[pa.Schema]

    _answer: pa.Table | None = PrivateAttr(None)

    @classmethod
    def with_owners(cls, answer: pa.Table) -> pa.Table:
        """The answer of a partition, and a row without payload for each address it names."""
        if "known" not in answer.schema.names:
            answer = answer.append_column("known", pa.nulls(answer.num_rows, pa.string()))
        asked = answer.column("known").is_null().to_numpy()
        named = np.sort(answer.column(TWIN).to_numpy()[asked])  # np.unique hashes: 5 s for 5 million, sorting 0.04
        named = named[begins(named)]
        answer = answer.append_column("owner", pa.array(np.zeros(answer.num_rows, np.bool_)))
        owners = {ADDR: pa.array(named), TWIN: pa.array(named), "owner": pa.array(np.ones(len(named), np.bool_))}
        owners["known"] = pa.nulls(len(named), pa.string())
        owners |= {field.name: pa.nulls(len(named), field.type) for field in cls.payload}
        return pa.concat_tables([answer.select(list(owners)), pa.table(owners)])

    def hold(self, answer: pa.Table) -> Self:
        """Bind the answer about a shard's rows, sorted by address."""
        bound = self.model_copy()
        bound._answer = answer
        return bound

    def sketch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The answers about these rows; and their ids, where another row names them."""
        address = batch.column(ADDR).to_numpy()
        answer = self._about(address)
        here, twin, owner = (answer.column(name).to_numpy() for name in (ADDR, TWIN, "owner"))
        order = np.argsort(address, kind="stable")
        row = order[np.searchsorted(address, here, sorter=order)] if len(here) else np.zeros(0, np.int64)
        found = {ADDR: pa.array(here), "key": pa.array(splitmix(twin)), TWIN: pa.array(twin), "owner": pa.array(owner)}
        ids = batch.column("id").take(pa.array(row, pa.int64(), mask=~owner)).cast(pa.string())
        found["id"] = pc.coalesce(answer.column("known").combine_chunks(), ids)
        found |= {field.name: answer.column(field.name).combine_chunks() for field in self.payload}
        return pa.RecordBatch.from_pydict(found)

    def reduce(self, part: pa.Table) -> pa.Table:
        """Each answer with the id of its twin."""
        is_owner = part.column("owner").to_numpy()
        owners, asking = part.filter(pa.array(is_owner)).sort_by(TWIN), part.filter(pa.array(~is_owner))
        known = asking.column("id").combine_chunks()
        at = np.searchsorted(owners.column(TWIN).to_numpy(), asking.column(TWIN).to_numpy())
        named = owners.column("id").combine_chunks().take(pa.array(at, mask=known.is_valid().to_numpy(False)))
        of = pc.coalesce(known, named)
        return asking.select([ADDR, *self.payload.names]).append_column("of", of)

    def _about(self, address: npt.NDArray[np.uint64]) -> pa.Table:
        columns = [pa.field(ADDR, pa.uint64()), pa.field(TWIN, pa.uint64()), pa.field("owner", pa.bool_())]
        columns.append(pa.field("known", pa.string()))
        if self._answer is None or not len(address):
            return pa.schema([*columns, *self.payload]).empty_table()
        all_here = self._answer.column(ADDR).to_numpy()
        start, stop = (
            np.searchsorted(all_here, address.min(), "left"),
            np.searchsorted(all_here, address.max(), "right"),
        )
        return self._answer.slice(start, stop - start).filter(pa.array(np.isin(all_here[start:stop], address)))
