"""Documents judged and kept, counted by language, source, domain and length."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.records import AUDIT

DIMENSIONS = ("lang", "source", "domain", "length")
# What a window of judged documents is counted from: 60 bytes a row, so that a step holds 16 MB of them.
JUDGED = pa.schema(
    [
        pa.field("lang", pa.string()),
        pa.field("source", pa.string()),
        pa.field("url", pa.string()),
        pa.field("length", pa.int64()),  # characters
        pa.field("bytes", pa.int64()),
        pa.field("kept", pa.bool_()),
    ]
)
LONGEST_HOST = 253  # characters, by RFC 1035
_USER, _PORT, _END = r"(?:[^/?#\\]*@)?", r"(?::\d*)?", r"(?:[/?#\\\s]|$)"  # browsers read \ as /
_NAME = r"(?P<host>\[[^\]/]+\]|[^/?#\\:@\s\[]+?)"  # [::1], or a name
_HOST = rf"(?i)^\s*(?:[a-z][a-z0-9+.-]*:)?//{_USER}(?:www\.)?{_NAME}\.?{_PORT}{_END}"
_KEYS = ["step", "dimension", "value", "length"]
_SUMS = ["rows_in", "rows_kept", "bytes_in", "bytes_kept"]


def domains(urls: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """The host of each URL in lower case, without user, port, final dot and a leading `www.`; null for what has none."""
    hosts = pc.utf8_lower(pc.struct_field(pc.extract_regex(urls, _HOST), "host"))
    return pc.if_else(pc.less_equal(pc.utf8_length(hosts), LONGEST_HOST), hosts, None)


def buckets(lengths: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Where the bucket of each length begins: 0, 1, 4, 16 and so on; it ends before four times that."""
    _, exponent = np.frexp(lengths.astype(np.float64))
    return np.where(lengths > 0, np.int64(1) << (np.maximum(exponent - 1, 0) // 2 * 2).astype(np.int64), 0)


def bucket_name(start: int) -> str:
    """Such as `256-1023`, in characters."""
    return f"{start}-{4 * start - 1}" if start else "0"


def counted(step: str, judged: pa.Table) -> pa.RecordBatch:
    """Rows of the table AUDIT, one a dimension, value and length, from documents (JUDGED)."""
    lengths = buckets(judged.column("length").to_numpy())
    size, kept = judged.column("bytes"), judged.column("kept")
    starts, which = np.unique(lengths, return_inverse=True)
    names = pa.array([bucket_name(start) for start in starts.tolist()], pa.string())
    values = {
        "lang": judged.column("lang"),
        "source": judged.column("source"),
        "domain": domains(judged.column("url")),
        "length": names.take(pa.array(which)),
    }
    rows = {
        "length": pa.array(lengths),
        "rows_in": pa.array(np.ones(len(lengths), np.int64)),
        "rows_kept": kept.cast(pa.int64()),
        "bytes_in": size,
        "bytes_kept": pc.if_else(kept, size, 0),
    }
    found = []
    for dimension in DIMENSIONS:
        table = pa.table({"value": values[dimension], **rows})
        sums = table.group_by(["value", "length"], use_threads=False).aggregate([(name, "sum") for name in _SUMS])
        told = {"step": step, "dimension": dimension}
        columns = {name: pa.array([text] * sums.num_rows, pa.string()) for name, text in told.items()}
        columns |= {"value": sums.column("value"), "length": sums.column("length")}
        columns |= {name: sums.column(f"{name}_sum") for name in _SUMS}
        found.append(pa.table(columns, schema=AUDIT))
    return pa.concat_tables(found).combine_chunks().to_batches()[0]


def summed(counts: pa.Table) -> pa.Table:
    """Rows of AUDIT with each step, dimension, value and length once, in order; a null value is the last one."""
    sums = counts.group_by(_KEYS, use_threads=False).aggregate([(name, "sum") for name in _SUMS])
    sums = sums.select([*_KEYS, *(f"{name}_sum" for name in _SUMS)]).rename_columns(AUDIT.names)
    return sums.sort_by([(key, "ascending") for key in _KEYS]).cast(AUDIT)
