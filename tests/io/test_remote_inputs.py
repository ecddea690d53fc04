"""Inputs in S3: few requests, none for bytes that nobody needs, and streams that outlive broken connections."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from datapipe.core.errors import RecipeError, RunFailed
from datapipe.io import retry
from datapipe.io.files import expand, open_input, refuse_changed
from datapipe.io.opening import open_file
from tests.s3 import BUCKET, Server, first, s3_server

ROWS = 3000


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    rng = np.random.default_rng(7)
    return [{"id": str(i), "text": rng.bytes(4000).hex()} for i in range(ROWS)]


@pytest.fixture(scope="module")
def running(rows: list[dict[str, str]]) -> Iterator[Server]:
    with s3_server() as server:
        client = server.client()
        stream = io.BytesIO()
        table = pa.Table.from_pylist(rows)
        pq.write_table(
            table.append_column("other", table["text"]), stream, 1000, compression="none", use_dictionary=False
        )
        client.put_object(Bucket=BUCKET, Key="in/a.parquet", Body=stream.getvalue())
        client.put_object(Bucket=BUCKET, Key="in/a.jsonl", Body=b"".join(orjson.dumps(row) + b"\n" for row in rows))
        client.put_object(Bucket=BUCKET, Key="in/words.txt", Body=b"one\ntwo\n")
        yield server


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)
    running.requests.clear()
    yield running
    running.faults = lambda request: None


def fetched(server: Server) -> int:
    spans = [r.range.removeprefix("bytes=").split("-") for r in server.of("GET") if r.range]
    return sum(int(end) - int(start) + 1 for start, end in spans)


def test_parquet_fetches_each_block_once(server: Server, read: Any, rows: list[dict[str, str]]) -> None:
    (file,) = expand([f"s3://{BUCKET}/in/a.parquet"], ())
    assert file.size > 45 << 20
    server.requests.clear()
    assert read("parquet", file.url).column("id") == [row["id"] for row in rows]
    assert len(server.of("GET", "a.parquet")) == -(-file.size // (8 << 20))
    assert fetched(server) < file.size + (8 << 20)


def test_json_lines_start_where_their_piece_starts(server: Server, read: Any, rows: list[dict[str, str]]) -> None:
    url = f"s3://{BUCKET}/in/a.jsonl"
    (file,) = expand([url], ())
    out = read("jsonl", url, target=6 << 20)
    assert out.column("id") == [row["id"] for row in rows]
    assert out.pieces == 4
    assert sum(r.range.startswith("bytes=0-") for r in server.of("GET", "a.jsonl")) == 2, "its codec; its first piece"
    assert len(server.of("GET", "a.jsonl")) < 16
    # Each piece reads 8 MB ahead of a megabyte, which may lie behind its end.
    assert fetched(server) < file.size + 4 * (4 << 20)


@pytest.mark.parametrize("fault", [503, "drop", "truncate"])
def test_a_stream_reads_on_where_it_broke(server: Server, read: Any, rows: Any, fault: int | str) -> None:
    left = [0]

    def every_third(request: Any) -> int | str | None:
        left[0] += request.method == "GET" and "in/a" in request.path
        return fault if left[0] % 3 == 1 and request.method == "GET" and "in/a" in request.path else None

    server.faults = every_third
    assert read("jsonl", f"s3://{BUCKET}/in/a.jsonl").column("id") == [row["id"] for row in rows]
    assert read("parquet", f"s3://{BUCKET}/in/a.parquet").column("text") == [row["text"] for row in rows]


def test_lists_and_word_lists(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    server.faults = first(2, 503, "GET")
    assert [file.url for file in expand([f"s3://{BUCKET}/in/*.jsonl"], ())] == [f"s3://{BUCKET}/in/a.jsonl"]
    server.faults = first(2, 503, "GET", "words")
    with open_file(f"s3://{BUCKET}/in/words.txt") as stream:
        assert stream.read() == b"one\ntwo\n"


def test_what_cannot_be_read_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 2)
    with pytest.raises(RunFailed, match="s3://corpus/in/gone: the file was there when the run was planned"):
        open_input(f"s3://{BUCKET}/in/gone")
    with pytest.raises(RecipeError, match=r"did you mean s3://corpus/in/a\.jsonl"):
        expand([f"s3://{BUCKET}/in/a.json"], ())
    with pytest.raises(RecipeError, match="carries credentials"):
        expand(["s3://key:secret@bucket/x.jsonl"], ())
    with pytest.raises(RecipeError, match=r"s3://none/x/\*\.jsonl: the bucket none does not exist"):
        expand(["s3://none/x/*.jsonl"], ())
    stream = open_input(f"s3://{BUCKET}/in/a.jsonl", "points")
    server.faults = lambda request: 503
    with pytest.raises(RunFailed, match=r"a.jsonl: cannot read it, in 2 attempts: 503"):
        stream.read(10)
    stream.close()


def test_an_object_that_changes_is_told_by_one_request(server: Server) -> None:
    put = server.client().put_object
    put(Bucket=BUCKET, Key="late/a.txt", Body=b"old")
    (file,) = expand([f"s3://{BUCKET}/late/*.txt"], ())
    server.requests.clear()
    refuse_changed(file.url, file.version)
    assert len(server.requests) == 1
    put(Bucket=BUCKET, Key="late/a.txt", Body=b"new")
    with pytest.raises(RunFailed, match=r"late/a\.txt: has changed since the run was planned"):
        refuse_changed(file.url, file.version)
