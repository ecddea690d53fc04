from __future__ import annotations

import json
import os

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from datapipe.core.errors import RunFailed
from datapipe.core.reader import Piece
from datapipe.io.readers.jsonl import JsonlReader


def write(path, *lines, end="\n"):
    data = end.encode().join(line if isinstance(line, bytes) else orjson.dumps(line) for line in lines) + end.encode()
    path.write_bytes(data)
    return path


def test_columns_and_metadata(read, tmp_path):
    path = write(tmp_path / "a.jsonl", {"b": 1, "text": "t", "lang": "de", "a": {"x": [1, None]}, "url": "u", "id": 7})
    (row,) = read("jsonl", path).rows
    assert row == {"id": "7", "text": "t", "url": "u", "lang": "de", "metadata": '{"b":1,"a":{"x":[1,null]}}'}


def test_absent_fields_are_null(read, tmp_path):
    (row,) = read("jsonl", write(tmp_path / "a.jsonl", {"text": "t"})).rows
    assert row == {"id": None, "text": "t", "url": None, "lang": None, "metadata": None}


def test_named_columns_take_nested_fields(read, tmp_path):
    record = {"doc": {"body": "t", "year": 1999, "rest": True}, "text": "other", "only": {"one": 2.5}}
    columns = {
        "text": "doc.body",
        "year": {"field": "doc.year", "type": "int"},
        "one": {"field": "only.one", "type": "float"},
    }
    (row,) = read("jsonl", write(tmp_path / "a.jsonl", record), columns=columns).rows
    assert (row["text"], row["year"], row["one"]) == ("t", 1999, 2.5)
    assert json.loads(row["metadata"]) == {"doc": {"rest": True}, "text": "other"}
    assert list(row) == ["id", "text", "url", "lang", "metadata", "year", "one"]


def test_a_field_with_a_dot_in_its_name_goes_first(read, tmp_path):
    path = write(tmp_path / "a.jsonl", {"a.b": "flat", "a": {"b": "deep"}})
    (row,) = read("jsonl", path, columns={"text": "a.b"}).rows
    assert row["text"] == "flat"
    assert row["metadata"] == '{"a":{"b":"deep"}}'


def test_two_columns_of_one_field(read, tmp_path):
    (row,) = read("jsonl", write(tmp_path / "a.jsonl", {"text": "t"}), columns={"copy": "text"}).rows
    assert (row["text"], row["copy"], row["metadata"]) == ("t", "t", None)


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("int", 5, 5),
        ("int", 5.0, 5),
        ("int", "12", 12),
        ("int", None, None),
        ("float", 1, 1.0),
        ("float", "2.5", 2.5),
        ("bool", True, True),
        ("bool", "false", False),
        ("bool", 1, True),
        ("string", 5, "5"),
        ("string", {"a": [1]}, '{"a":[1]}'),
    ],
)
def test_values_taken_as_declared(read, tmp_path, kind, value, expected):
    path = write(tmp_path / "a.jsonl", {"text": "t", "v": value})
    out = read("jsonl", path, columns={"v": {"field": "v", "type": kind}})
    assert out.column("v") == [expected]


@pytest.mark.parametrize(
    ("kind", "value", "found"),
    [
        ("int", "old", 'a string ("old"); expected a whole number'),
        ("int", 1.5, "a number (1.5); expected a whole number"),
        ("int", True, "a boolean (true); expected a whole number"),
        ("int", 2**63, "expected a whole number of 64 bits"),
        ("float", [1], "a list ([1]); expected a number"),
        ("bool", "maybe", "expected true or false"),
    ],
)
def test_values_that_do_not_fit_are_bad(read, tmp_path, kind, value, found):
    path = write(tmp_path / "a.jsonl", {"id": "i", "text": "t", "v": value}, {"id": "j", "text": "u", "v": None})
    out = read("jsonl", path, columns={"v": {"field": "v", "type": kind}})
    assert out.column("id") == ["j"]
    (bad,) = out.bad
    assert "the field v is" in bad.error
    assert found in bad.error
    assert (bad.id, bad.offset) == ("i", 0)


def test_ids(read, tmp_path):
    path = write(tmp_path / "a.jsonl", *({"text": "t", "id": i} for i in ("a", 5, None, 2.0, 2**63 - 1)),
                 b'{"text":"t","id":123456789012345678901234567890}', {"text": "t", "id": ["x"]})  # fmt: skip
    out = read("jsonl", path)
    assert out.column("id") == ["a", "5", None, "2", str(2**63 - 1), "123456789012345678901234567890"]
    assert "the field id is a list" in out.bad[0].error


def test_lang_and_url_of_other_types_become_json(read, tmp_path):
    (row,) = read("jsonl", write(tmp_path / "a.jsonl", {"text": "t", "lang": ["de", "en"], "url": {"a": 1}})).rows
    assert (row["lang"], row["url"]) == ('["de","en"]', '{"a":1}')


def test_heterogeneous_metadata(read, tmp_path):
    values = [1, "one", [1, {"a": None}], {"deep": {"er": 1.5}}, None, True, -(2**63), 2**64 - 1, 1e300]
    path = write(tmp_path / "a.jsonl", *({"text": "t", "m": v} for v in values))
    assert [json.loads(m)["m"] for m in read("jsonl", path).column("metadata")] == values


def test_numbers_json_does_not_know_are_null_and_large_ones_exact(read, tmp_path):
    path = write(
        tmp_path / "a.jsonl",
        b'{"text":"a","m":NaN,"n":[-Infinity]}',
        b'{"text":"b","m":123456789012345678901234567890}',
        b'{"text":"c","m":{"n":[1,-99999999999999999999]}}',
        b'{"text":"d","m":"1.5e30"}',
    )
    out = read("jsonl", path)
    assert out.column("metadata") == [
        '{"m":null,"n":[null]}',
        '{"m":123456789012345678901234567890}',
        '{"m":{"n":[1,-99999999999999999999]}}',
        '{"m":"1.5e30"}',
    ]


def test_bad_records(read, tmp_path):
    good = b'{"id":"ok","text":"t"}'
    lines = [
        good,
        b"{broken",
        b"[1,2]",
        b'"text"',
        b'{"text":"\xff"}',
        b'{"id":"n","text":null}',
        b'{"id":"m","body":"x"}',
        b'{"id":"o","text":{"a":1}}',
        b'{"text":5}',
        b"[" * 100_000,
        b'{"text":"raw \x01 control"}',
        good,
    ]
    out = read("jsonl", write(tmp_path / "a.jsonl", *lines))
    assert len(out.rows) == 2
    assert out.records == 12
    offsets = [sum(len(line) + 1 for line in lines[:i]) for i in range(len(lines))]
    assert [bad.offset for bad in out.bad] == offsets[1:-1]
    expected = ["invalid JSON", "a list; expected one JSON object", "a string; expected one JSON object", "byte 0xff at 9",
                "missing or null", "other fields: body", "an object; expected the document's text", "a number;",
                "", "invalid JSON"]  # fmt: skip
    for bad, words in zip(out.bad, expected, strict=True):
        assert words in bad.error
        assert bad.file == str(tmp_path / "a.jsonl")
    assert [bad.id for bad in out.bad][4:7] == ["n", "m", "o"]
    assert out.bad[8].head == "[" * 500


@pytest.mark.parametrize("number", [b"1", b"NaN", b"123456789012345678901234567890"])
def test_nesting_has_one_limit_whatever_reads_it(read, tmp_path, number):
    lines = [b'{"text":"t","m":' + b"[" * n + number + b"]" * n + b"}" for n in (250, 260, 900, 2000, 100_000)]
    out = read("jsonl", write(tmp_path / "a.jsonl", *lines))
    assert len(out.rows) == 1
    assert all("nested too deeply" in bad.error for bad in out.bad)
    assert out.records == 5


def test_lone_surrogates_are_replaced_and_counted(read, tmp_path):
    lines = [rb'{"text":"a\ud800b \ud83d\ude00","m\udfff":["\udc00"]}', b'{"text":"fine"}']
    out = read("jsonl", write(tmp_path / "a.jsonl", *lines))
    assert out.rows[0]["text"] == "a\ufffdb 😀"
    assert out.rows[0]["metadata"] == '{"m\ufffd":["\ufffd"]}'
    assert out.notes == {"lone_surrogates": 3}
    assert out.bad == []


def test_marks_line_ends_and_blank_lines(read, tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"text":"a"}\r\n\r\n  \n{"text":"b\\u0000"}\r\n{bad}\n{"text":"c"}')
    out = read("jsonl", path)
    assert out.column("text") == ["a", "b\x00", "c"]
    assert out.records == 4
    assert out.bad[0].offset == path.read_bytes().index(b"{bad}")


@pytest.mark.parametrize("content", [b"", b"\n", b"\r\n\n", b"\xef\xbb\xbf"])
def test_nothing_to_read(read, tmp_path, content):
    path = tmp_path / "a.jsonl"
    path.write_bytes(content)
    assert read("jsonl", path).records == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_fails_the_run(tmp_path):
    path = write(tmp_path / "a.jsonl", {"text": "t"})
    path.chmod(0)
    with pytest.raises(RunFailed, match=r"a\.jsonl"):
        list(JsonlReader(paths=str(path)).read(Piece(str(path), 1)))


def test_many_rows_come_in_chunks(read, tmp_path):
    path = write(tmp_path / "a.jsonl", *({"text": str(i)} for i in range(20_000)))
    assert read("jsonl", path).column("text") == [str(i) for i in range(20_000)]


def test_a_very_long_line(read, tmp_path):
    size = 64 << 20
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"text":"before"}\n{"text":"' + b"x" * size + b'"}\n{"text":"after"}\n')
    out = read("jsonl", path, target=8 << 20)
    assert [len(text) for text in out.column("text")] == [6, size, 5]
    assert out.pieces == 9


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_every_cut_gives_every_line_once(tmp_path, end):
    lines = [b'{"text":"%s"}' % (b"x" * n) for n in (0, 3, 40, 1)] + [b"", b'{"text":"last"}']
    path = tmp_path / "a.jsonl"
    for tail in (b"", end):
        path.write_bytes(end.join(lines) + tail)
        size = path.stat().st_size
        reader = JsonlReader(paths=str(path))
        whole = _texts(reader, Piece(str(path), size))
        for cut in range(1, size + 1):
            assert _texts(reader, Piece(str(path), 1, "", 0, cut), Piece(str(path), 1, "", cut, None)) == whole, cut
        for target in range(1, size + 1):
            assert _texts(reader, *reader.pieces(target)) == whole, target


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.text(max_size=30), max_size=12),
    end=st.sampled_from(["\n", "\r\n"]),
    last=st.booleans(),
    target=st.integers(1, 200),
)
def test_ranges_of_any_file(tmp_path, texts, end, last, target):
    path = tmp_path / "a.jsonl"
    data = "".join(json.dumps({"text": text}, ensure_ascii=False) + end for text in texts)
    path.write_bytes((data if last else data.removesuffix(end)).encode())
    reader = JsonlReader(paths=str(path))
    assert _texts(reader, *reader.pieces(target)) == texts


def _texts(reader, *pieces):
    return [text for piece in pieces for chunk in reader.read(piece) for text in chunk.batch.column("text").to_pylist()]
