"""What the table `pii/` comes to: counts by type, language and source, and the values that many documents hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.columns import ADDR

Batches = Iterable[pa.RecordBatch]
Key = tuple[str | None, ...]

Counted = tuple[str, str, str]  # column, how it is summed, what the sum is called

BUCKETS = 1 << 24  # counters of values by six digits of their hash, 4 bytes each
WEIGHED = 1 << 18  # values compared at once
SUMS: Sequence[Counted] = (("documents", "sum", "documents"), ("entities", "sum", "entities"))
_PLACES = 16 ** np.arange(5, -1, -1)


class Count(NamedTuple):
    """So many entities in so many documents."""

    entities: int
    documents: int


class Repeated(NamedTuple):
    """A value that several documents hold.

    hash   salted; what the value is called without being told
    first  id of the first document    value  null unless the table tells values
    """

    type: str
    hash: str
    documents: int
    entities: int
    sources: list[str]
    first: str
    value: str | None


def counts(batches: Batches, *groups: tuple[str, ...]) -> list[dict[Key, Count]]:
    """For each group of columns: its values to how many entities there are, and in how many documents.

    batches  rows of `pii/` in its order, where a document's entities stand together; memory for one batch at a time
    """
    found: list[tuple[Counter[Key], Counter[Key]]] = [(Counter(), Counter()) for _ in groups]
    for table in _whole_documents(batches):
        for columns, (entities, documents) in zip(groups, found, strict=True):
            each = table.group_by([*columns, ADDR], use_threads=False).aggregate([([], "count_all")])
            for row in each.group_by(list(columns), use_threads=False).aggregate(
                [("count_all", "sum"), ([], "count_all")]
            ).to_pylist():  # fmt: skip
                key = tuple(row[name] for name in columns)
                entities[key] += row["count_all_sum"]
                documents[key] += row["count_all"]
    return [{key: Count(n, documents[key]) for key, n in entities.items()} for entities, documents in found]


def repeated(read: Callable[[list[str]], Batches], most: int, values: bool = False) -> tuple[list[Repeated], int]:
    """The values that most documents hold, and in how many entities a value must stand to be among them for sure.

    read  gives the columns asked for of all rows, from the start. It is called twice: once to count values in buckets of
          hashes, once for those in the fullest buckets, whose counts are exact. Of some million entities every value is
          compared, of 100 million those that come some ten times.

    12 million rows take 15 s with `counts`, and 0.5 GB; time grows with the rows, memory hardly.
    """
    tally = np.zeros(BUCKETS, np.uint32)
    for batch in read(["hash"]):
        np.add.at(tally, _buckets(batch.column("hash")), np.uint32(1))
    least = _least(tally)
    columns = [ADDR, "id", "step", "source", "type", "hash", *(["value"] if values else [])]
    same = ["step", "hash", "source"]
    told = [(name, "first") for name in ("at", "id", "type", "value") if values or name != "value"]
    parts: list[pa.Table] = []
    size = 0
    row = 0
    for table in _whole_documents(read(columns)):
        table = table.append_column("at", pa.array(np.arange(row, row + table.num_rows)))
        row += table.num_rows
        part = table.filter(pa.array(tally[_buckets(table.column("hash"))] >= least))
        parts.append(_grouped(part, same, [(ADDR, "count_distinct", "documents"), (ADDR, "count", "entities")], told))
        if sum(part.num_rows for part in parts[1:]) > max(1 << 18, size):
            parts = [_grouped(pa.concat_tables(parts), same, SUMS, told)]
            size = parts[0].num_rows
    if not parts:
        return [], least
    # A document that two steps have seen counts once: of the steps the one that found the value in most documents.
    table = _grouped(pa.concat_tables(parts), same, SUMS, told)
    by_step = _grouped(table, ["step", "hash"], SUMS, [])
    by_step = by_step.filter(pc.greater(by_step.column("documents"), 1)).sort_by(
        [("documents", "descending"), ("entities", "descending"), ("hash", "ascending"), ("step", "ascending")]
    )
    top: dict[str, dict[str, Any]] = {}
    for batch in by_step.to_batches(max_chunksize=1 << 10):
        for one in batch.to_pylist():
            if len(top) < most:
                top.setdefault(one["hash"], one)
    mine = table.filter(pc.is_in(table.column("hash"), pa.array(list(top), pa.string()))).to_pylist()
    found = []
    for name, one in top.items():
        rows = sorted((row for row in mine if row["hash"] == name), key=lambda row: row["at"])
        sources, first = sorted({row["source"] for row in rows if row["source"] is not None}), rows[0]
        value = first.get("value")
        found.append(Repeated(first["type"], name, one["documents"], one["entities"], sources, first["id"], value))
    return found, least


def _grouped(table: pa.Table, by: list[str], counted: Sequence[Counted], told: list[tuple[str, str]]) -> pa.Table:
    """One row for each of these keys: sums under their new names, of other columns the first."""
    each = table.group_by(by, use_threads=False).aggregate([*((c, how) for c, how, _ in counted), *told])
    names = {f"{c}_{how}": new for c, how, new in counted} | {f"{c}_{how}": c for c, how in told}
    return each.rename_columns([names.get(name, name) for name in each.column_names])


def plain(found: Repeated) -> dict[str, Any]:
    """For JSON; without the value where it is not told."""
    return {name: value for name, value in found._asdict().items() if name != "value" or value is not None}


def _least(tally: npt.NDArray[np.uint32]) -> int:
    """The smallest size, 2 or more, such that buckets of that size or more hold no more than WEIGHED values."""
    sizes, buckets = np.unique(tally, return_counts=True)
    values = np.cumsum(buckets[::-1])[::-1] * max(1.0, float(tally.sum(dtype=np.int64)) / BUCKETS)
    many = sizes[values > WEIGHED]
    return max(2, int(many[-1]) + 1) if len(many) else 2


def _buckets(hashes: pa.ChunkedArray | pa.Array) -> npt.NDArray[np.int64]:
    """The number that the first six hexadecimal digits of each hash make."""
    if isinstance(hashes, pa.ChunkedArray):
        hashes = hashes.combine_chunks()
    if not len(hashes):
        return np.zeros(0, np.int64)
    digits = pc.utf8_slice_codeunits(hashes, 0, 6).buffers()[2]
    data = np.frombuffer(digits, np.uint8)[: 6 * len(hashes)].reshape(-1, 6).astype(np.int64)
    numbers: npt.NDArray[np.int64] = np.where(data >= ord("a"), data - ord("a") + 10, data - ord("0")) @ _PLACES
    return numbers


def _whole_documents(batches: Batches) -> Iterator[pa.Table]:
    """The same rows, cut only between documents."""
    waiting: pa.Table | None = None
    for batch in batches:
        table = pa.Table.from_batches([batch])
        table = table if waiting is None else pa.concat_tables([waiting, table])
        if not table.num_rows:
            continue
        addresses = table.column(ADDR).to_numpy()
        others = np.flatnonzero(addresses != addresses[-1])
        cut = int(others[-1]) + 1 if len(others) else 0
        if cut:
            yield table.slice(0, cut)
        waiting = table.slice(cut).combine_chunks()
    if waiting is not None and waiting.num_rows:
        yield waiting
