"""`datapipe verify`: every published file against the manifest."""

from __future__ import annotations

import hashlib
from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="RUN")
def verify(folder: str) -> None:
    """Re-read every published file of a run and compare size, digest and rows with the manifest."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from datapipe.cli.runfolder import read_manifest
    from datapipe.core.errors import DatapipeError

    manifest = read_manifest(folder)
    wrong = []
    files = [(Path(output["path"], f["path"]), f) for output in manifest["outputs"] for f in output["files"]]
    files += [(Path(folder, f["path"]), f) for table in manifest["tables"].values() for f in table]
    for path, told in files:
        if not path.is_file():
            wrong.append(f"{path}: missing")
            continue
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        if path.stat().st_size != told["bytes"] or digest != told["sha256"]:
            wrong.append(
                f"{path}: changed: {path.stat().st_size:,} bytes, sha256 {digest[:16]}…, "
                f"expected {told['bytes']:,}, {told['sha256'][:16]}…"
            )
            continue
        if path.suffix == ".parquet":
            try:
                rows = sum(batch.num_rows for batch in pq.ParquetFile(path).iter_batches(columns=["id"]))
            except (pa.ArrowException, OSError) as error:
                wrong.append(f"{path}: cannot be read: {error}")
                continue
            if rows != told["rows"]:
                wrong.append(f"{path}: {rows:,} rows, expected {told['rows']:,}")
    data = Path(folder, "data")
    known = {path.name for path, _ in files}
    wrong += [f"{p}: not in the manifest" for p in sorted(data.glob("part-*")) if p.name not in known]
    if wrong:
        raise DatapipeError("\n".join([*wrong, f"{len(wrong)} of {len(files)} files are not as the manifest says"]))
    rows = manifest["rows_written"]
    click.echo(f"{len(files)} file{'s' if len(files) != 1 else ''}, {rows:,} rows: as the manifest says")
