"""The columns every row carries, in the order in which they are published."""

from collections.abc import Iterable, Mapping

import pyarrow as pa

ADDR = "_addr"  # uint64 = shard << 40 | row; stamped once at reading, never recomputed, not published
SHARD_SHIFT = 40
CHILD_BIT = 1 << 39  # rows made by an Expand: shard << 40 | 1 << 39 | step << 32 | n

BASE = pa.schema(
    [
        pa.field(ADDR, pa.uint64(), nullable=False),
        pa.field("id", pa.string()),
        pa.field("text", pa.large_string()),
        pa.field("source", pa.string()),  # the dataset a row was read in
        pa.field("url", pa.string()),
        pa.field("lang", pa.string()),
        pa.field("metadata", pa.large_string()),  # JSON object of the input fields nobody named
    ]
)

# Names a recipe may give to extra columns: `columns: {year: {field: year, type: int}}`.
TYPES: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "int": pa.int64(),
    "float": pa.float64(),
    "bool": pa.bool_(),
    "floats": pa.list_(pa.float32()),  # a vector
}


def shard_of(address: int) -> int:
    """The shard in which the row of this address was read."""
    return address >> SHARD_SHIFT


def row_of(address: int) -> int:
    """The row's number in its shard."""
    return address & ((1 << SHARD_SHIFT) - 1)


def align(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch with exactly the columns of `schema`: absent ones null, others dropped, equal types kept as they are."""
    if batch.schema.equals(schema):
        return batch
    arrays = []
    for field in schema:
        index = batch.schema.get_field_index(field.name)
        if index < 0:
            arrays.append(pa.nulls(batch.num_rows, field.type))
        else:
            column = batch.column(index)
            arrays.append(column if column.type == field.type else column.cast(field.type))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def set_columns(batch: pa.RecordBatch, columns: Mapping[str, pa.Array]) -> pa.RecordBatch:
    """The batch with these columns replaced in place, or added at the end."""
    for name, values in columns.items():
        index = batch.schema.get_field_index(name)
        if index < 0:
            batch = batch.append_column(name, values)
        else:
            field = pa.field(name, values.type, batch.schema.field(index).nullable)
            batch = batch.set_column(index, field, values)
    return batch


def union(schemas: Iterable[pa.Schema]) -> tuple[pa.Schema, str | None]:
    """One schema holding every column; the second value names a column that has two types, if any."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            seen = fields.setdefault(field.name, field)
            if seen.type != field.type:
                return pa.schema(list(fields.values())), field.name
    return pa.schema(list(fields.values())), None
