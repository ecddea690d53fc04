"""Streams from object stores: exact ranges, faults that pass, and what is missing there."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from datapipe.core.errors import RunFailed, StreamFailed
from datapipe.stream import Stream
from tests.s3 import BUCKET, Server, first, s3_server
from tests.stream.folders import publish, table


@pytest.fixture
def server() -> Iterator[Server]:
    pytest.importorskip("moto")
    with s3_server() as running:
        yield running


def upload(server: Server, folder: Path) -> str:
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        server.client().put_object(Bucket=BUCKET, Key=f"run/{path.relative_to(folder)}", Body=path.read_bytes())
    server.requests.clear()
    return f"s3://{BUCKET}/run"


def test_a_step_costs_the_manifest_a_footer_and_its_row_group(server: Server, tmp_path: Path) -> None:
    publish(tmp_path, table(40_000), cuts=[20_000], group=2000)
    stream = Stream(upload(server, tmp_path), 10, 1, 2, columns=["input_ids", "n"])
    assert [r.path.rpartition("/")[2] for r in server.of("GET")] == ["manifest.json"]
    (batch,) = stream.batches([1500])
    assert batch["n"].tolist() == list(range(30_010, 30_020))
    assert batch["input_ids"][:, 0].tolist() == list(range(30_010, 30_020))
    gets = server.of("GET", "part-00001")
    assert len(gets) == 2
    assert server.of("GET", "part-00000") == []
    assert server.of("HEAD", "part-") == []
    size = (tmp_path / "data/part-00001.parquet").stat().st_size
    low, high = gets[1].range.removeprefix("bytes=").split("-")
    assert int(high) - int(low) < size / 5


def test_faults_that_pass_and_faults_that_stay(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.io.retry.FIRST_WAIT", 0.01)
    publish(tmp_path, table(300), cuts=[100, 200], group=50)
    url = upload(server, tmp_path)
    server.faults = first(3, 503, "GET", "part-00001")
    found = [n for batch in Stream(url, 10, threads=4) for n in batch["n"].tolist()]
    assert found == list(range(300))
    server.faults = first(1000, 403, "GET", "part-00001")
    with pytest.raises(RunFailed, match=r"part-00001\.parquet: the store refuses to read it"):
        list(Stream(url, 10))
    server.faults = lambda request: None
    data = (tmp_path / "data/part-00002.parquet").read_bytes()
    server.client().put_object(Bucket=BUCKET, Key="run/data/part-00002.parquet", Body=data[:-5])
    with pytest.raises(StreamFailed, match=rf"part-00002.parquet: truncated or changed .* {len(data) - 5:,} bytes"):
        list(Stream(url, 10))
    server.client().delete_object(Bucket=BUCKET, Key="run/data/part-00002.parquet")
    with pytest.raises(StreamFailed, match=r"part-00002\.parquet: missing"):
        list(Stream(url, 10))
    with pytest.raises(StreamFailed, match=r"no manifest\.json"):
        Stream(f"s3://{BUCKET}/nothing", 10)


def test_any_fsspec_url(tmp_path: Path) -> None:
    publish(tmp_path, table(50), cuts=[20], group=7)
    fs = fsspec.filesystem("memory")
    fs.put(str(tmp_path), f"/stream-{os.getpid()}", recursive=True)
    found = [n for batch in Stream(f"memory://stream-{os.getpid()}/", 10) for n in batch["n"].tolist()]
    assert found == list(range(50))
    assert len(Stream(f"file://{tmp_path}", 10)) == 5
