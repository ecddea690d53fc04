"""An answer of the whole corpus, and the slice of it that one shard needs."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR, SHARD_SHIFT
from datapipe.io.store import Store


def slice_for(store: Store, name: str, shard: int) -> pa.Table | None:
    """The artifact's rows about one shard, sorted by address; None when the artifact is not by address.

    Each record batch is sorted by address and memory-mapped, so the cost is a binary search a batch.
    """
    reader = store.open_arrow(name)
    if ADDR not in reader.schema.names:
        return None
    first, last = np.uint64(shard << SHARD_SHIFT), np.uint64(((shard + 1) << SHARD_SHIFT) - 1)
    parts = []
    for i in range(reader.num_record_batches):
        batch = reader.get_batch(i)
        address = batch.column(ADDR).to_numpy()
        start, stop = np.searchsorted(address, first, "left"), np.searchsorted(address, last, "right")
        if stop > start:
            parts.append(batch.slice(start, stop - start))
    table = pa.Table.from_batches(parts, schema=reader.schema)
    return table.sort_by(ADDR).combine_chunks() if len(parts) > 1 else table.combine_chunks()
