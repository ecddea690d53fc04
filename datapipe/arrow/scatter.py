"""Put the answers for some rows back among all rows."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Rows = npt.NDArray[np.int64]


def scatter_column(base: pa.Array, rows: Rows, values: pa.Array) -> pa.Array:
    """`base` with `values` at `rows`; types must agree (`values` is cast to `base`'s)."""
    if len(rows) == len(base) and len(rows) and bool((rows == np.arange(len(base))).all()):
        return values.cast(base.type)
    source = np.arange(len(base), dtype=np.int64)
    source[rows] = len(base) + np.arange(len(rows), dtype=np.int64)
    both = pa.concat_arrays([base, values.cast(base.type)])
    return pc.take(both, pa.array(source))
