"""Arrow batches to the columns every reader gives, without Python objects where types allow it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from datapipe.core.reader import Reader
from datapipe.io.rows import Fault, RecordRows, Rows, Target, column_values
from datapipe.io.values import Unfit, convert_id, to_json

_UNMARKED = {pa.binary(): pa.string(), pa.large_binary(): pa.large_string()}


class BatchRows:
    """Builds batches from record batches of any schema."""

    def __init__(self, reader: Reader) -> None:
        self.schema = reader.row_schema()
        self._records = RecordRows(reader)

    def build(self, batch: pa.RecordBatch) -> Rows:
        """The rows of these records; invalid UTF-8, missing texts and values that do not fit become faults."""
        faults: dict[int, Fault] = {}
        readable = np.arange(batch.num_rows, dtype=np.int64)
        batch = self._named_binary_as_text(batch)
        try:
            batch.validate(full=True)
        except pa.ArrowInvalid:
            broken = dict(_invalid_rows(batch))
            readable = np.delete(readable, list(broken))
            faults = {row: Fault(error, self._id_of(batch, row)) for row, error in broken.items()}
            batch = batch.take(pa.array(readable))
        columns, later = self._columns(batch)
        taken, metadata = self._from_records(batch, later)
        wrong: dict[int, Fault] = {}
        for target in self._records.targets:
            if target.column in taken:
                values = column_values(taken[target.column], target, wrong)
                columns[target.column] = pa.array(values, target.type)
        columns["metadata"] = metadata
        _missing_text(columns["text"], self._records.targets[1], batch, wrong)
        kept = np.arange(batch.num_rows, dtype=np.int64)
        arrays = [columns[field.name] for field in self.schema]
        built = pa.RecordBatch.from_arrays(arrays, schema=self.schema)
        if wrong:
            ids = columns["id"]
            faults.update((int(readable[i]), Fault(f.error, ids[i].as_py())) for i, f in wrong.items())
            kept = np.delete(kept, list(wrong))
            built = built.take(pa.array(kept))
        return Rows(built, readable[kept], faults)

    def _named_binary_as_text(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Old writers leave strings unmarked; a field that the recipe names is text, and is checked to be."""
        for target in self._records.targets:
            index = batch.schema.get_field_index(target.field)
            if index >= 0 and batch.column(index).type in _UNMARKED:
                array = batch.column(index)
                batch = batch.set_column(index, target.field, array.view(_UNMARKED[array.type]))
        return batch

    def _id_of(self, batch: pa.RecordBatch, row: int) -> str | None:
        index = batch.schema.get_field_index(self._records.targets[0].field)
        try:
            return convert_id(as_python(batch.column(index).slice(row, 1))[0]) if index >= 0 else None
        except (UnicodeDecodeError, Unfit):
            return None

    def _columns(self, batch: pa.RecordBatch) -> tuple[dict[str, pa.Array], list[Target]]:
        """The columns that a cast gives, and the targets that must be looked at value by value."""
        columns: dict[str, pa.Array] = {}
        later = []
        for target in self._records.targets:
            index = batch.schema.get_field_index(target.field)
            array = _plain(batch.column(index)) if index >= 0 else None
            if array is None and len(target.path) == 1:
                columns[target.column] = pa.nulls(batch.num_rows, target.type)
            elif array is not None and _casts(array.type, target):
                columns[target.column] = array.cast(target.type)
            else:
                later.append(target)
        return columns, later

    def _from_records(self, batch: pa.RecordBatch, later: list[Target]) -> tuple[dict[str, list[Any]], pa.Array]:
        """The values of the targets that no cast gave, and the fields nobody named, as JSON."""
        used = {t.field for t in self._records.targets} - {t.field for t in later}
        names: dict[str, int] = {}
        for index, name in enumerate(batch.schema.names):
            if name not in used:
                names.setdefault(name, index)
        if not names:
            return {t.column: [None] * batch.num_rows for t in later}, pa.nulls(batch.num_rows, pa.large_string())
        values = [as_python(batch.column(index)) for index in names.values()]
        records = [dict(zip(names, row, strict=True)) for row in zip(*values, strict=True)]
        taken = self._records.take(records) if later else {}
        metadata = pa.array([to_json(record) if record else None for record in records], pa.large_string())
        return {t.column: taken[t.column] for t in later}, metadata


def _casts(dtype: pa.DataType, target: Target) -> bool:
    """Whether a cast gives just what the rules for single values give."""
    if pa.types.is_null(dtype) or dtype == target.type:
        return True
    if pa.types.is_string(target.type) or pa.types.is_large_string(target.type):
        return is_text(dtype) or bool(target.column == "id" and pa.types.is_integer(dtype))
    if target.type == pa.int64():
        return bool(pa.types.is_integer(dtype) and dtype != pa.uint64())
    if pa.types.is_list(target.type):
        lists = pa.types.is_list(dtype) or pa.types.is_large_list(dtype) or pa.types.is_fixed_size_list(dtype)
        return bool(lists and pa.types.is_floating(dtype.value_type))
    return bool(target.type == pa.float64() and pa.types.is_float32(dtype))


def is_text(dtype: pa.DataType) -> bool:
    """Whether values of the type are strings."""
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype) or pa.types.is_string_view(dtype))


def _plain(array: pa.Array) -> pa.Array:
    """The array without dictionary, run-length or extension clothes; its own type otherwise."""
    if isinstance(array, pa.ExtensionArray):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_run_end_encoded(array.type):
        array = pc.run_end_decode(array)
    return array


def as_python(array: pa.Array) -> list[Any]:
    """The values as what JSON can hold: times and decimals as strings, durations as whole numbers, maps as objects."""
    array = _plain(array)
    simple = _simple(array.type)
    if simple != array.type:
        try:
            array = array.cast(simple)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return [None if value is None else str(value) for value in array.to_pylist()]
    values: list[Any] = [_with_objects(value) for value in array] if _has_map(simple) else array.to_pylist()
    return values


def _with_objects(value: pa.Scalar) -> Any:
    try:
        return value.as_py(maps_as_pydicts="strict")
    except KeyError:
        return value.as_py()  # a key that occurs twice: pairs keep both


def _simple(dtype: pa.DataType) -> pa.DataType:
    if pa.types.is_duration(dtype):
        return pa.int64()
    if pa.types.is_temporal(dtype) or pa.types.is_decimal(dtype):
        return pa.string()
    if pa.types.is_float16(dtype):
        return pa.float32()
    if pa.types.is_dictionary(dtype):
        return _simple(dtype.value_type)
    if pa.types.is_struct(dtype):
        return pa.struct([field.with_type(_simple(field.type)) for field in dtype])
    if pa.types.is_map(dtype):
        return pa.map_(_simple(dtype.key_type), _simple(dtype.item_type))
    if pa.types.is_large_list(dtype):
        return pa.large_list(dtype.value_field.with_type(_simple(dtype.value_type)))
    if pa.types.is_fixed_size_list(dtype):
        return pa.list_(dtype.value_field.with_type(_simple(dtype.value_type)), dtype.list_size)
    if pa.types.is_list(dtype):
        return pa.list_(dtype.value_field.with_type(_simple(dtype.value_type)))
    return dtype


def _has_map(dtype: pa.DataType) -> bool:
    if pa.types.is_map(dtype):
        return True
    return any(_has_map(dtype.field(i).type) for i in range(dtype.num_fields))


def _invalid_rows(batch: pa.RecordBatch) -> Iterator[tuple[int, str]]:
    """The rows that hold a string which is not UTF-8, and which field it is."""
    for row in range(batch.num_rows):
        for index, name in enumerate(batch.schema.names):
            try:
                batch.column(index).slice(row, 1).validate(full=True)
            except pa.ArrowInvalid:
                yield row, f"the field {name} is not UTF-8; expected UTF-8 text"
                break


def _missing_text(texts: pa.Array, target: Target, batch: pa.RecordBatch, faults: dict[int, Fault]) -> None:
    if not texts.null_count:
        return
    names = ", ".join(name for name in batch.schema.names if name != target.field)
    error = (
        f"the field {target.field} is missing or null (other fields: {names}); expected the document's text, a string"
    )
    for row in np.flatnonzero(texts.is_null().to_numpy(zero_copy_only=False)):
        faults.setdefault(int(row), Fault(error))
