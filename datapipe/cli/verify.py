"""`datapipe verify`: every published file against the manifest."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from datapipe.io.store import Store


@click.command()
@click.argument("folder", metavar="RUN")
def verify(folder: str) -> None:
    """Re-read every published file of a run and compare size, digest and rows with the manifest."""
    from datapipe.cli.runfolder import open_output, read_manifest
    from datapipe.core.errors import DatapipeError

    manifest = read_manifest(folder)
    run = open_output(folder)
    files = [(open_output(output["path"]), f) for output in manifest["outputs"] for f in output["files"]]
    files += [(run, f) for table in manifest["tables"].values() for f in table]
    files += [(run, f) for model in manifest.get("trained", []) for f in model["files"]]
    wrong = [fault for store, told in files if (fault := _fault(store, told))]
    known = {told["path"] for _, told in files}
    strays = [f"data/{name}" for name in run.names("data") if name.startswith("part-") and f"data/{name}" not in known]
    wrong += [f"{run.url(name)}: not in the manifest" for name in strays]
    if wrong:
        raise DatapipeError("\n".join([*wrong, f"{len(wrong)} of {len(files)} files are not as the manifest says"]))
    rows = manifest["rows_written"]
    click.echo(f"{len(files)} file{'s' if len(files) != 1 else ''}, {rows:,} rows: as the manifest says")


def _fault(store: Store, told: dict[str, Any]) -> str:
    """What is wrong with a file; "" if it is as the manifest says."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from datapipe.io.files import open_input, parquet_source

    name = told["path"]
    where = store.url(name)
    if not store.exists(name):
        return f"{where}: missing"
    digest, size = hashlib.sha256(), 0
    with open_input(where) as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
    found = digest.hexdigest()
    if size != told["bytes"] or found != told["sha256"]:
        return (
            f"{where}: changed: {size:,} bytes, sha256 {found[:16]}…, "
            f"expected {told['bytes']:,}, {told['sha256'][:16]}…"
        )
    if not name.endswith(".parquet"):
        return ""
    try:
        rows = sum(batch.num_rows for batch in pq.ParquetFile(parquet_source(where)).iter_batches(columns=["id"]))
    except (pa.ArrowException, OSError) as error:
        return f"{where}: cannot be read: {error}"
    return f"{where}: {rows:,} rows, expected {told['rows']:,}" if rows != told["rows"] else ""
