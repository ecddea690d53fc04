"""Publishing: rows of many shards to parts of one size, in address order, as Parquet or JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import zstandard

from datapipe.core.columns import ADDR
from datapipe.engine import beacon
from datapipe.engine.names import part_name, published_name, shard_name
from datapipe.engine.output import weights
from datapipe.engine.reports import committed
from datapipe.io.arrow_files import read_batches
from datapipe.io.digested import Digested
from datapipe.io.files import is_hub
from datapipe.io.store import Store, open_store
from datapipe.plan.plan import Plan, Publication, Stage

PIECE, GROUP_PIECES = (
    1_000_000,
    64,
)  # bytes of id, text and metadata: row groups of 64 MB, gathered almost without copies
Slice = tuple[int, int, int]  # shard, first row, end row

# zstd 3 costs a third more time than 1 for 6 % smaller files on the bulk corpus; text is not worth a dictionary.
PARQUET: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 1,
    "use_dictionary": ["source", "lang"],
    "write_statistics": ["id", "source", "url", "lang"],  # bounds on whole texts would only swell the footer
    "write_page_checksum": True,
    "version": "2.6",
}


def suffix(publication: Publication) -> str:
    """The file name's ending."""
    return "parquet" if publication.format == "parquet" else "jsonl.zst"


def cut_parts(shards: Iterable[tuple[int, dict[str, Any]]], size: int) -> Iterator[tuple[Slice, ...]]:
    """Cut shards, in order, into parts of about `size` bytes, at the marks their reports hold."""
    part: list[Slice] = []
    held = 0
    for number, report in shards:
        start, weight = 0, 0
        for row, at in [*report["marks"], (report["rows"], report["weight"])]:
            if row > start and held + at - weight >= size:
                yield (*part, (number, start, row))
                part, held, start, weight = [], 0, row, at
        if start < report["rows"]:
            part.append((number, start, report["rows"]))
            held += report["weight"] - weight
    if part:
        yield tuple(part)


def pack_part(
    store: Store, plan: Plan, publication: Publication, index: int, slices: tuple[Slice, ...]
) -> dict[str, Any]:
    """Write one part in its place; its digest and counts are the commit."""
    number = plan.publications.index(publication)
    stage = plan.stage(publication.stage)
    target, name = place(store, plan, number, index)
    with target.create(name) as stream:
        written = Digested(stream)
        write = _write_parquet if publication.format == "parquet" else _write_jsonl
        rows = write(written, _pieces(store, stage, slices), published_schema(stage))
    report = {"rows": rows, "bytes": written.size, "sha256": written.digest.hexdigest()}
    store.write_report(f"{part_name(plan.fingerprint, str(number), index)}.json", report)
    return report


def place(store: Store, plan: Plan, publication: int, index: int) -> tuple[Store, str]:
    """Where a part goes: to its name in the output at once, for without a manifest it is not published."""
    target = plan.publications[publication]
    if is_hub(target.path):  # the hub takes commits, not single files
        return store, f"{part_name(plan.fingerprint, str(publication), index)}.{suffix(target)}"
    return (open_store(target.path) if publication else store), published_name("data", index, suffix(target))


def published_schema(stage: Stage) -> pa.Schema:
    """The columns of the data: all of the stage's but the address."""
    return pa.schema([field for field in stage.rows if field.name != ADDR])


def _batches(store: Store, stage: Stage, slices: tuple[Slice, ...]) -> Iterator[pa.RecordBatch]:
    for number, start, stop in slices:
        report = committed(store, shard_name(stage.key, number))
        index = report["files"][report["output"]]
        ends = np.cumsum([0, *(rows for _, _, rows, _ in index["batches"])])  # only batches of the slice are read
        first, last = int(np.searchsorted(ends, start, "right")) - 1, int(np.searchsorted(ends, stop, "left"))
        at = int(ends[first])
        for batch in read_batches(store, report["output"], index, stage.rows, first, last):
            beacon.at(f"pack: reading shard {number}")
            begin, end = max(start - at, 0), min(stop - at, batch.num_rows)
            at += batch.num_rows
            yield batch.slice(begin, end - begin)


def _pieces(store: Store, stage: Stage, slices: tuple[Slice, ...]) -> Iterator[pa.RecordBatch]:
    """Batches of about PIECE bytes, cut by rows alone: how the rows were batched leaves no trace in the pages either."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for whole in _batches(store, stage, slices):
        batch = whole.drop_columns([ADDR])
        while batch.num_rows:
            ends = held + np.cumsum(weights(batch))
            full = int(np.searchsorted(ends, PIECE, "left")) + 1
            waiting.append(batch.slice(0, full))
            if full > batch.num_rows:
                held = int(ends[-1])
                break
            yield pa.concat_batches(waiting) if len(waiting) > 1 else waiting[0]
            waiting, held = [], 0
            batch = batch.slice(full)
    if waiting:
        yield pa.concat_batches(waiting) if len(waiting) > 1 else waiting[0]


def _write_parquet(stream: Digested, pieces: Iterator[pa.RecordBatch], schema: pa.Schema) -> int:
    count = 0
    with pq.ParquetWriter(pa.PythonFile(stream, "w"), schema, **PARQUET) as writer:
        while group := list(islice(pieces, GROUP_PIECES)):
            table = pa.Table.from_batches(group, schema=schema)
            writer.write_table(table, row_group_size=max(1, table.num_rows))
            count += table.num_rows
            del group, table  # or they would stay until the next group is gathered: 64 MB more
    return count


def _write_jsonl(stream: Digested, pieces: Iterator[pa.RecordBatch], schema: pa.Schema) -> int:
    count = 0
    compressor = zstandard.ZstdCompressor(level=3)
    with compressor.stream_writer(stream, closefd=False) as writer:  # type: ignore[arg-type]  # a writable is all it needs
        for piece in pieces:
            writer.write(b"".join(orjson.dumps(_json_row(row), option=_JSON) for row in piece.to_pylist()))
            count += piece.num_rows
    return count


_JSON = orjson.OPT_APPEND_NEWLINE


def _json_row(row: dict[str, Any]) -> dict[str, Any]:
    # Metadata is JSON already: it stands in the line as an object, not as a string in a string.
    return {
        name: orjson.Fragment(value) if name == "metadata" and value is not None
        else dict(value) if isinstance(value, list) and value and isinstance(value[0], tuple)
        else value
        for name, value in row.items()
    }  # fmt: skip
