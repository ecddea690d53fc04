"""Published folders without a run: parts of given sizes, and the manifest that a run would have written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

LENGTH = 4


def table(rows: int) -> pa.Table:
    """Row i holds the sequence i, i + 1 …, its number, its name, and i % 3 tokens in a ragged list."""
    starts = np.arange(rows, dtype=np.uint32)
    ids = (starts[:, None] + np.arange(LENGTH, dtype=np.uint32)).ravel()
    return pa.table(
        {
            "id": [f"d{i}" for i in range(rows)],
            "input_ids": pa.FixedSizeListArray.from_arrays(pa.array(ids), LENGTH),
            "n": starts.astype(np.int64),
            "tokens": pa.array([[i] * (i % 3) for i in range(rows)], pa.list_(pa.uint16())),
        }
    )


def publish(
    folder: Path, rows: pa.Table, cuts: Sequence[int] = (), group: int = 1000, segments: Sequence[tuple[str, int]] = ()
) -> str:
    """Write a folder whose parts begin at these rows, with row groups of `group` rows; its path."""
    (folder / "data").mkdir(parents=True, exist_ok=True)
    files: list[dict[str, Any]] = []
    for number, (start, stop) in enumerate(pairwise([0, *cuts, rows.num_rows])):
        name = f"data/part-{number:05}.parquet"
        part = rows.slice(start, stop - start)
        pq.write_table(part, folder / name, row_group_size=group, write_page_checksum=True)
        data = (folder / name).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        files.append({"path": name, "rows": part.num_rows, "bytes": len(data), "sha256": digest})
    output: dict[str, Any] = {"dataset": "corpus", "format": {"name": "parquet"}, "files": files}
    if segments:
        at, told = 0, []
        for name, size in segments:
            told.append({"name": name, "first_row": at, "rows": size})
            at += size
        output["order"] = {"segments": told}
    (folder / "manifest.json").write_text(json.dumps({"outputs": [output]}))
    return str(folder)
