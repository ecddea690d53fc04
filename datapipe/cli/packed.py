"""What packing did: tokens by source and length, and the sequences that a document went to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

import click

from datapipe.cli.wanted import Wanted

if TYPE_CHECKING:
    import pyarrow as pa

SEQUENCES_TOLD = 20
_COLUMNS = (
    "documents", "split", "cropped", "tokens in", "added", "packed", "cropped tokens", "dropped tokens", "learned",
)  # fmt: skip
_KEYS = (
    "documents", "documents_split", "documents_cropped", "tokens_in", "tokens_added", "tokens_packed",
    "tokens_cropped", "tokens_dropped", "tokens_learned",
)  # fmt: skip


def show_packed(manifest: dict[str, Any], file: IO[str]) -> None:
    """Print what each packing step did, by source, and its sequences, by length."""
    from datapipe.cli.pii import console_of, show_table
    from datapipe.core.merged import MIXED

    for step in manifest["steps"]:
        packed = {source: t for source, t in step.get("tallies", {}).items() if "tokens_packed" in t}
        if not packed:
            continue
        console = console_of(file)
        own = sorted((source, t) for source, t in packed.items() if source != MIXED or t.get("documents"))
        rows = [(source, *(f"{t.get(key, 0):,}" for key in _KEYS)) for source, t in own]
        show_table(console, (f"{step['label']}: source", *_COLUMNS), 1, rows)
        heads = (f"{step['label']}: source", "length", "sequences", "tokens", "padding", "%")
        show_table(console, heads, 1, list(_by_length(packed)))


def _by_length(packed: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Cells by source and length. Where sequences are of several sources, padding is of no single one: it is told of all.

    A source's tokens stand in its own sequences and in mixed ones.
    """
    from datapipe.core.merged import MIXED

    mixed = MIXED in packed and not packed[MIXED].get("documents")
    for source, t in sorted(packed.items()):
        for length, of in t["lengths"].items():
            tokens = "" if mixed and source == MIXED else f"{of['tokens_packed']:,}"
            yield source, f"{int(length):,}", f"{of['sequences']:,}", tokens, *(("", "") if mixed else _padding(of))
    if mixed:
        for length in packed[MIXED]["lengths"]:
            parts = [t["lengths"].get(length, {}) for t in packed.values()]
            whole = {key: sum(of.get(key, 0) for of in parts) for key in ("sequences", "tokens_packed", "padding")}
            counts = f"{whole['sequences']:,}", f"{whole['tokens_packed']:,}"
            yield "all", f"{int(length):,}", *counts, *_padding(whole)


def _padding(of: Mapping[str, int]) -> tuple[str, str]:
    places = max(1, of["tokens_packed"] + of["padding"])
    return f"{of['padding']:,}", f"{of['padding'] / places:.3%}"


def tell_packed(manifest: dict[str, Any], wanted: Wanted, source: str | None) -> bool:
    """Say in which sequences a document stands; whether there are any."""
    told = 0
    for output in manifest["outputs"]:
        for file in output["files"]:
            path = f"{output['path'].rstrip('/')}/{file['path']}"
            for sequence, of, place in _sequences(path, wanted):
                if source is None or source == of:
                    told += 1
                    if told <= SEQUENCES_TOLD:
                        tokens = f"tokens {place['start']:,} to {place['end']:,} of {place['tokens']:,}"
                        click.echo(f"{place['id']} ({of}): packed in {sequence}, {tokens}, {path}")
    if told > SEQUENCES_TOLD:
        click.echo(f"  and {told - SEQUENCES_TOLD:,} more")
    return told > 0


def _sequences(path: str, wanted: Wanted) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Id and source of each sequence that the document is in, and the part of it that is there."""
    import pyarrow.compute as pc

    if path.endswith(".jsonl.zst"):
        yield from _in_lines(path, wanted)
    for batch in _tables(path):
        lists = batch.column("documents")
        places, parents = pc.list_flatten(lists), pc.list_parent_indices(lists)
        hits = pc.indices_nonzero(wanted.mask(pc.struct_field(places, "id")))
        for place, row in zip(places.take(hits).to_pylist(), parents.take(hits).to_pylist(), strict=True):
            yield batch.column("id")[row].as_py(), batch.column("source")[row].as_py(), place


def _tables(path: str) -> Iterator[pa.RecordBatch]:
    """Batches of Parquet and Arrow files that name the documents in each row."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from datapipe.core.packing.sequences import DOCUMENTS
    from datapipe.io.files import open_input, parquet_source

    def named(schema: pa.Schema) -> bool:
        return "documents" in schema.names and schema.field("documents").type == DOCUMENTS

    if path.endswith(".parquet"):
        file = pq.ParquetFile(parquet_source(path))
        if named(file.schema_arrow):
            yield from file.iter_batches(columns=["id", "source", "documents"])
    elif path.endswith(".arrow"):
        with open_input(path) as raw, pa.ipc.open_stream(raw) as reader:
            if named(reader.schema):
                yield from reader


def _in_lines(path: str, wanted: Wanted) -> Iterator[tuple[str, str, dict[str, Any]]]:
    import io

    import orjson
    import zstandard

    from datapipe.io.files import open_input

    with open_input(path) as raw, zstandard.ZstdDecompressor().stream_reader(raw) as stream:
        for line in io.BufferedReader(stream):
            row = orjson.loads(line)
            for place in row.get("documents") or ():
                if isinstance(place, dict) and wanted.holds(place.get("id")) and "tokens" in place:
                    yield row["id"], row["source"], place
