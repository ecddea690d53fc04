"""The order in which equal keys meet."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR


def by_key(table: pa.Table, key: str) -> pa.Table:
    """The rows by (key, address), in one chunk; beside them and the copy it takes 40 bytes a row.

    Rows mostly come in runs: those of one shard, or group, after those of the one before, each in this order already.
    A stable sort by key then merges runs (18 ns a row where sorting takes 130), and equal keys keep the order of
    addresses. Whether they do is looked at: an Expand, a sketch or an index may give rows in another order.
    """
    keys, address = (table.column(name).to_numpy() for name in (key, ADDR))
    order = np.argsort(keys, kind="stable")
    keys, address = keys[order], address[order]
    if ((keys[1:] == keys[:-1]) & (address[1:] < address[:-1])).any():
        order = order[np.lexsort((address, keys))]
    del keys, address
    return table.take(pa.array(order)).combine_chunks()
