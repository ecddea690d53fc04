from __future__ import annotations

import fsspec
import orjson
import pytest

from datapipe.core.errors import RecipeError, RunFailed
from datapipe.core.reader import Piece
from datapipe.core.registry import readers
from datapipe.io.files import expand


@pytest.fixture
def tree(tmp_path):
    for name in ("b.jsonl", "a.jsonl.zst", "sub/c.jsonl", "sub/deep/d.jsonl", "note.txt", "_SUCCESS", ".hidden.jsonl",
                 "_temporary/e.jsonl", ".git/f.jsonl", "x[1].jsonl"):  # fmt: skip
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def names(tree, *patterns):
    files = expand([f"{tree}/{pattern}" for pattern in patterns], (".jsonl", ".jsonl.zst"))
    return [file.url.removeprefix(f"{tree}/") for file in files]


def test_folders_globs_and_files(tree):
    assert names(tree, "") == ["a.jsonl.zst", "b.jsonl", "sub/c.jsonl", "sub/deep/d.jsonl", "x[1].jsonl"]
    assert names(tree, "*") == ["a.jsonl.zst", "b.jsonl", "note.txt", "sub/c.jsonl", "sub/deep/d.jsonl", "x[1].jsonl"]
    assert names(tree, "**/*.jsonl") == ["b.jsonl", "sub/c.jsonl", "sub/deep/d.jsonl", "x[1].jsonl"]
    assert names(tree, "note.txt") == ["note.txt"]
    assert names(tree, "x[1].jsonl") == ["x[1].jsonl"]
    assert names(tree, "s*") == ["sub/c.jsonl", "sub/deep/d.jsonl"]
    assert names(tree, "b.jsonl", "*.jsonl", "b.jsonl") == ["b.jsonl", "x[1].jsonl"]
    assert names(tree, "_*/*.jsonl") == ["_temporary/e.jsonl"]


def test_the_version_changes_with_the_file(tree):
    (before,) = expand([f"{tree}/b.jsonl"], ())
    assert before.size == len("b.jsonl")
    (tree / "b.jsonl").write_text("B.jsonl")
    (after,) = expand([f"file://{tree}/b.jsonl"], ())
    assert before.url == after.url
    assert before.version != after.version


def test_nothing_found_names_what_is_there(tree):
    with pytest.raises(RecipeError, match=r"c\.jsnl: no such file.*expected a file.*did you mean .*/sub/c\.jsonl\?"):
        names(tree, "sub/c.jsnl")
    with pytest.raises(RecipeError, match=r"no file matches.*\.jsonl\.zst"):
        names(tree, "*.arrow")
    (tree / "empty").mkdir()
    with pytest.raises(RecipeError, match="empty"):
        names(tree, "empty")


@pytest.fixture
def memory():
    fs = fsspec.filesystem("memory")
    for name in ("b.jsonl", "a.jsonl", "sub/c.jsonl", "_SUCCESS", ".hidden.jsonl"):
        fs.pipe(f"/bucket/{name}", orjson.dumps({"id": name, "text": "x" * 40}) + b"\n")
    yield fs
    fs.rm("/bucket", recursive=True)


def test_remote_stores(memory, read):
    assert read("jsonl", "memory://bucket").column("id") == ["a.jsonl", "b.jsonl", "sub/c.jsonl"]
    assert read("jsonl", "memory://bucket/*.jsonl").column("id") == ["a.jsonl", "b.jsonl"]
    assert read("jsonl", "memory://bucket/**/*.jsonl").column("id") == ["a.jsonl", "b.jsonl", "sub/c.jsonl"]
    assert read("jsonl", "memory://bucket/b.jsonl", target=7).column("id") == ["b.jsonl"]
    with pytest.raises(RecipeError, match=r"did you mean memory://bucket/a\.jsonl\?"):
        read("jsonl", "memory://bucket/a.json")


def test_remote_parquet(memory, read, table):
    import pyarrow.parquet as pq

    with memory.open("/bucket/t.parquet", "wb") as stream:
        pq.write_table(table, stream, row_group_size=3)
    out = read("parquet", "memory://bucket/t.parquet", target=1)
    assert out.column("text") == table["text"].to_pylist()
    assert out.pieces == 4


def test_remote_versions_change(memory):
    (before,) = expand(["memory://bucket/a.jsonl"], ())
    memory.pipe("/bucket/a.jsonl", b"x" * before.size)
    (after,) = expand(["memory://bucket/a.jsonl"], ())
    assert (before.url, before.size) == (after.url, after.size)
    assert before.version != after.version


@pytest.mark.parametrize("name", ["jsonl", "csv", "text", "parquet"])
def test_a_file_that_vanished_fails_the_run(tmp_path, name):
    reader = readers.get(name)(paths="unused")
    with pytest.raises(RunFailed, match="gone"):
        list(reader.read(Piece(str(tmp_path / "gone"), 1)))
    with pytest.raises(RunFailed, match="gone"):
        list(reader.read(Piece("memory://gone", 1)))
