"""`datapipe why`: the fate of one document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command()
@click.argument("folder", metavar="RUN")
@click.argument("identifier", metavar="ID")
@click.option("--source", help="Only documents read in this dataset.")
def why(folder: str, identifier: str, source: str | None) -> None:
    """What became of the document ID (or of a URL): kept, dropped and why, edited, or unreadable."""
    from datapipe.cli.runfolder import read_manifest
    from datapipe.core.errors import DatapipeError

    manifest = read_manifest(folder)
    identifier = identifier.encode("utf-8", "replace").decode()
    found = False
    for row in _find(folder, "ledger", identifier, source):
        found = True
        _tell_dropped(row)
    for row in _find(folder, "quarantine", identifier, source):
        found = True
        place = f"{row['file']}" + (f", byte {row['offset']}" if row["offset"] is not None else "")
        place += f", row {row['row']}" if row["row"] is not None else ""
        by = f"step {row['step']} failed on it" if row["step"] else "it could not be read"
        click.echo(f"{row['id'] or identifier} ({row['source']}): in quarantine, {by}: {row['error']}\n  {place}")
    edits = _find(folder, "edits", identifier, source)
    for output in manifest["outputs"]:
        for name, row in _published(output, identifier, source):
            found = True
            click.echo(f"{row['id']} ({row['source']}): kept, in {output['path']}/{name}")
            for label, tag in row.items():
                if label.endswith(".keep") and tag is False:
                    click.echo(f"  tagged by {label.removesuffix('.keep')}: {', '.join(row[label[:-4] + 'reasons'])}")
    for row in edits:
        click.echo(
            f"  {row['id']}: text edited by {row['step']}: {row['bytes_before']:,} → {row['bytes_after']:,} bytes"
        )
    if not found:
        raise DatapipeError(
            f"{identifier}: no such document was read in this run (neither kept, dropped nor in quarantine); "
            "an id is matched exactly, and so is a url"
        )


def _tell_dropped(row: dict[str, Any]) -> None:
    click.echo(f"{row['id']} ({row['source']}): dropped by {row['step']} ({row['operator']}): {row['reason']}")
    if len(row["reasons"]) > 1:
        click.echo(f"  all failing rules: {', '.join(row['reasons'])}")
    if row["duplicate_of"] is not None:
        click.echo(f"  duplicate of {row['duplicate_of']}")
    if row["scores"]:
        click.echo(
            "  scores: " + ", ".join(f"{name} {value:.6g}" for name, value in row["scores"] if value is not None)
        )
    if row["url"]:
        click.echo(f"  url: {row['url']}")
    if row["text"]:
        click.echo(f"  text: {row['text'][:200]!r}")


def _find(folder: str, table: str, identifier: str, source: str | None) -> list[dict[str, Any]]:
    import pyarrow.dataset as ds

    if not Path(folder, table).is_dir():
        return []
    dataset = ds.dataset(f"{folder}/{table}", format="parquet")
    condition = ds.field("id") == identifier
    if "url" in dataset.schema.names:
        condition |= ds.field("url") == identifier
    if source is not None:
        condition &= ds.field("source") == source
    rows: list[dict[str, Any]] = dataset.to_table(filter=condition).to_pylist()
    return rows


def _published(output: dict[str, Any], identifier: str, source: str | None) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for file in output["files"]:
        path = f"{output['path']}/{file['path']}"
        rows = _in_parquet(path, identifier) if path.endswith(".parquet") else _in_jsonl(path, identifier)
        found += [(file["path"], row) for row in rows if source is None or row["source"] == source]
    return found


def _in_parquet(path: str, identifier: str) -> list[dict[str, Any]]:
    import pyarrow.dataset as ds

    dataset = ds.dataset(path, format="parquet")
    columns = [name for name in dataset.schema.names if name not in ("text", "metadata")]
    condition = (ds.field("id") == identifier) | (ds.field("url") == identifier)
    rows: list[dict[str, Any]] = dataset.to_table(columns=columns, filter=condition).to_pylist()
    return rows


def _in_jsonl(path: str, identifier: str) -> list[dict[str, Any]]:
    import io

    import orjson
    import zstandard

    with Path(path).open("rb") as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        rows = (orjson.loads(line) for line in io.BufferedReader(stream))
        return [row for row in rows if identifier in (row["id"], row["url"])]
