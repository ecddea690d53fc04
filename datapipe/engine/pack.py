"""Publishing: rows of many shards to parts of one size, in address order, in the format of the output."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR
from datapipe.engine import beacon
from datapipe.engine.marks import unpacked
from datapipe.engine.names import part_name, published_stem, shard_name
from datapipe.engine.output import weights
from datapipe.engine.reports import committed
from datapipe.io.arrow_files import read_batches
from datapipe.io.digested import Digested
from datapipe.io.files import is_hub
from datapipe.io.store import Store, open_store
from datapipe.plan.plan import Plan, Publication, Stage

PIECE = 1_000_000  # bytes of id, text, metadata and tokens that formats are given at once
Slice = tuple[int, int, int]  # shard, first row, end row


def cut_parts(
    shards: Iterable[tuple[int, dict[str, Any]]], size: int, begins: Container[int] = ()
) -> Iterator[tuple[Slice, ...]]:
    """Cut shards, in order, into parts of about `size` bytes, at the marks their reports hold.

    begins  shards that begin a part
    """
    part: list[Slice] = []
    held = 0
    for number, report in shards:
        if part and number in begins:
            yield tuple(part)
            part, held = [], 0
        start, weight = 0, 0
        for row, at in [*unpacked(report["marks"]), (report["rows"], report["weight"])]:
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
    """Write one part in its place; the digests of its files and its counts are the commit."""
    number = plan.publications.index(publication)
    rows, form = plan.stage(publication.stage).published(), publication.format
    schema = form.published(rows)
    target, stem = place(store, plan, number, index)
    names = [f"{stem}.{suffix}" for suffix in form.suffixes]
    counted = _Counted(_pieces(store, plan.stage(publication.stage), slices), schema, form.counted(rows))
    with ExitStack() as files:
        streams = [Digested(files.enter_context(target.create(name))) for name in names]
        facts = form.write(iter(counted), schema, streams)  # type: ignore[arg-type]  # writables are all it needs
    report: dict[str, Any] = {"rows": counted.rows, "tokens": counted.tokens, "facts": facts}
    report["first_shard"] = slices[0][0] if slices else None
    report["files"] = [
        {"suffix": suffix, "bytes": stream.size, "sha256": stream.digest.hexdigest()}
        for suffix, stream in zip(form.suffixes, streams, strict=True)
    ]
    if form.needs and not report[form.needs]:
        for name in names:
            target.remove(name)
        report["files"] = []
    store.write_report(f"{part_name(plan.fingerprint, str(number), index)}.json", report)
    return report


def place(store: Store, plan: Plan, publication: int, index: int) -> tuple[Store, str]:
    """Where a part goes, before the endings of its files: to its place in the output at once, for without a manifest it
    is not published."""
    path = plan.publications[publication].path
    if is_hub(path):  # the hub takes commits, not single files
        return store, part_name(plan.fingerprint, str(publication), index)
    return (open_store(path) if publication else store), published_stem("data", index)


class _Counted:
    """Pieces with the columns of a schema, and how many rows and tokens went by."""

    def __init__(self, pieces: Iterator[pa.RecordBatch], schema: pa.Schema, column: str | None) -> None:
        self._pieces = pieces
        self._schema = schema
        self._column = column
        self.rows = 0
        self.tokens: int | None = None if column is None else 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for piece in self._pieces:
            self.rows += piece.num_rows
            if self.tokens is not None:
                self.tokens += pc.sum(pc.list_value_length(piece.column(self._column))).as_py() or 0
            yield piece.select(self._schema.names)


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
