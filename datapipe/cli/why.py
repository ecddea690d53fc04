"""`datapipe why`: the fate of one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import click

from datapipe.cli.wanted import Wanted

SPANS_TOLD = 20
LISTS = ("tokens", "input_ids", "segment_ids", "position_ids", "loss_mask", "documents")  # long, and not told


@click.command()
@click.argument("folder", metavar="RUN")
@click.argument("identifier", metavar="ID")
@click.option("--source", help="Only documents read in this dataset.")
def why(folder: str, identifier: str, source: str | None) -> None:
    """What became of the document ID (or of a URL): kept, dropped and why, edited, or unreadable."""
    from datapipe.cli.packed import tell_packed
    from datapipe.cli.runfolder import read_manifest
    from datapipe.core.errors import DatapipeError

    manifest = read_manifest(folder)
    identifier = identifier.encode("utf-8", "replace").decode()
    wanted = Wanted.of(identifier, manifest)
    found = False
    told = set()
    for row in _find(folder, manifest, "ledger", wanted, source):
        found = True
        told.add(row["step"])
        _tell_dropped(row)
    for row in _find(folder, manifest, "quarantine", wanted, source):
        found = True
        place = row["file"] or "its file is not known: an order had moved it"
        place += f", byte {row['offset']}" if row["offset"] is not None else ""
        place += f", row {row['row']}" if row["row"] is not None else ""
        by = f"step {row['step']} failed on it" if row["step"] else "it could not be read"
        click.echo(f"{row['id'] or identifier} ({row['source']}): in quarantine, {by}: {row['error']}\n  {place}")
    edits = _find(folder, manifest, "edits", wanted, source)
    for output in manifest["outputs"]:
        for name, row in _published(output, wanted, source):
            found = True
            click.echo(f"{row['id']} ({row['source']}): kept, in {output['path']}/{name}{_segment(output, name)}")
            for label, tag in row.items():
                if label.endswith(".keep") and tag is False:
                    click.echo(f"  tagged by {label.removesuffix('.keep')}: {', '.join(row[label[:-4] + 'reasons'])}")
    found |= tell_packed(manifest, wanted, source)
    for row in edits:
        click.echo(
            f"  {row['id']}: text edited by {row['step']}: {row['bytes_before']:,} → {row['bytes_after']:,} bytes"
        )
        _tell_spans(row)
    _tell_entities(list(_find(folder, manifest, "pii", wanted, source)))
    for row in _find(folder, manifest, "scores", wanted, source):
        if row["scores"] and row["step"] not in told:
            click.echo(f"  {row['id']}: scores by {row['step']}: {_scores(row)}")
    if not found:
        raise DatapipeError(
            f"{identifier}: no such document was read in this run (neither kept, dropped nor in quarantine); "
            f"an id is matched exactly, and so is a url{_unsearched(manifest)}"
        )


def _tell_dropped(row: dict[str, Any]) -> None:
    click.echo(f"{row['id']} ({row['source']}): dropped by {row['step']} ({row['operator']}): {row['reason']}")
    if len(row["reasons"]) > 1:
        click.echo(f"  all failing rules: {', '.join(row['reasons'])}")
    if row["duplicate_of"] is not None:
        click.echo(f"  duplicate of {row['duplicate_of']}")
    _tell_spans(row)
    if row["scores"]:
        click.echo(f"  scores: {_scores(row)}")
    if row["url"]:
        click.echo(f"  url: {row['url']}")
    if row["text"]:
        click.echo(f"  text: {row['text'][:200]!r}")


def _tell_spans(row: dict[str, Any]) -> None:
    """The parts of the text that were cut or that decided, the first ones of many."""
    spans = row.get("spans") or []  # runs of earlier versions have none
    for span in spans[:SPANS_TOLD]:
        of = f" as in {span['of']}" if span["of"] is not None else ""
        click.echo(f"    characters {span['start']:,} to {span['end']:,}: {span['reason']}{of}: {span['text']!r}")
    if len(spans) > SPANS_TOLD:
        click.echo(f"    and {len(spans) - SPANS_TOLD:,} more")


def _tell_entities(rows: list[dict[str, Any]]) -> None:
    """The personal data found in the text, without its values: what, where before and after, what was done."""
    for (identifier, step), found in groupby(rows, lambda row: (row["id"], row["step"])):
        entities = list(found)
        click.echo(f"  {identifier}: personal data found by {step}: {len(entities):,}")
        for row in entities[:SPANS_TOLD]:
            after = "" if row["start_after"] is None else f" → {row['start_after']:,} to {row['end_after']:,}"
            click.echo(
                f"    characters {row['start']:,} to {row['end']:,}{after}: {row['type']}, "
                f"score {row['score']:.2g}: {row['action']}"
            )
        if len(entities) > SPANS_TOLD:
            click.echo(f"    and {len(entities) - SPANS_TOLD:,} more")


def _scores(row: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value:.6g}" for name, value in row["scores"] if value is not None) or "none applies"


def _find(
    folder: str, manifest: dict[str, Any], table: str, wanted: Wanted, source: str | None
) -> Iterator[dict[str, Any]]:
    import pyarrow.compute as pc

    from datapipe.cli.runfolder import tables

    condition = wanted.expression()
    if table == "ledger":
        condition |= pc.field("url") == wanted.identifier
    if source is not None:
        condition &= pc.field("source") == source
    for found in tables(folder, manifest, table, matching=condition):
        yield from found.to_pylist()


def _published(output: dict[str, Any], wanted: Wanted, source: str | None) -> list[tuple[str, dict[str, Any]]]:
    found = []
    for file in output["files"]:
        path = f"{output['path'].rstrip('/')}/{file['path']}"
        search = next((search for ending, search in _SEARCHES.items() if path.endswith(ending)), None)
        rows = search(path, wanted) if search else []
        found += [(file["path"], row) for row in rows if source is None or row["source"] == source]
    return found


def _segment(output: dict[str, Any], name: str) -> str:
    """Of a part of an output that is in an order of several segments, which one."""
    segments = (output.get("order") or {}).get("segments", [])
    number = re.search(r"part-([0-9]+)", name)
    if len(segments) < 2 or number is None:
        return ""
    part = int(number[1])
    return "".join(f", segment {s['name']}" for s in segments if 0 <= part - s["first_part"] < s["parts"])


def _unsearched(manifest: dict[str, Any]) -> str:
    """What is to be said of outputs in which no id can be looked for."""
    outputs = [o for o in manifest["outputs"] if not any(f["path"].endswith(tuple(_SEARCHES)) for f in o["files"])]
    names = ", ".join(f"{output['path']}/data ({output['format']['name']})" for output in outputs)
    said = f"; it may be among the rows kept in {names}, which are not searched" if names else ""
    if manifest.get("rows_merged"):
        said += "; if it was packed, the sequences with it are not published, or without the column `documents` that names it"
    return said


def _in_parquet(path: str, wanted: Wanted) -> list[dict[str, Any]]:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    from datapipe.cli.runfolder import read_parquet
    from datapipe.io.files import parquet_source

    columns = [name for name in pq.read_schema(parquet_source(path)).names if name not in ("text", "metadata", *LISTS)]
    condition = wanted.expression()
    if "url" in columns:
        condition |= pc.field("url") == wanted.identifier
    rows: list[dict[str, Any]] = read_parquet(path, columns, condition).to_pylist()
    return rows


def _in_jsonl(path: str, wanted: Wanted) -> list[dict[str, Any]]:
    import io

    import orjson
    import zstandard

    from datapipe.io.files import open_input

    with open_input(path) as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        rows = (orjson.loads(line) for line in io.BufferedReader(stream))
        return [row for row in rows if wanted.holds(row["id"]) or row.get("url") == wanted.identifier]


def _in_arrow(path: str, wanted: Wanted) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    from datapipe.io.files import open_input

    with open_input(path) as raw, pa.ipc.open_stream(raw) as reader:
        rows: list[dict[str, Any]] = []
        for batch in reader:
            hits = pc.fill_null(wanted.mask(batch.column("id")), False)
            if "url" in batch.schema.names:
                hits = pc.or_(hits, pc.fill_null(pc.equal(batch.column("url"), wanted.identifier), False))
            rows += batch.filter(hits).to_pylist()
        return rows


def _in_places(path: str, wanted: Wanted) -> list[dict[str, Any]]:
    """Of a flat array of tokens."""
    import csv
    import gzip

    from datapipe.io.files import open_input

    with open_input(path) as raw, gzip.open(raw, "rt", encoding="utf-8", newline="") as lines:
        return [{"id": row[2], "source": row[3]} for row in csv.reader(lines) if wanted.holds(row[2])]


_SEARCHES = {".parquet": _in_parquet, ".jsonl.zst": _in_jsonl, ".arrow": _in_arrow, ".csv.gz": _in_places}
