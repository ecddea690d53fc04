"""A run folder in S3, looked at from the command line, and where outputs may lie."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from click.testing import CliRunner

from datapipe.cli.report import report
from datapipe.cli.verify import verify
from datapipe.cli.why import why
from datapipe.core.columns import BASE
from datapipe.core.errors import DatapipeError, RecipeError
from datapipe.io.formats.parquet import Parquet
from datapipe.io.store import Store, open_store
from datapipe.plan.outputs import check_outputs
from tests.s3 import BUCKET, Server, s3_server

DOCUMENT = {"id": "kept", "source": "web", "url": "https://e.org/1", "lang": "en", "text": "words", "metadata": "{}"}
DROPPED = {
    "id": "gone", "url": None, "source": "web", "lang": "en", "step": "web.01.length", "operator": "length",
    "reason": "too few words", "reasons": ["too few words"], "scores": [("words", 3.0)], "duplicate_of": None,
    "text": "a short one", "bytes": 11,
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with s3_server() as server:
        yield server


def parquet(rows: list[dict[str, Any]], schema: pa.Schema | None = None) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows, schema), stream)
    return stream.getvalue()


def put(store: Store, name: str, data: bytes, rows: int) -> dict[str, Any]:
    with store.create(name) as stream:
        stream.write(data)
    return {"path": name, "rows": rows, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


@pytest.fixture(params=["s3", "local"])
def folder(request: pytest.FixtureRequest, tmp_path: Any) -> str:
    """A small finished run, made by hand."""
    if request.param == "s3":
        request.getfixturevalue("server")
    root = f"s3://{BUCKET}/{request.node.originalname}" if request.param == "s3" else str(tmp_path / "run")
    store = open_store(root)
    scores = pa.map_(pa.string(), pa.float64())
    ledger = pa.Table.from_pylist([{**DROPPED, "scores": None}]).schema
    ledger = ledger.set(ledger.get_field_index("scores"), pa.field("scores", scores))
    ledger = ledger.set(ledger.get_field_index("url"), pa.field("url", pa.string()))
    ledger = ledger.set(ledger.get_field_index("duplicate_of"), pa.field("duplicate_of", pa.string()))
    data = [put(store, "data/part-00000.parquet", parquet([DOCUMENT]), 1)]
    lines = zstandard.compress(b'{"id": "lines", "url": null, "source": "web"}\n')
    second = open_store(f"{root}-second")
    tables = {
        "ledger": [put(store, "ledger/part-00000.parquet", parquet([DROPPED], ledger), 1)],
        "quarantine": [],
        "edits": [],
    }
    outputs = [
        {"dataset": "web", "path": "elsewhere", "rows": 1, "groups": {"web": {"en": [1, 5]}}, "files": data},
        {"dataset": "web", "path": f"{root}-second", "rows": 1, "groups": {"web": {"en": [1, 5]}},
         "files": [put(second, "data/part-00000.jsonl.zst", lines, 1)]},
    ]  # fmt: skip
    store.write_json(
        "manifest.json",
        {
            "name": "made", "rows_read": 2, "rows_added": 1, "rows_dropped": 1, "rows_quarantined": 0,
            "rows_written": 2, "bytes_read": 16, "read_quarantined": 0, "notes": {}, "seconds": 1.0, "steps": [],
            "outputs": outputs, "files": data, "tables": tables, "models": [], "recipe": {}, "versions": {},
        },
    )  # fmt: skip
    return root


def said(command: Any, *arguments: str) -> str:
    done = CliRunner().invoke(command, arguments)
    if done.exception is not None:
        raise done.exception
    return done.output


def test_why(folder: str) -> None:
    assert f"kept (web): kept, in {folder}/data/part-00000.parquet" in said(why, folder, "kept")
    assert "kept, in" in said(why, folder, "https://e.org/1")
    assert f"lines (web): kept, in {folder}-second/data/part-00000.jsonl.zst" in said(why, folder, "lines")
    told = said(why, folder, "gone")
    assert "gone (web): dropped by web.01.length (length): too few words" in told
    assert "scores: words 3" in told
    with pytest.raises(DatapipeError, match="no such document"):
        said(why, folder, "gone", "--source", "books")


def test_report(folder: str) -> None:
    assert "web" in said(report, folder)
    assert '"dropped": 1' in said(report, folder, "--json")


def test_verify(folder: str) -> None:
    assert "3 files, 2 rows: as the manifest says" in said(verify, folder)
    store = open_store(folder)
    put(store, "data/part-00007.parquet", b"stray", 0)
    put(store, "data/part-00000.parquet", b"changed", 0)
    store.remove("ledger/part-00000.parquet")
    with pytest.raises(DatapipeError) as failure:
        said(verify, folder)
    told = str(failure.value)
    assert f"{folder}/data/part-00000.parquet: changed: 7 bytes" in told
    assert f"{folder}/ledger/part-00000.parquet: missing" in told
    assert f"{folder}/data/part-00007.parquet: not in the manifest" in told
    assert "2 of 3" not in told
    assert told.endswith("3 of 3 files are not as the manifest says")


def test_no_run(server: Server) -> None:
    with pytest.raises(DatapipeError, match="not a run folder"):
        said(report, f"s3://{BUCKET}/nothing")
    open_store(f"s3://{BUCKET}/begun").write_json("work/plan-1.json", {})
    with pytest.raises(DatapipeError, match="the run has not ended"):
        said(report, f"s3://{BUCKET}/begun")


def plan(*paths: str, sources: tuple[str, ...] = ()) -> Any:
    pieces = [SimpleNamespace(url=url) for url in sources]
    publications = [SimpleNamespace(path=path, format=Parquet(), stage="s") for path in paths]
    shards = [SimpleNamespace(pieces=pieces)]
    stage = SimpleNamespace(published=lambda: BASE)
    return SimpleNamespace(file="r.yaml", publications=publications, shards=shards, steps=list, stage=lambda key: stage)


@pytest.mark.parametrize(
    ("paths", "sources", "told"),
    [
        (("s3://corpus/a", "s3a://corpus//a/"), (), "lies in the output"),
        (("s3://corpus/a", "s3://corpus/a/data/b"), (), "lies in the output"),
        (("s3://corpus/a",), ("s3://corpus/a/data/x.jsonl",), "the run would overwrite it"),
        (("s3://k:secret@corpus/a",), (), "carries credentials"),
        (("hf://datasets/a/b",), (), "as a second output"),
        (("s3://none/a",), (), "write.path s3://none/a/work/probe-.*: the bucket none does not exist"),
        (("nosuch://a/b",), (), "nosuch"),
    ],
)
def test_outputs_that_cannot_be(server: Server, paths: tuple[str, ...], sources: tuple[str, ...], told: str) -> None:
    with pytest.raises(RecipeError, match=told) as failure:
        check_outputs(plan(*paths, sources=sources), paths[0])
    assert "secret" not in str(failure.value)


def test_outputs_that_can(server: Server) -> None:
    good = ("s3://corpus/fresh", "s3://corpus/fresh-2", "hf://datasets/a/b")
    check_outputs(plan(*good, sources=("s3://corpus/fresh/in/x.jsonl", "s3://corpus/x.jsonl")), good[0])
    assert open_store("s3://corpus/fresh").names("") == [], "the probe is gone"
    strange = open_store("s3://corpus/strange")
    strange.write_json("data/part-1.json", {})
    with pytest.raises(RecipeError, match=r"holds s3://corpus/strange/data/part-1\.json, which no run made"):
        check_outputs(plan("s3://corpus/strange"), "s3://corpus/strange")
    strange.write_json("manifest.json", {})
    check_outputs(plan("s3://corpus/strange"), "s3://corpus/strange")


def test_a_bucket_that_may_not_be_written(server: Server) -> None:
    server.faults = lambda request: 403 if request.method == "PUT" else None
    try:
        with pytest.raises(RecipeError, match="the store refuses to write it"):
            check_outputs(plan("s3://corpus/closed"), "s3://corpus/closed")
    finally:
        server.faults = lambda request: None
