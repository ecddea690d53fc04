"""Sums of a step's numbers by source and language, for the manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

Tallies = dict[str, dict[str, dict[str, int]]]


def by_source_and_language(batch: pa.RecordBatch, columns: Mapping[str, pa.Array]) -> Tallies:
    """source → language → `rows`, `bytes` of text and the sum of each column; no language is ""."""
    sizes = {"bytes": pc.fill_null(pc.binary_length(batch.column("text")), 0), **columns}
    keys = {"source": batch.column("source"), "lang": pc.fill_null(batch.column("lang"), "")}
    table = pa.table({**keys, **sizes})
    asked: list[Any] = [([], "count_all"), *((name, "sum") for name in sizes)]
    found: Tallies = {}
    for row in table.group_by([*keys], use_threads=False).aggregate(asked).to_pylist():
        sums = {name: row[f"{name}_sum"] for name in sizes}
        found.setdefault(row["source"], {})[row["lang"]] = {"rows": row["count_all"], **sums}
    return found
