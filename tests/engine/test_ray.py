"""Ray: the same bytes on one node or three, whatever dies on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ray._private.utils import get_system_memory, get_used_memory
from ray.cluster_utils import Cluster

from datapipe.core.errors import RunFailed, WorkLost
from datapipe.engine.driver import Driver
from datapipe.engine.executors.ray import AHEAD, RayExecutor
from datapipe.engine.names import plan_name
from datapipe.engine.task import Limits, Task
from datapipe.io.store import LocalStore
from datapipe.plan.plan import Plan
from tests.conftest import SAMPLE, Quiet, Runs, compile_text

RECIPE = f"""
name: graph
audit: [exact_dedup, sample]
seed: 3
input_split: 200KB
plugins: [fate.py]
datasets:
  web:
    read: {{jsonl: {SAMPLE}/web/*.jsonl.zst}}
    steps: [normalize]
  code:
    read: {{jsonl: code-*.jsonl}}
  corpus:
    from: [web, code]
    steps: [exact_dedup, {{fate: {{folder: FOLDER}}}}, {{sample: {{fraction: 0.7}}}}, shuffle]
write: {{dataset: corpus, path: out, shard_size: 500KB}}
"""
# What befalls a worker is asked for by a file; all but `slow` and `doom` befall the first that finds it.
FATE = """
import contextlib, os, pathlib, signal, time
from datapipe import per_document

def claimed(path):
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
        return True
    return False

@per_document.map("fate")
def fate(text: str, *, folder: str) -> str:
    here = pathlib.Path(folder)
    if (here / "slow").exists():
        time.sleep(0.003)
    if (here / "doom").exists() or claimed(here / "kill"):
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)
    if claimed(here / "hog"):
        hoard = []
        while True:
            hoard.append(b"x" * 200_000_000)
            (here / "hoard").write_text(str(sum(map(len, hoard))))
            time.sleep(0.02)
    return text
"""

Digests = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe with its inputs, and `expected`: what one process makes of it."""
    runs = Runs(tmp_path_factory.mktemp("ray"))
    for n in range(3):
        runs.jsonl(f"code-{n}.jsonl", [{"id": f"{n}-{i}", "text": f"line {i % 50}\n" * 30} for i in range(400)])
    (runs.folder / "fate.py").write_text(FATE)
    (runs.folder / "recipe.yaml").write_text(RECIPE.replace("FOLDER", str(runs.folder)))
    runs((runs.folder / "recipe.yaml").read_text(), "expected")
    return runs.folder


@pytest.fixture(scope="module")
def plan(folder: Path) -> Plan:
    return compile_text((folder / "recipe.yaml").read_text(), folder)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes on this machine."""
    node = {"num_cpus": 1, "object_store_memory": 100_000_000}
    cluster = Cluster(initialize_head=True, head_node_args={**node, "include_dashboard": False})
    for _ in range(2):
        cluster.add_node(**node)
    cluster.wait_for_nodes()
    yield cluster
    cluster.shutdown()


@pytest.fixture
def executor(cluster: Cluster) -> Iterator[RayExecutor]:
    executor = RayExecutor(cluster.address)
    executor.start()
    yield executor
    executor.close()


class After(Quiet):
    """Lets something happen when so many tasks have ended."""

    def __init__(self, tasks: int, happen: Callable[[], Any]) -> None:
        self.tasks = tasks
        self.happen = happen

    def advance(self, rows: int, size: int) -> None:
        self.tasks -= 1
        if self.tasks == 0:
            self.happen()


def collect(folder: Path, plan: Plan, index: int, **more: Any) -> Task:
    """A task that is done at once: a part of a table without rows."""
    spare = LocalStore(folder / "spare")
    if not spare.exists(plan_name(plan.fingerprint)):
        spare.write_json(plan_name(plan.fingerprint), plan.model_dump(mode="json"))
    task = Task("collect", spare.root, plan.fingerprint, index, name="quarantine")
    return replace(task, **more)


def test_a_node_lost_in_the_middle(
    folder: Path, plan: Plan, cluster: Cluster, executor: RayExecutor, digests: Digests
) -> None:
    (folder / "slow").touch()
    lost = sorted(cluster.worker_nodes, key=str)[0]
    observer = After(4, lambda: cluster.remove_node(lost, allow_graceful=False))
    Driver(plan, str(folder / "node"), executor, observer).run()
    (folder / "slow").unlink()
    assert observer.tasks <= 0
    assert digests(folder / "node") == digests(folder / "expected")


def test_a_worker_killed_in_the_middle(folder: Path, plan: Plan, executor: RayExecutor, digests: Digests) -> None:
    Driver(plan, str(folder / "worker"), executor, After(3, (folder / "kill").touch)).run()
    assert not (folder / "kill").exists()
    assert digests(folder / "worker") == digests(folder / "expected")


def test_a_shard_that_kills_every_worker_is_named(folder: Path, plan: Plan, executor: RayExecutor) -> None:
    (folder / "doom").touch()
    with pytest.raises(RunFailed, match=r"shard \d+ \(.*jsonl.*\): Ray lost it 3 times .*the same command resumes"):
        Driver(plan, str(folder / "doomed"), executor, Quiet()).run()
    (folder / "doom").unlink()


@pytest.mark.parametrize("workers", [None, 1])
def test_no_more_tasks_are_drawn_than_may_be_in_flight(
    folder: Path, plan: Plan, cluster: Cluster, workers: int | None
) -> None:
    executor = RayExecutor(cluster.address, workers)
    executor.start()
    bound = workers or AHEAD * executor.cluster.slots(Limits())
    drawn, done, most = 0, 0, 0

    def tasks() -> Iterator[Task]:
        nonlocal drawn
        for index in range(60):
            drawn += 1
            yield collect(folder, plan, index)

    for _ in executor.run(tasks()):
        most = max(most, drawn - done)
        done += 1
    executor.close()
    assert done == 60
    assert most == bound


def test_a_failing_task_is_a_sentence_and_the_executor_goes_on(folder: Path, plan: Plan, executor: RayExecutor) -> None:
    bad = collect(folder, plan, 1, slices=((0, 999, 5),))
    with pytest.raises(WorkLost, match=r"shard-000999\.json: is gone") as caught:
        list(executor.run([*(collect(folder, plan, index) for index in range(2, 9)), bad]))
    assert "Traceback" not in str(caught.value)
    assert len(list(executor.run([collect(folder, plan, 2)]))) == 1


def test_an_abandoned_run_leaves_nothing_in_flight(folder: Path, plan: Plan, executor: RayExecutor) -> None:
    reports = executor.run(collect(folder, plan, index) for index in range(60))
    next(reports)
    reports.close()
    assert not executor._flying
    assert len(list(executor.run([collect(folder, plan, 2)]))) == 1


def test_a_node_that_does_not_see_the_run_folder_says_so(folder: Path, plan: Plan, executor: RayExecutor) -> None:
    with pytest.raises(RunFailed, match=r"node \S+ does not see the run folder /nowhere/run .*storage that every node"):
        list(executor.run([collect(folder, plan, 0, run="/nowhere/run")]))


def test_more_than_any_node_has_is_refused(
    folder: Path, plan: Plan, executor: RayExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datapipe.engine.executors.ray.GROW_SECONDS", -1.0)
    with pytest.raises(RunFailed, match=r"no node of the Ray cluster has 64 CPUs and 10,000 bytes of memory"):
        list(executor.run([collect(folder, plan, 0)], Limits(cpus=64, memory=10_000)))


def start(folder: Path, out: str, *more: str, **environment: str) -> subprocess.Popen[str]:
    """`datapipe run --executor ray` with a Ray of its own."""
    command = [sys.executable, "-m", "datapipe", "run", str(folder / "recipe.yaml"), "--out", str(folder / out), *more]
    return subprocess.Popen(
        [*command, "--executor", "ray"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
        start_new_session=True,
    )


def test_one_node_and_no_word_of_ray(folder: Path, digests: Digests) -> None:
    process = start(folder, "one", "--workers", "2")
    _, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert digests(folder / "one") == digests(folder / "expected")
    assert all(line.startswith(("stage", "gather", "barrier", "publish")) for line in said.splitlines()), said


def test_a_worker_ended_for_memory_is_tried_again(folder: Path, digests: Digests) -> None:
    (folder / "hog").touch()
    used, total = get_used_memory(), get_system_memory()  # as Ray's monitor sees them: a container's, if it is in one
    assert total - used > 6e9, "this test takes 3 GB of memory until it is ended for it"
    threshold = f"{(used + 3e9) / total:.3f}"
    process = start(folder, "memory", RAY_memory_usage_threshold=threshold, RAY_memory_monitor_refresh_ms="50")
    _, said = process.communicate(timeout=400)
    assert process.returncode == 0, said
    assert not (folder / "hog").exists()
    assert int((folder / "hoard").read_text()) < 6e9  # by Ray's monitor, not by the system, which has more to give
    assert digests(folder / "memory") == digests(folder / "expected")


def alive(mark: str) -> list[str]:
    """Processes that carry this mark in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def test_signals_stop_within_seconds_and_the_run_resumes(folder: Path, digests: Digests) -> None:
    (folder / "slow").touch()
    reports = 0
    for number, code in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
        mark = uuid.uuid4().hex
        process = start(folder, "stopped", "--workers", "2", DATAPIPE_TEST_MARK=mark)
        deadline = time.monotonic() + 150
        while len(list((folder / "stopped/work").glob("*/shard-*.json"))) <= reports and time.monotonic() < deadline:
            time.sleep(0.05)
        os.killpg(process.pid, number)  # as a terminal does: the whole group
        began = time.monotonic()
        _, said = process.communicate(timeout=200)
        assert time.monotonic() - began < 30  # after a SIGTERM to the group Ray waits 7 s for its own dead processes
        assert process.returncode == code, said
        assert "run the same command again to resume" in said
        assert "Traceback" not in said
        deadline = time.monotonic() + 30
        while alive(mark) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert alive(mark) == []
        reports = len(list((folder / "stopped/work").glob("*/shard-*.json")))
    assert not (folder / "stopped/manifest.json").exists()
    (folder / "slow").unlink()
    runs = Runs(folder)
    runs((folder / "recipe.yaml").read_text(), "stopped")
    assert digests(folder / "stopped") == digests(folder / "expected")
