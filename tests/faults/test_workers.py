"""Workers that hang, crash, leak or lose work: the run ends in bounded time, and only the guilty rows are missing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import RunFailed, WorkLost
from datapipe.engine.driver import Driver
from datapipe.engine.executors import retries
from datapipe.engine.executors.local import LocalPool
from datapipe.engine.names import shard_name
from datapipe.engine.task import Limits, Task, plan_name
from datapipe.io.store import open_store
from tests.conftest import Quiet, Runs, compile_text

Digests = Callable[[Path], dict[str, str]]

PLUGIN = Path(__file__).parent / "faults.py"
FRAME = f"""
plugins: [{PLUGIN}]
task_timeout: 2s
max_error_rate: 0.5
input_split: 6KB
read: {{jsonl: [a.jsonl, b.jsonl]}}
write: {{path: out}}
"""
EVENTFUL = (
    "steps: [{split: {raises: RAISES}}, {length: {min_characters: 20}}, "
    "{fault: {raises: RAISES, where: {source: [corpus]}}}, exact_dedup]\n"
)


def documents(runs: Runs, bad: dict[str, str]) -> None:
    """Two files of 60 documents; `bad` says which ids misbehave how."""
    for name in "ab":
        ids = [f"{name}{i}" for i in range(60)]
        texts = {i: f"Sentence one of {i}. And a twin of {int(i[1:]) % 7}. Short" for i in ids}
        runs.jsonl(f"{name}.jsonl", [{"id": i, "text": bad.get(i, texts[i])} for i in ids])


def about(notices: list[str], words: str) -> list[str]:
    """A busy machine may stall anything for a second, which is told and tried again, too."""
    return [notice for notice in notices if words in notice]


@pytest.fixture
def notices() -> list[str]:
    return []


@pytest.fixture
def pool(notices: list[str]) -> Iterator[LocalPool]:
    """Two workers for all the runs of a test."""
    pool = LocalPool(2, notices.append)
    yield pool
    pool.close()


def run(runs: Runs, pool: LocalPool, recipe: str, out: str = "out", **changes: object) -> dict[str, Any]:
    frame = FRAME
    for key, value in changes.items():
        frame = "\n".join(f"{key}: {value}" if line.startswith(f"{key}:") else line for line in frame.splitlines())
    plan = compile_text(f"name: corpus\n{frame}\n{recipe}", runs.folder)
    done = Driver(plan, str(runs.folder / out), pool, Quiet()).run()
    lost = done["rows_dropped"] + done["rows_quarantined"]
    assert done["rows_read"] + done["rows_added"] == done["rows_written"] + lost
    return done


def without_errors(runs: Runs, out: str) -> list[dict[str, Any]]:
    return [{**row, "error": None} for row in runs.table("quarantine", out)]


def data(found: dict[str, str]) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if not name.startswith("quarantine")}


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("hang", "hung for 2 s"),
        ("lock", "hung for 2 s"),
        ("segv", "killed its worker (SIGSEGV)"),
    ],
)
def test_a_document_that_stops_its_worker_goes_to_quarantine_alone(
    runs: Runs, pool: LocalPool, notices: list[str], digests: Digests, kind: str, error: str
) -> None:
    documents(runs, {"a41": f"bad {kind} for every worker"})
    recipe = "steps: [{fault: {raises: RAISES}}]\n"
    run(runs, pool, recipe.replace("RAISES", "true"), "raised")
    began = time.monotonic()
    manifest = run(runs, pool, recipe.replace("RAISES", "false"))
    assert time.monotonic() - began < 60
    assert manifest["rows_quarantined"] == 1
    (row,) = runs.table("quarantine")
    assert (row["id"], row["_addr"], row["step"], row["row"]) == ("a41", 41, "corpus.01.fault", 41)
    assert row["error"] == error
    assert data(digests(runs.folder / "out")) == data(digests(runs.folder / "raised"))
    assert without_errors(runs, "out") == without_errors(runs, "raised")
    told = about(notices, "in corpus.01.fault")
    assert len(told) == 2
    assert "shard 0" in told[0]
    assert "in corpus.01.fault, rows 0–59 (first address 0)" in told[0]
    assert "row 41 (address 41)" in told[1]


def test_every_kind_at_once_beside_expansions_conditions_and_duplicates(
    runs: Runs, pool: LocalPool, digests: Digests
) -> None:
    bad = {
        "a3": "bad segv in the expansion itself",
        "a4": "A sentence that is good. bad segv in a sentence of its own. Another one that is good",
        "a50": "Again one that is good. bad regex in a sentence of its own",
        "b7": "Again one that is fine. bad segv in a sentence of its own. bad raise in the very same batch",
    }
    documents(runs, bad)
    run(runs, pool, EVENTFUL.replace("RAISES", "true"), "raised")
    began = time.monotonic()
    run(runs, pool, EVENTFUL.replace("RAISES", "false"))
    assert time.monotonic() - began < 120
    assert data(digests(runs.folder / "out")) == data(digests(runs.folder / "raised"))
    assert without_errors(runs, "out") == without_errors(runs, "raised")
    errors = {row["id"]: row["error"] for row in runs.table("quarantine")}
    segv = "killed its worker (SIGSEGV)"
    assert errors == {
        "a3": segv, "a4#2": segv, "a50#2": "hung for 2 s", "b7#2": segv, "b7#3": "ValueError: a bad document",
    }  # fmt: skip


@pytest.mark.parametrize("kind", ["hang", "segv"])
def test_what_happens_once_leaves_no_trace(runs: Runs, pool: LocalPool, digests: Digests, kind: str) -> None:
    documents(runs, {"b20": f"bad {kind}"})
    marker = runs.folder / "marker"
    recipe = f"steps: [{{fault: {{once: {marker}}}}}]\n"
    assert run(runs, pool, recipe)["rows_quarantined"] == 0
    assert marker.exists()
    run(runs, pool, recipe, "undisturbed")
    assert digests(runs.folder / "out") == digests(runs.folder / "undisturbed")


def test_a_batch_that_is_slow_as_a_whole_passes_row_by_row(runs: Runs, pool: LocalPool, notices: list[str]) -> None:
    rows = [{"id": str(i), "text": f"{i}"} for i in range(10)]
    runs.jsonl("a.jsonl", rows)
    runs.jsonl("b.jsonl", [{"id": "b", "text": "b"}])
    done = run(runs, pool, "steps: [{slow: {seconds: 0.3}}]\n")
    assert done["rows_written"] == 11
    assert any("these rows one by one" in notice for notice in notices)


def test_too_many_bad_rows_end_the_run(runs: Runs, pool: LocalPool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "ROWS", 2)
    documents(runs, {f"b{i}": "bad segv" for i in range(3)})
    with pytest.raises(RunFailed, match=r"shard 1 \(.*b\.jsonl\): its worker died \(SIGSEGV\).*2 rows before it"):
        run(runs, pool, "steps: [fault]\n")
    assert len(list((runs.folder / "out/work").glob("*/shard-000000.json"))) == 1


@pytest.mark.parametrize("kind", ["hang", "segv"])
def test_a_sketch_that_stops_its_worker_fails_the_run_by_name(
    runs: Runs, pool: LocalPool, notices: list[str], kind: str
) -> None:
    documents(runs, {"a3": f"bad {kind}"})
    began = time.monotonic()
    with pytest.raises(RunFailed, match=r"shard 0 \(.*a\.jsonl\): .* in sketch of corpus\.01\.nosy"):
        run(runs, pool, "steps: [nosy]\n")
    assert len(about(notices, "in sketch of")) == 2  # three attempts
    assert time.monotonic() - began < 60


def test_a_reader_that_hangs_is_named_and_the_run_resumes(
    runs: Runs, pool: LocalPool, notices: list[str], digests: Digests
) -> None:
    documents(runs, {})
    stalled = runs.folder / "b.jsonl.stalled"
    stalled.touch()
    reader = "{stalling: [a.jsonl, b.jsonl]}"
    began = time.monotonic()
    with pytest.raises(RunFailed, match=r"shard 1 \(.*\): no progress for 2 s in read of .*/b\.jsonl, row 0 .*3 times"):
        run(runs, pool, "steps: [fault]\n", read=reader)
    assert time.monotonic() - began < 60
    assert len(about(notices, "b.jsonl")) == 2
    stalled.unlink()
    run(runs, pool, "steps: [fault]\n", read=reader)
    run(runs, pool, "steps: [fault]\n", "undisturbed", read=reader)
    assert digests(runs.folder / "out") == digests(runs.folder / "undisturbed")


def test_a_leaking_worker_is_replaced(runs: Runs, pool: LocalPool, notices: list[str]) -> None:
    for i in range(8):
        runs.jsonl(f"l{i}.jsonl", [{"id": str(i), "text": "bad leak"}])
    limits = "resources: {memory: 300MB}\n"
    run(runs, pool, f"steps: [fault, pid]\n{limits}", read="{jsonl: l*.jsonl}", input_split=40)
    pids = {row["pid"] for row in runs.table("data")}
    assert len(pids) > 2
    assert len(about(notices, "a fresh one takes its place")) == 1


def test_a_pool_goes_on_after_lost_work_and_after_a_closed_run(runs: Runs, pool: LocalPool) -> None:
    documents(runs, {"a0": "bad lost"})
    frame = FRAME.replace("jsonl: [a.jsonl, b.jsonl]", "jsonl: [a.jsonl, b.jsonl], duplicate_ids: keep")
    steps = f"steps: [{{fault: {{once: {runs.folder / 'marker'}}}}}, {{slow: {{seconds: 0.01}}}}]\n"
    plan = compile_text(f"name: corpus\n{frame}\n{steps}", runs.folder)
    (stage,) = plan.stages
    out = str(runs.folder / "out")
    open_store(out).write_json(plan_name(plan.fingerprint), plan.model_dump(mode="json"))
    tasks = [Task("shard", out, plan.fingerprint, n, stage.key, pieces=plan.shards[n].pieces) for n in (0, 1)]
    with pytest.raises(WorkLost) as caught:
        list(pool.run(tasks))
    assert (caught.value.name, caught.value.found) == ("work/some/file", "is gone")
    assert open_store(out).exists(f"{shard_name(stage.key, 1)}.json")  # the other one was not lost
    running = pool.run([*tasks, tasks[0]])
    next(running)
    next(running)
    running.close()  # with the third in flight
    reports = {task.index: report for task, report in pool.run(tasks[::-1], Limits(timeout=60.0))}
    assert {index: report["rows"] for index, report in reports.items()} == {0: 60, 1: 60}
    assert all(f"shard-{index:06d}" in report["output"] for index, report in reports.items())


def test_workers_die_with_the_driver_even_inside_c_code(runs: Runs) -> None:
    documents(runs, {"a0": "bad lock"})
    path = runs.folder / "recipe.yaml"
    path.write_text(FRAME.replace("2s", "1h") + "steps: [{fault: {once: " + str(runs.folder / "marker") + "}}, pid]\n")
    command = [sys.executable, "-m", "datapipe", "run", str(path), "--workers", "2", "--quiet"]
    process = subprocess.Popen(command, start_new_session=True)
    deadline = time.monotonic() + 300
    while not (runs.folder / "marker").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    group = [int(p.name) for p in Path("/proc").glob("[0-9]*") if _session(p) == process.pid]
    group.remove(process.pid)
    assert len(group) >= 2
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    deadline = time.monotonic() + 30
    while any(Path(f"/proc/{pid}").exists() for pid in group) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not [pid for pid in group if _alive(pid)]


def _session(entry: Path) -> int | None:
    try:
        return int((entry / "stat").read_text().rsplit(")", 1)[1].split()[3])
    except OSError:
        return None


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
