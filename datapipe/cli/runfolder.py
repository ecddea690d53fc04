"""A finished run, read back from wherever it lies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import orjson

from datapipe.core.errors import DatapipeError
from datapipe.io.store import RemoteStore, Store, open_store

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.compute as pc


def read_manifest(folder: str) -> dict[str, Any]:
    """The manifest of a run folder; without one the run has not ended, or it is no run folder."""
    store = open_output(folder)
    where = store.url("manifest.json")
    try:
        manifest = store.read_json("manifest.json")
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        if store.names("work"):
            raise DatapipeError(
                f"{folder}: the run has not ended (no manifest.json); `datapipe run` resumes it"
            ) from None
        text = f"{folder}: not a run folder (no manifest.json); give the folder a recipe writes to"
        raise DatapipeError(text) from None
    except orjson.JSONDecodeError as error:
        raise DatapipeError(f"{where}: damaged ({error}); `datapipe run` writes it anew") from None
    if not isinstance(manifest, dict) or "outputs" not in manifest:
        raise DatapipeError(f"{where}: not the manifest of a run")
    manifest["outputs"][0]["path"] = folder  # wherever the run folder lies now
    return manifest


def open_output(path: str) -> Store:
    """The folder of an output, to read; on the hub, too, where no run folder can be."""
    return RemoteStore(path) if path.startswith("hf://") else open_store(path)


def tables(
    folder: str, manifest: dict[str, Any], table: str, columns: list[str] | None = None, matching: pc.Expression = None
) -> Iterator[pa.Table]:
    """The files of a side table (ledger, quarantine, edits, pii, scores, audit); those that somebody removed are left out."""
    store = open_output(folder)
    there = set(store.names(table))
    for file in manifest["tables"].get(table, []):
        if file["path"].removeprefix(f"{table}/") in there:
            yield read_parquet(store.url(file["path"]), columns, matching)


def batches(folder: str, manifest: dict[str, Any], table: str, columns: list[str]) -> Iterator[pa.RecordBatch]:
    """The rows of a side table, some thousands at a time; DatapipeError if a part of it was removed."""
    import pyarrow.parquet as pq

    from datapipe.io.files import parquet_source

    store = open_output(folder)
    for file in manifest["tables"].get(table, []):
        if not store.exists(file["path"]):
            raise DatapipeError(f"{store.url(file['path'])}: gone; `datapipe run` writes it anew")
        yield from pq.ParquetFile(parquet_source(store.url(file["path"]))).iter_batches(1 << 16, columns=columns)


def read_parquet(url: str, columns: list[str] | None = None, matching: pc.Expression = None) -> pa.Table:
    """Rows of a published Parquet file."""
    import pyarrow.parquet as pq

    from datapipe.io.files import parquet_source

    return pq.read_table(parquet_source(url), columns=columns, filters=matching, partitioning=None)
