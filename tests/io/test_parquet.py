from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datapipe.io.readers.parquet import ParquetReader


def write(path, data, **options):
    table = data if isinstance(data, pa.Table) else pa.table(data)
    pq.write_table(table, path, **options)
    return path


def test_columns_and_metadata(read, tmp_path):
    path = write(tmp_path / "a.parquet", {"b": [1], "text": ["t"], "lang": ["de"], "m": [{"x": [1, None]}], "id": [7]})
    (row,) = read("parquet", path).rows
    assert row == {"id": "7", "text": "t", "url": None, "lang": "de", "metadata": '{"b":1,"m":{"x":[1,null]}}'}


def test_no_metadata_where_all_is_named(read, tmp_path):
    out = read("parquet", write(tmp_path / "a.parquet", {"id": ["a"], "text": ["t"]}))
    assert out.column("metadata") == [None]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.binary(),
        pa.large_binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
)
def test_every_kind_of_string_is_text(read, tmp_path, kind):
    values = pa.array(["ä", "b", None]).cast(pa.string() if pa.types.is_dictionary(kind) else kind)
    column = values.dictionary_encode() if pa.types.is_dictionary(kind) else values
    out = read("parquet", write(tmp_path / "a.parquet", {"text": column, "n": [1, 2, 3]}, store_schema=False))
    assert out.column("text") == ["ä", "b"]
    assert out.bad[0].row == 2
    assert "the field text is missing or null (other fields: n)" in out.bad[0].error


def test_metadata_of_every_type(read, tmp_path):
    time = dt.datetime(2024, 5, 6, 7, 8, 9, 123456)
    columns = {
        "text": ["t"],
        "nan": [float("nan")],
        "bytes": [b"\xff\x00"],
        "decimal": [Decimal("1.50")],
        "date": [time.date()],
        "nanos": pa.array([1_700_000_000_123_456_789]).cast(pa.timestamp("ns", "UTC")),
        "span": pa.array([5]).cast(pa.duration("ns")),
        "half": pa.array(np.array([1.5], np.float16)),
        "map": pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64())),
        "nested": pa.array(
            [[{"at": time, "raw": b"x"}]], pa.list_(pa.struct([("at", pa.timestamp("us")), ("raw", pa.binary())]))
        ),
        "pairs": pa.array([[("a", 1), ("a", 2)]], pa.map_(pa.string(), pa.int64())),
        "fixed": pa.array([[time]], pa.list_(pa.timestamp("ns"), 1)),
        "large": pa.array([2**64 - 1], pa.uint64()),
        "nothing": pa.nulls(1),
        "category": pa.array(["c"]).dictionary_encode(),
    }
    (row,) = read("parquet", write(tmp_path / "a.parquet", columns)).rows
    assert json.loads(row["metadata"]) == {
        "nan": None,
        "bytes": "/wA=",
        "decimal": "1.50",
        "date": "2024-05-06",
        "nanos": "2023-11-14 22:13:20.123456789Z",
        "span": 5,
        "half": 1.5,
        "map": {"a": 1, "b": None},
        "nested": [{"at": "2024-05-06 07:08:09.123456", "raw": "eA=="}],
        "pairs": [["a", 1], ["a", 2]],
        "fixed": ["2024-05-06 07:08:09.123456000"],
        "large": 2**64 - 1,
        "nothing": None,
        "category": "c",
    }


def test_types_may_differ_between_files(read, tmp_path):
    write(tmp_path / "a.parquet", {"text": ["a"], "m": [1]})
    write(tmp_path / "b.parquet", {"text": ["b"], "m": [["x"]], "more": [True]})
    assert read("parquet", tmp_path).column("metadata") == ['{"m":1}', '{"m":["x"],"more":true}']


def test_named_columns(read, tmp_path):
    data = {
        "doc": [
            {"body": "a", "year": "1999", "k": 1},
            {"body": "b", "year": "old", "k": 2},
            {"body": None, "year": None, "k": 3},
        ],
        "big": pa.array([1, 2, 3], pa.int8()),
        "score": [1.0, float("nan"), 2.5],
        "id": [1.0, 2.0, None],
    }
    columns = {
        "text": "doc.body",
        "year": {"field": "doc.year", "type": "int"},
        "big": {"field": "big", "type": "int"},
        "score": {"field": "score", "type": "float"},
    }
    out = read("parquet", write(tmp_path / "a.parquet", data), columns=columns)
    (row,) = out.rows
    assert (row["text"], row["year"], row["big"], row["id"]) == ("a", 1999, 1, "1")
    assert row["metadata"] == '{"doc":{"k":1}}'
    assert [bad.row for bad in out.bad] == [1, 2]
    assert 'the field doc.year is a string ("old"); expected a whole number' in out.bad[0].error
    assert out.bad[0].id == "2"


@pytest.mark.parametrize("values", [[1, 2], [["a"], ["b"]], [{"a": 1}, {"a": 2}]])
def test_text_that_is_no_string(read, tmp_path, values):
    out = read("parquet", write(tmp_path / "a.parquet", {"id": ["x", "y"], "text": values}))
    assert out.rows == []
    assert [bad.id for bad in out.bad] == ["x", "y"]
    assert "expected the document's text, a string" in out.bad[0].error


def test_strings_that_are_not_utf8(read, tmp_path):
    raw = pa.array([b"fine", b"bad \xff", b"fine too"])
    texts = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    out = read("parquet", write(tmp_path / "a.parquet", {"id": ["a", "b", "c"], "text": texts}))
    assert out.column("id") == ["a", "c"]
    assert "the field text is not UTF-8" in out.bad[0].error
    assert (out.bad[0].head, out.bad[0].id) == ("bad \ufffd", "b")
    names = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    out = read("parquet", write(tmp_path / "b.parquet", {"text": ["x", "y", "z"], "name": names}))
    assert out.column("text") == ["x", "z"]
    assert (out.bad[0].row, out.bad[0].head) == (1, "y")


def groups(tmp_path, rows=4000, **options):
    # Random letters: they must not compress, so that a flipped byte hits data.
    rng = np.random.default_rng(3)
    texts = ["".join(map(chr, rng.integers(97, 123, 60))) for _ in range(rows)]
    table = pa.table({"id": [str(i) for i in range(rows)], "text": texts, "n": list(range(rows))})
    return write(tmp_path / "a.parquet", table, row_group_size=rows // 4, use_dictionary=False, **options)


def damage(path, group, column="text"):
    footer = pq.read_metadata(path)
    names = [footer.row_group(0).column(i).path_in_schema for i in range(footer.num_columns)]
    chunk = footer.row_group(group).column(names.index(column))
    data = bytearray(path.read_bytes())
    middle = chunk.data_page_offset + chunk.total_compressed_size // 2
    data[middle : middle + 40] = bytes(byte ^ 0xA5 for byte in data[middle : middle + 40])
    path.write_bytes(data)


@pytest.mark.parametrize("options", [{"compression": "zstd"}, {"compression": "none", "write_page_checksum": True}])
def test_a_damaged_row_group_costs_no_other(read, tmp_path, options):
    path = groups(tmp_path, **options)
    damage(path, 1)
    out = read("parquet", path)
    assert out.column("id") == [str(i) for i in range(4000) if not 1000 <= i < 2000]
    (bad,) = out.bad
    assert (bad.row, bad.rows) == (1000, 1000)
    assert "row group 1 is damaged" in bad.error
    assert out.records == 4000


def test_a_damaged_group_of_many_pages_keeps_the_pages_before(read, tmp_path):
    path = groups(tmp_path, 80_000, compression="none", write_page_checksum=True, data_page_size=20_000)
    damage(path, 2)
    out = read("parquet", path)
    (bad,) = out.bad
    assert out.records == 80_000
    assert 0 < bad.rows <= 20_000
    assert bad.row + bad.rows == 60_000
    assert out.column("id") == [str(i) for i in range(80_000) if not bad.row <= i < 60_000]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"",
        lambda data: b"no parquet at all",
        lambda data: data[:-1] + b"X",
        lambda data: data[: len(data) // 2],
        lambda data: data[:-60] + bytes(52) + data[-8:],
    ],
)
def test_a_file_that_is_no_parquet_is_one_bad_record(read, tmp_path, spoil):
    path = groups(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    for target in (1, 1 << 30):
        out = read("parquet", path, target=target)
        assert (out.rows, out.records, out.pieces) == ([], 1, 1)
        assert "cannot be read as Parquet" in out.bad[0].error


def test_pieces_are_row_groups(read, tmp_path):
    path = groups(tmp_path)
    whole = read("parquet", path)
    assert whole.pieces == 1
    for target, pieces in ((1, 4), (path.stat().st_size * 6 // 10, 2)):
        out = read("parquet", path, target=target)
        assert (out.pieces, out.rows) == (pieces, whole.rows)


def test_bad_rows_are_numbered_in_the_file(read, tmp_path):
    path = write(tmp_path / "a.parquet", {"text": ["a", "b", "c", None]}, row_group_size=2)
    assert read("parquet", path, target=1).bad[0].row == 3


def test_chunks_are_small_where_rows_are_large(tmp_path):
    texts = ["x"] * 3000 + ["y" * 1_000_000] * 40 + ["z"] * 3000
    path = write(tmp_path / "a.parquet", {"text": texts})
    reader = ParquetReader(paths=str(path))
    chunks = [chunk for piece in reader.pieces(1 << 30) for chunk in reader.read(piece)]
    same = [t for chunk in chunks for t in chunk.batch.column("text").to_pylist()] == texts
    assert same, "a difference of megabytes is not for printing"
    assert max(chunk.batch.column("text").nbytes for chunk in chunks) <= 9_000_000


def test_ids_of_fixed_length(read, tmp_path):
    ids = pa.array([bytes(range(16))], pa.binary(16))
    assert read("parquet", write(tmp_path / "a.parquet", {"id": ids, "text": ["t"]})).column("id") == [
        bytes(range(16)).hex()
    ]


def test_an_empty_table(read, tmp_path):
    out = read("parquet", write(tmp_path / "a.parquet", {"text": pa.array([], pa.string())}))
    assert (out.records, out.rows, out.bad) == (0, [], [])


def test_a_batch_is_built_alike_however_it_is_cut(tmp_path):
    from datapipe.io.arrow_rows import BatchRows

    table = {"id": [1, 2, 3], "text": ["a", None, "c"], "m": [{"k": 1}, None, {"k": 3}]}
    rows = BatchRows(ParquetReader(paths="unused"))
    batch = pa.RecordBatch.from_pydict(table)
    whole = rows.build(batch)
    parts = [rows.build(batch.slice(i, 1)) for i in range(3)]
    assert whole.batch.to_pylist() == [row for part in parts for row in part.batch.to_pylist()]
    assert [bool(part.faults) for part in parts] == [False, True, False]
