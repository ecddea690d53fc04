"""Personal data found in texts, as the column that a filter gives and `pii/` holds."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

ENTITY = pa.struct(
    [
        pa.field("type", pa.string()),  # email, phone, national_id.es, …
        pa.field("start", pa.int64()),  # code points of the text as the step saw it
        pa.field("end", pa.int64()),
        pa.field("start_after", pa.int64()),  # of the text that the step leaves; null where it leaves it as it was
        pa.field("end_after", pa.int64()),
        pa.field("score", pa.float64()),  # 0 to 1
        pa.field("action", pa.string()),  # mask, replace, hash, remove, drop_document, report
        pa.field("hash", pa.string()),  # of the value, salted: equal values have equal ones
        pa.field("value", pa.string()),  # null unless the recipe asks for it
    ]
)
ENTITIES = pa.list_(ENTITY)


def no_entities(rows: int) -> pa.Array:
    """Not one entity, for so many texts."""
    return pa.ListArray.from_arrays(pa.array(np.zeros(rows + 1, np.int32)), pa.array([], ENTITY))
