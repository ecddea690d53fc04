"""Input records to the columns every reader gives: id, text, url, lang, metadata and those the recipe named."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from datapipe.core.reader import BadRecord, Chunk, Reader
from datapipe.io.values import Unfit, convert, convert_id, fits_fast, kind_of, to_json

# A float whose exponent may hide a whole number beyond 64 bits, where JSON has a value.
_LARGE_FLOAT = re.compile(rb"[:\[,]-?[0-9.]+e[+]?[0-9]")

Record = dict[str, Any]


class Fault(NamedTuple):
    """Why a record is none, and its id if it has one."""

    error: str
    id: str | None = None


class Rows(NamedTuple):
    """The good records as a batch, their numbers among those given, and the faults of the others."""

    batch: pa.RecordBatch
    kept: npt.NDArray[np.int64]
    faults: dict[int, Fault]


class Target(NamedTuple):
    """One column to fill: its input field, as written and as a path, and its type."""

    column: str
    field: str
    path: tuple[str, ...]
    type: pa.DataType


def targets(reader: Reader) -> list[Target]:
    """The columns a reader fills from input fields, in the order of its schema."""
    fields = [(f.name, reader.field_of(f.name), f.type) for f in reader.row_schema() if f.name != "metadata"]
    return [Target(name, field, tuple(field.split(".")), dtype) for name, field, dtype in fields]


class RecordRows:
    """Builds batches from records that are Python dictionaries (which it takes apart)."""

    def __init__(self, reader: Reader) -> None:
        self.schema = reader.row_schema()
        self.targets = targets(reader)
        # Nested fields go first, so that a column made of the whole object above them gets what is left of it.
        self._order = sorted(self.targets, key=lambda t: -len(t.path))

    def build(self, records: list[Record], again: Callable[[int], Record] | None = None) -> Rows:
        """The rows of these records; `again` parses one anew, with whole numbers of any size exact."""
        taken = self.take(records)
        faults: dict[int, Fault] = {}
        ids = column_values(taken["id"], self.targets[0], faults)
        for target in self.targets[1:]:
            taken[target.column] = column_values(taken[target.column], target, faults, records)
        if again:
            self._exact_ids(taken["id"], ids, again)
        taken["id"] = ids
        metadata = _metadata(records, faults)
        faults = {i: Fault(f.error, ids[i]) for i, f in faults.items()}
        if again:
            for i, line in enumerate(metadata):
                if line is not None and _LARGE_FLOAT.search(line):
                    metadata[i] = self._exact(again(i))
        taken["metadata"] = metadata
        return assemble(self.schema, taken, faults, len(records))

    def take(self, records: list[Record]) -> dict[str, list[Any]]:
        """The values of every column; the records keep the fields nobody named."""
        taken: dict[str, list[Any]] = {}
        last = {target.field: target.column for target in self._order}
        for target in self._order:
            field = target.field
            if len(target.path) > 1:
                keep = last[field] != target.column
                taken[target.column] = [_take(record, field, target.path, keep) for record in records]
            elif last[field] == target.column:
                taken[target.column] = [record.pop(field, None) for record in records]
            else:
                taken[target.column] = [record.get(field) for record in records]
        return taken

    def _exact(self, record: Record) -> bytes | None:
        self.take([record])
        return to_json(record) if record else None

    def _exact_ids(self, raw: list[Any], ids: list[Any], again: Callable[[int], Record]) -> None:
        for i, value in enumerate(raw):
            if type(value) is float and abs(value) >= 1 << 63:
                ids[i] = convert_id(self.take([again(i)])["id"][0])


def _metadata(records: list[Record], faults: dict[int, Fault]) -> list[bytes | None]:
    try:
        return [to_json(record) if record else None for record in records]
    except Unfit:
        pass
    out: list[bytes | None] = [None] * len(records)
    for i, record in enumerate(records):
        try:
            out[i] = to_json(record) if record else None
        except Unfit as error:
            faults.setdefault(i, Fault(f"the record is {error}"))
    return out


def column_values(
    values: list[Any], target: Target, faults: dict[int, Fault], records: list[Record] | None = None
) -> list[Any]:
    """The values as the column takes them; those that do not fit are added to `faults` (the first of a row stays)."""
    if target.column == "text":
        if {*map(type, values)} <= {str}:
            return values
        for i, value in enumerate(values):
            if not isinstance(value, str):
                faults.setdefault(i, Fault(_no_text(target.field, value, records[i] if records else {})))
        return [value if isinstance(value, str) else None for value in values]
    if fits_fast(values, target.type):
        return values
    out = list(values)
    for i, value in enumerate(values):
        try:
            out[i] = convert_id(value) if target.column == "id" else convert(value, target.type)
        except Unfit as error:
            faults.setdefault(i, Fault(f"the field {target.field} is {error}"))
            out[i] = None
    return out


def assemble(schema: pa.Schema, columns: dict[str, list[Any]], faults: dict[int, Fault], n: int) -> Rows:
    """The batch of all rows without a fault."""
    kept = np.arange(n, dtype=np.int64)
    if faults:
        kept = np.delete(kept, list(faults))
        columns = {name: [values[i] for i in kept] for name, values in columns.items()}
    # Arrow takes bytes much faster than strings, and these are UTF-8 by their making.
    columns["text"] = [text.encode() for text in columns["text"]]
    arrays = []
    for field in schema:
        wide = field.type == pa.large_string()
        array = pa.array(columns[field.name], pa.large_binary() if wide else field.type)
        arrays.append(array.view(pa.large_string()) if wide else array)
    return Rows(pa.RecordBatch.from_arrays(arrays, schema=schema), kept, faults)


def chunk_of(
    rows: Rows, numbers: npt.NDArray[np.int64] | None, bad: list[tuple[int, BadRecord]], notes: dict[str, int]
) -> Chunk:
    """A chunk of these rows and bad records; `numbers` are the places of the built records among all of the chunk."""
    places = rows.kept if numbers is None else numbers[rows.kept]
    bad.sort(key=lambda item: item[0])
    records = len(places) + sum(record.rows for _, record in bad)
    return Chunk(rows.batch, records, places, tuple(bad), notes)


def _take(record: Record, field: str, path: tuple[str, ...], keep: bool) -> Any:
    """The value at a dotted path (a field of exactly that name goes first), taken out unless it is to be kept."""
    if field in record:
        return record.get(field) if keep else record.pop(field)
    trail: list[tuple[Record, str]] = []
    at: Any = record
    for name in path:
        if not isinstance(at, dict) or name not in at:
            return None
        trail.append((at, name))
        at = at[name]
    if not keep:
        for holder, name in reversed(trail):
            del holder[name]
            if holder:
                break  # an object that is emptied goes with its last field
    return at


def _no_text(field: str, value: Any, rest: Record) -> str:
    if value is not None:
        return f"the field {field} is {kind_of(value)}; expected the document's text, a string"
    names = ", ".join(str(name) for name in list(rest)[:8])
    found = f" (other fields: {names})" if names else ""
    return f"the field {field} is missing or null{found}; expected the document's text, a string"
