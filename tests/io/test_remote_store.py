"""A run folder in S3, against a server that fails in every way a network does."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from datapipe.core.errors import MissingDependency, RecipeError, RunFailed
from datapipe.io import filesystem, remote_store, retry
from datapipe.io.store import Store, open_store
from tests.s3 import BUCKET, SECRET, Request, Server, first, s3_server


@pytest.fixture(scope="module")
def running() -> Iterator[Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def server(running: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr(retry, "FIRST_WAIT", 0.01)
    running.requests.clear()
    yield running
    running.faults = lambda request: None


@pytest.fixture
def store(server: Server, request: pytest.FixtureRequest) -> Store:
    return open_store(f"s3://{BUCKET}/{request.node.name.replace('[', '-').rstrip(']')}")


def put(store: Store, name: str, data: bytes) -> None:
    with store.create(name) as stream:
        stream.write(data)


def test_many_files_are_looked_up_by_listing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"data/part-{i:05d}": i for i in range(40)}
    for name, size in files.items():
        put(store, name, b"x" * size)
    asked: list[str] = []
    size_of = store.size
    monkeypatch.setattr(store, "size", lambda name: asked.append(name) or size_of(name))
    assert store.holds(files)
    assert asked == []
    assert not store.holds({**files, "data/part-00007": 8})
    assert not store.holds({**files, "data/part-00040": 40})
    assert asked == ["data/part-00007", "data/part-00040"], "what a listing does not show is asked for by name"


def test_files_are_written_replaced_and_removed(store: Store, server: Server) -> None:
    assert not store.exists("a/b")
    with pytest.raises(FileNotFoundError):
        store.read_bytes("a/b")
    with pytest.raises(FileNotFoundError):
        store.size("a/b")
    put(store, "a/b", b"one")
    put(store, "a/b", b"other")
    put(store, "a/c/d", b"")
    assert (store.size("a/b"), store.read_bytes("a/b"), store.read_bytes("a/c/d")) == (5, b"other", b"")
    assert store.holds({"a/b": 5, "a/c/d": 0})
    assert not store.holds({"a/b": 4})
    assert not store.exists("a"), "a folder is no file"
    assert store.sizes("a") == {"a/b": 5}
    assert store.sizes("nowhere") == {}
    assert store.names("a") == ["b", "c"]
    assert store.names("") == ["a"]
    assert store.names("nowhere") == []
    store.remove("a/b")
    store.remove("a/b")
    assert store.names("a") == ["c"]
    store.remove("a")
    assert store.names("") == []


def test_an_error_in_the_block_leaves_nothing(store: Store, server: Server) -> None:
    put(store, "kept", b"before")
    server.requests.clear()
    for name in ("new", "kept"):
        with pytest.raises(KeyError), store.create(name) as stream:  # noqa: PT012
            stream.write(b"x" * (40 << 20))
            raise KeyError
    assert server.of("PUT") == server.of("POST") == []
    assert (store.exists("new"), store.read_bytes("kept")) == (False, b"before")


@pytest.mark.parametrize("fault", [503, "drop"])
def test_a_part_that_fails_is_sent_again(store: Store, server: Server, fault: int | str) -> None:
    data = os.urandom(1 << 20) * 40
    server.faults = first(3, fault, "PUT", "large")
    put(store, "large", data)
    assert store.size("large") == len(data)
    assert b"".join(bytes(b) for b in store.ranges("large", [(0, 1 << 20), (39 << 20, 1 << 20)])) == data[: 2 << 20]
    assert server.uploads() == []


def test_an_upload_that_cannot_be_done_leaves_nothing(
    store: Store, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 2)
    put(store, "large", b"before")
    server.faults = lambda r: 500 if r.method == "PUT" and "partNumber=2" in r.query else None
    with pytest.raises(RunFailed, match=r"s3://corpus/.*/large: cannot write it, in 2 attempts: 500 InternalError"):
        put(store, "large", b"x" * (40 << 20))
    assert store.read_bytes("large") == b"before"
    assert server.uploads() == [], "aborted: parts that nobody sees cost money"


def test_sweep_aborts_the_uploads_of_killed_writers(store: Store, server: Server) -> None:
    client = server.client()
    prefix = store.root.removeprefix(f"s3://{BUCKET}/")
    client.create_multipart_upload(Bucket=BUCKET, Key=f"{prefix}/work/x")
    client.create_multipart_upload(Bucket=BUCKET, Key="of-others")
    store.sweep("work")
    assert [upload["Key"] for upload in server.uploads()] == ["of-others"]
    client.abort_multipart_upload(Bucket=BUCKET, Key="of-others", UploadId=server.uploads()[0]["UploadId"])


def test_neighbouring_ranges_come_in_one_request(store: Store, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    data = os.urandom(1 << 20) * 12
    put(store, "file", data)
    server.requests.clear()
    spans = [(at, 100_000) for at in range(0, 3 << 20, 150_000)]
    assert [bytes(part) for part in store.ranges("file", spans)] == [data[a : a + n] for a, n in spans]
    assert [r.range for r in server.of("GET", "file")] == ["bytes=0-3099999"]
    server.requests.clear()
    spans = [(5 << 20, 10), (0, 10), (5, 10), ((12 << 20) - 3, 10), (20 << 20, 10), (0, 0)]  # any order, past the end
    assert [bytes(part) for part in store.ranges("file", spans)] == [data[a : a + n] for a, n in spans]
    monkeypatch.setattr(remote_store, "_REQUEST", (1 << 20, 4 << 20))
    server.requests.clear()
    spans = [(at, 1 << 19) for at in range(0, 12 << 20, 1 << 19)]
    assert b"".join(bytes(part) for part in store.ranges("file", spans)) == data
    assert len(server.of("GET", "file")) == 5, "1 + 2 + 4 + 4 + 1 MB"
    assert list(store.ranges("file", [])) == []
    with pytest.raises(FileNotFoundError):
        list(store.ranges("none", [(0, 1)]))


def test_reports_come_in_order_however_many(store: Store, server: Server) -> None:
    for i in range(0, 600, 2):
        store.write_report(f"r/{i}", {"i": i})
    put(store, "r/1", b"damaged\n")
    put(store, "r/3", b"")
    server.requests.clear()
    server.faults = first(3, 503, "GET")
    reports = store.read_reports(f"r/{i}" for i in range(600))
    assert next(reports) == {"i": 0}
    assert len(server.requests) < 300, "the first lot only"
    assert list(reports) == [{"i": i} if i % 2 == 0 else None for i in range(1, 600)]
    assert len(server.of("GET", "r/")) < 620
    assert server.of("HEAD") == []


@pytest.mark.parametrize("fault", [500, 503, "drop", "truncate"])
def test_what_passes_is_tried_again(
    store: Store, server: Server, capfd: pytest.CaptureFixture[str], fault: int | str
) -> None:
    put(store, "x", b"0123456789" * 100)
    server.faults = first(4, fault, "GET", "x")
    assert store.read_bytes("x") == b"0123456789" * 100
    err = capfd.readouterr().err
    assert err.startswith(f"datapipe: {store.root}/x: ")
    assert err.endswith("; trying again\n")
    assert err.count("\n") == 1, "told once"


def test_a_server_that_hangs_is_left(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    store = open_store(f"s3://{BUCKET}/hangs")
    put(store, "x", b"data")
    monkeypatch.setattr(filesystem, "READ_TIMEOUT", 0.2)
    server.faults = first(3, "slow", "GET", "x")
    assert store.read_bytes("x") == b"data"


def test_what_does_not_pass_is_told(store: Store, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 3)
    put(store, "x", b"data")
    server.faults = lambda request: 503
    with pytest.raises(RunFailed, match=r"/x: cannot read it, in 3 attempts: 503 SlowDown: as the test asked"):
        store.read_bytes("x")
    server.requests.clear()
    server.faults = lambda request: 403
    with pytest.raises(RunFailed, match=r"/y: the store refuses to write it \(403 AccessDenied.*AWS_PROFILE"):
        put(store, "y", b"data")
    assert len(server.requests) == 1, "a refusal is final"
    server.faults = lambda request: None
    absent = open_store("s3://no-such-bucket/run")
    for ask in (lambda: put(absent, "y", b""), lambda: absent.exists("y"), lambda: absent.read_report("y")):
        with pytest.raises(RunFailed, match="the bucket no-such-bucket does not exist; create it"):
            ask()


def test_no_credentials(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3fs import S3FileSystem

    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    S3FileSystem.clear_instance_cache()
    with pytest.raises(RunFailed, match=r"no credentials found .*: set AWS_PROFILE, or AWS_ACCESS_KEY_ID"):
        open_store(f"s3://{BUCKET}/run").read_bytes("x")
    S3FileSystem.clear_instance_cache()


def test_no_secret_is_printed(
    server: Server, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "ATTEMPTS", 2)
    store = open_store(f"s3://{BUCKET}/quiet")
    told = []
    for fault in (403, 500, 503, "drop"):
        server.faults = lambda request, fault=fault: fault
        with pytest.raises(RunFailed) as failure:
            put(store, "x", b"data")
        told.append(str(failure.value))
    said = capfd.readouterr()
    assert SECRET not in said.out + said.err + "".join(told)


@pytest.mark.parametrize(
    "url",
    [
        "s3://AKIA123:sEcr/et+x@bucket/run",
        "s3://AKIA123@bucket/run",
        "https://user:sEcret@host/x.jsonl",
        "https://sEcret@host/x.jsonl",
        "simplecache::s3://k:sEcret@bucket/x",
        "https://host/x?X-Amz-Signature=sEcret",
        "sftp://user:sEcret@host/x",
    ],
)
def test_urls_with_credentials_are_refused(url: str) -> None:
    with pytest.raises(RecipeError, match="carries credentials") as refused:
        filesystem.refuse_credentials(url)
    assert "sEcr" not in str(refused.value)
    assert "AKIA" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "s3://bucket/a@b",
        "abfs://container@account.dfs.core.windows.net/x",
        "hf://datasets/a/b@main/x:y@z",
        "https://host:8080/a@b",
        "sftp://user@host/x",
        "https://host/x?page=2",
        "/tmp/a:b@c",
    ],
)
def test_other_urls_are_not(url: str) -> None:
    filesystem.refuse_credentials(url)


def test_where_no_run_folder_can_be(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match="name the hub as a second output"):
        open_store("hf://datasets/a/b")
    with pytest.raises(RecipeError, match="a URL has two slashes; did you mean s3://bucket/run"):
        open_store("/home/me/s3:/bucket/run")
    with monkeypatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "127.0.0.1:9000")
        patch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
        with pytest.raises(RecipeError, match=r"=127\.0\.0\.1:9000: expected a URL that begins"):
            open_store("s3://bucket/run").names("")
    with pytest.raises(RecipeError, match="patterns"):
        open_store("s3://bucket/run[1]")
    with pytest.raises(RecipeError, match="nosuch"):
        open_store("nosuch://bucket/run").names("")

    def without(*args: object, **kwargs: object) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(filesystem.fsspec.core, "url_to_fs", without)
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[s3\]'"):
        open_store("s3://bucket/run").names("")


def test_a_store_survives_a_fork(store: Store, server: Server) -> None:
    put(store, "x", b"data")
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(0 if store.read_bytes("x") == b"data" else 1)
        finally:
            os._exit(2)
    assert os.waitpid(pid, 0)[1] == 0


def test_the_fault_server_itself(server: Server) -> None:
    faults = first(1, 503, "GET", "x")
    assert faults(Request("PUT", "/x", "", "")) is None
    assert faults(Request("GET", "/x", "", "")) == 503
    assert faults(Request("GET", "/x", "", "")) is None
