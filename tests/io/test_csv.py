from __future__ import annotations

import gzip
import json

import pytest


def test_header_quotes_and_line_ends(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbfid,text,n,lang\r\n1,"two\nlines, ""quoted""",5,\r\n\r\n2,plain,,de\r\n')
    out = read("csv", path, columns={"n": {"field": "n", "type": "int"}})
    assert out.rows == [
        {"id": "1", "text": 'two\nlines, "quoted"', "url": None, "lang": None, "metadata": None, "n": 5},
        {"id": "2", "text": "plain", "url": None, "lang": "de", "metadata": None, "n": None},
    ]


def test_tabs_other_delimiters_and_names(read, tmp_path):
    (tmp_path / "a.tsv").write_text("text\tm\na,b\tc\n")
    assert read("csv", tmp_path / "a.tsv").rows[0]["text"] == "a,b"
    (tmp_path / "b.tsv.gz").write_bytes(gzip.compress(b"text\tm\na,b\tc\n"))
    assert read("csv", tmp_path / "b.tsv.gz").rows[0]["metadata"] == '{"m":"c"}'
    (tmp_path / "c.csv").write_text("a|'b|c'\n")
    out = read("csv", tmp_path / "c.csv", delimiter="|", quote="'", header=["x", "text"])
    assert (out.rows[0]["text"], out.rows[0]["metadata"]) == ("b|c", '{"x":"a"}')
    out = read("csv", tmp_path / "c.csv", delimiter="|", quote="'", header=False, columns={"text": "1"})
    assert out.rows[0]["text"] == "b|c"


def test_an_empty_text_is_a_text_and_other_fields_stay_in_the_metadata(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text,m,m\n,,x\n")
    (row,) = read("csv", path).rows
    assert row["text"] == ""
    assert json.loads(row["metadata"]) == {"m": "", "m_2": "x"}


def test_bad_rows(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'id,text\n0,a\n1,b,c\n2\n3,\xff\n4,"x"y\n5,\xc3\xa9\n')
    out = read("csv", path)
    assert out.column("text") == ["a", "é"]
    assert [bad.row for bad in out.bad] == [1, 2, 3, 4]
    assert "the row has 3 fields; expected 2" in out.bad[0].error
    assert out.bad[0].head == "1,b,c"
    assert "not UTF-8: byte 0xff" in out.bad[2].error
    assert "malformed" in out.bad[3].error
    assert out.records == 6


def test_values_that_do_not_fit(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,text,n\nx,a,many\ny,b,3\n")
    out = read("csv", path, columns={"n": {"field": "n", "type": "int"}})
    assert out.column("n") == [3]
    assert (out.bad[0].row, out.bad[0].id) == (0, "x")


def test_a_file_without_the_text_field(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id,body\n1,x\n")
    out = read("csv", path)
    assert "the field text is missing or null (other fields: body)" in out.bad[0].error


def test_a_quote_that_never_ends(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text('text\na\n"open\nb\n')
    out = read("csv", path)
    assert out.column("text") == ["a", "b"]  # the rest of the file is not swallowed
    assert out.records == 3
    assert out.bad[0].head.strip() == '"open'


@pytest.mark.parametrize("content", ["", "text\n", "\n\n"])
def test_nothing_to_read(read, tmp_path, content):
    path = tmp_path / "a.csv"
    path.write_text(content)
    assert read("csv", path).records == 0


def test_a_cut_stream(read, tmp_path):
    packed = gzip.compress(b"id,text\n" + b"".join(b"%d,text of %d\n" % (i, i * i) for i in range(5000)))
    path = tmp_path / "a.csv.gz"
    path.write_bytes(packed[:-2000])
    out = read("csv", path)
    assert out.column("text") == [f"text of {i * i}" for i in range(len(out.rows))]
    assert len(out.rows) > 1000
    assert "stream is damaged" in out.bad[0].error


def test_a_damage_right_behind_a_row_loses_none(read, tmp_path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text\na\nb\n")[:-3])
    out = read("csv", path)
    assert out.column("text") == ["a", "b"]
    assert len(out.bad) == 1


def test_many_rows(read, tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("text\n" + "".join(f"t{i}\n" for i in range(20_000)))
    assert read("csv", path).column("text") == [f"t{i}" for i in range(20_000)]
