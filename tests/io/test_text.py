from __future__ import annotations

import gzip


def test_a_file_is_a_document(read, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbfone\r\n\r\ntwo\x00\n")
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(b"packed"))
    (tmp_path / "c.txt").write_bytes(b"\n \n")
    out = read("text", tmp_path)
    assert out.column("text") == ["one\r\n\r\ntwo\x00\n", "packed"]
    assert out.rows[0] | {"text": ""} == {"id": None, "text": "", "url": None, "lang": None, "metadata": None}


def test_a_line_is_a_document(read, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\n\n  two\n\xff\nthree")
    for target in range(1, 30):
        out = read("text", path, documents="line", target=target)
        assert out.column("text") == ["one", "  two", "three"]
        (bad,) = out.bad
        assert (bad.offset, bad.head) == (12, "\ufffd")
        assert "not UTF-8: byte 0xff at 0" in bad.error


def test_a_block_is_a_document(read, tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"\n\none\nmore\n\n \t\ntwo\r\n\r\n\xff\xff\n\nthree")
    out = read("text", path, documents="block")
    assert out.column("text") == ["one\nmore", "two", "three"]
    assert out.bad[0].offset == path.read_bytes().index(b"\xff")


def test_a_cut_document_is_bad(read, tmp_path):
    packed = gzip.compress(b"".join(b"paragraph %d\nof two lines\n\n" % (i * i) for i in range(3000)))
    path = tmp_path / "a.txt.gz"
    path.write_bytes(packed[:-1000])
    for documents in ("file", "line", "block"):
        out = read("text", path, documents=documents)
        (bad,) = out.bad
        assert "stream is damaged" in bad.error
        assert (len(out.rows) > 0) == (documents != "file")
    assert out.column("text") == [f"paragraph {i * i}\nof two lines" for i in range(len(out.rows))]
