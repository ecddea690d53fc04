"""The run folder, the inputs and the outputs in an S3 store: the same bytes as on a disk, whatever the store answers."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datapipe.core.errors import RunFailed, Waiting
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess, LocalPool
from datapipe.engine.member import EVERYTHING, Member
from datapipe.io.store import open_store
from tests.conftest import SAMPLE, Quiet, Runs, compile_text
from tests.s3 import BUCKET, SECRET, Request, Server, s3_server

Digests = Callable[[Path], dict[str, str]]
TABLES = ("data", "ledger", "quarantine", "edits", "scores", "audit")
RECIPE = """
name: graph
seed: 3
audit: [length, exact_dedup]
input_split: 200KB
datasets:
  web:
    read: {jsonl: INPUT/web/*.jsonl.zst}
    steps: [normalize, {length: {min_characters: 200}}]
  books:
    read: {parquet: INPUT/books/*.parquet}
  corpus:
    from: [web, books]
    steps: [exact_dedup, {sample: {fraction: 0.7}}]
write: {dataset: corpus, path: out, shard_size: 500KB}
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with s3_server() as server:
        for path in [*SAMPLE.glob("web/*.jsonl.zst"), *SAMPLE.glob("books/*.parquet")]:
            server.client().upload_file(str(path), BUCKET, f"in/{path.relative_to(SAMPLE)}")
        yield server


@pytest.fixture
def expected(runs: Runs, digests: Digests) -> dict[str, str]:
    runs(RECIPE.replace("INPUT", str(SAMPLE)), "local")
    return digests(runs.folder / "local")


def remote_digests(root: str) -> dict[str, str]:
    store = open_store(root)
    names = [f"{table}/{name}" for table in TABLES for name in store.names(table)]
    return {name: hashlib.sha256(store.read_bytes(name)).hexdigest() for name in names}


def go(folder: Path, out: str, workers: int = 0, member: Member = EVERYTHING) -> None:
    plan = compile_text(RECIPE.replace("INPUT", f"s3://{BUCKET}/in"), folder)
    pool = LocalPool(workers) if workers else InProcess()
    try:
        Driver(plan, out, pool, Quiet(), member).run()
    finally:
        pool.close()


@pytest.mark.parametrize("workers", [0, 2])
def test_s3_in_and_out_gives_the_bytes_of_a_disk(
    server: Server, tmp_path: Path, expected: dict[str, str], workers: int
) -> None:
    out = f"s3://{BUCKET}/out-{workers}"
    go(tmp_path, out, workers)
    assert remote_digests(out) == expected
    before = len(server.of("PUT"))
    go(tmp_path, out)  # a finished run does nothing but look
    assert len([r for r in server.of("PUT")[before:] if "probe" not in r.path and "lock" not in r.path]) == 0


def test_a_store_that_fails_now_and_then(
    server: Server, tmp_path: Path, expected: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    seen: dict[str, int] = {}

    def faults(request: Request) -> int | str | None:
        """Every ninth object fails three times: once is not enough to be told, the client repeats that by itself."""
        seen.setdefault(request.path, 0)
        seen[request.path] += 1
        number = list(seen).index(request.path)
        return (503, 500, "drop")[number % 3] if number % 9 == 4 and seen[request.path] <= 3 else None

    server.faults = faults
    try:
        go(tmp_path, f"s3://{BUCKET}/faulty")
    finally:
        server.faults = lambda request: None
    assert remote_digests(f"s3://{BUCKET}/faulty") == expected
    said = capfd.readouterr()
    assert "trying again" in said.err
    assert SECRET not in said.err + said.out
    assert SECRET not in open_store(f"s3://{BUCKET}/faulty").read_bytes("manifest.json").decode()


def test_a_store_that_fails_for_good_stops_the_run_and_the_next_one_resumes(
    server: Server, tmp_path: Path, expected: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datapipe.io.retry.ATTEMPTS", 2)
    server.faults = lambda request: 503 if request.method == "PUT" and "shard-000002" in request.path else None
    try:
        with pytest.raises(RunFailed, match=r"s3://corpus/broken/work/.*503"):
            go(tmp_path, f"s3://{BUCKET}/broken")
    finally:
        server.faults = lambda request: None
    assert not open_store(f"s3://{BUCKET}/broken").exists("manifest.json")
    go(tmp_path, f"s3://{BUCKET}/broken")
    assert remote_digests(f"s3://{BUCKET}/broken") == expected


def test_members_of_an_array_share_a_bucket(server: Server, tmp_path: Path, expected: dict[str, str]) -> None:
    out = f"s3://{BUCKET}/array"
    done: set[int] = set()
    for _ in range(12):
        for index in (2, 0, 1):
            try:
                go(tmp_path, out, member=Member(index, 3, shared=True))
                done.add(index)
            except Waiting:
                continue
        if len(done) == 3:
            break
    assert remote_digests(out) == expected


def test_damaged_and_lost_objects_are_made_again(server: Server, tmp_path: Path, expected: dict[str, str]) -> None:
    out = f"s3://{BUCKET}/damaged"
    go(tmp_path, out)
    store = open_store(out)
    store.remove("manifest.json")
    for publication in [name for name in store.names("work") if name.startswith("publish-")]:
        store.remove(f"work/{publication}")
    stages = [name for name in store.names("work") if len(name) == 16]
    for n, stage in enumerate(stages):
        shards = [name for name in store.names(f"work/{stage}") if name.endswith(".arrow")]
        name = f"work/{stage}/{shards[n % len(shards)]}"
        data = bytearray(store.read_bytes(name))
        data[len(data) // 2] ^= 1
        with store.create(name) as stream:
            stream.write(data)
        store.remove(f"work/{stage}/{shards[-1]}")
    go(tmp_path, out)
    assert remote_digests(out) == expected


def test_a_killed_driver_leaves_a_lease_that_the_next_one_takes(
    server: Server, tmp_path: Path, expected: dict[str, str]
) -> None:
    out = f"s3://{BUCKET}/killed"
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE.replace("INPUT", f"s3://{BUCKET}/in"))
    command = [sys.executable, "-m", "datapipe", "run", str(recipe), "--out", out, "--workers", "2", "--quiet"]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 300
    while not any("shard-000001.json" in r.path for r in server.of("PUT", "killed/")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert subprocess.run(command, timeout=400, check=False).returncode == 0
    assert remote_digests(out) == expected
    assert server.uploads() == []
