"""The side tables of all shards as a few Parquet files: ledger, quarantine, edits, pii, scores, audit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from datapipe.core.bias.counts import summed
from datapipe.core.columns import ADDR
from datapipe.engine import beacon
from datapipe.engine.names import part_name, published_stem, shard_name
from datapipe.engine.reports import committed
from datapipe.engine.sink import TABLES, side_name
from datapipe.io.arrow_files import Index, read_batches, read_table
from datapipe.io.digested import Digested
from datapipe.io.store import Store
from datapipe.plan.plan import Plan

PART_ROWS = 1 << 20
GROUP_ROWS = 1 << 13
Slice = tuple[int, int, int]  # stage number, shard, rows


def plan_tables(found: Iterator[Slice]) -> Iterator[tuple[Slice, ...]]:
    """Group the shards' tables, in order, into parts of about PART_ROWS rows."""
    part: list[Slice] = []
    rows = 0
    for one in found:
        part.append(one)
        rows += one[2]
        if rows >= PART_ROWS:
            yield tuple(part)
            part, rows = [], 0
    if part:
        yield tuple(part)


def collect_table(store: Store, plan: Plan, table: str, index: int, slices: tuple[Slice, ...]) -> dict[str, Any]:
    """Write one part of a side table, in the order of stages and shards."""
    schema = TABLES[table]
    strings = [
        f.name
        for f in schema
        if f.name in ("source", "lang", "step", "operator", "reason", "file", "dimension", "value")
    ]
    if table == "scores":
        strings += ["scores.key_value.key", "failed.list.element"]
    rows = 0
    options = {"compression": "zstd", "compression_level": 1, "use_dictionary": strings}
    with store.create(f"{published_stem(table, index)}.parquet") as stream:
        written = Digested(stream)
        with pq.ParquetWriter(pa.PythonFile(written, "w"), schema, **options) as writer:
            groups = _sums(store, plan, slices) if table == "audit" else _groups(store, plan, table, slices)
            for group in groups:
                writer.write_table(group, row_group_size=max(1, group.num_rows))
                rows += group.num_rows
    file = {"suffix": "parquet", "bytes": written.size, "sha256": written.digest.hexdigest()}
    report = {"rows": rows, "files": [file]}
    store.write_report(f"{part_name(plan.fingerprint, table, index)}.json", report)
    return report


def _groups(store: Store, plan: Plan, table: str, slices: tuple[Slice, ...]) -> Iterator[pa.Table]:
    """Tables of exactly GROUP_ROWS rows (the last one shorter), each shard's rows by address.

    A shard wrote them batch by batch, so their order told its batch size; the sort is stable, so that the edits and
    the scores of one row stay in the order of its steps.
    """
    waiting = TABLES[table].empty_table()
    for name, index in _files(store, plan, table, slices):
        found = read_table(store, name, index, TABLES[table])
        waiting = pa.concat_tables([waiting, found.take(pc.sort_indices(found, [(ADDR, "ascending")]))])
        while waiting.num_rows >= GROUP_ROWS:
            yield waiting.slice(0, GROUP_ROWS).combine_chunks()
            waiting = waiting.slice(GROUP_ROWS)
    if waiting.num_rows:
        yield waiting.combine_chunks()


def _sums(store: Store, plan: Plan, slices: tuple[Slice, ...]) -> Iterator[pa.Table]:
    """The counts of these shards, added up whenever PART_ROWS rows wait, in tables of GROUP_ROWS rows."""
    sums = waiting = TABLES["audit"].empty_table()
    for name, index in _files(store, plan, "audit", slices):
        for batch in read_batches(store, name, index, TABLES["audit"]):
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch])])
            if waiting.num_rows >= PART_ROWS:
                sums, waiting = summed(pa.concat_tables([sums, waiting])), waiting.slice(0, 0)
    sums = summed(pa.concat_tables([sums, waiting])).combine_chunks()
    for start in range(0, sums.num_rows, GROUP_ROWS):
        yield sums.slice(start, GROUP_ROWS)


def _files(store: Store, plan: Plan, table: str, slices: tuple[Slice, ...]) -> Iterator[tuple[str, Index]]:
    """The table's file of each shard, with its index."""
    for stage, number, _ in slices:
        beacon.at(f"collect: reading shard {number}")
        shard = shard_name(plan.stages[stage].key, number)
        name = side_name(shard, table)
        yield name, committed(store, shard)["files"][name]
