"""Killed at any moment and run again: the same bytes. Ctrl-C and SIGTERM: stopped within seconds, resumable."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import SAMPLE, Runs

RECIPE = f"""
name: killed
audit: [exact_dedup, sample]
input_split: 100KB
plugins: [slow.py]
datasets:
  web:
    read: {{jsonl: {SAMPLE}/web/*.jsonl.zst}}
  code:
    read: {{jsonl: [code-0.jsonl, code-1.jsonl, code-2.jsonl]}}
  corpus:
    from: [web, code]
    steps: [normalize, exact_dedup, slow, {{sample: {{fraction: 0.8}}}}]
write: {{dataset: corpus, path: out, shard_size: 300KB}}
"""
SLOW = """
import os, time
from datapipe import per_document
@per_document.map("slow", version=1)
def slow(text: str) -> str:
    time.sleep(float(os.environ.get("DATAPIPE_TEST_SLOW", "0")))
    return text
"""

Digests = Callable[[Path], dict[str, str]]


@pytest.fixture
def recipe(runs: Runs) -> Path:
    for n in range(3):
        runs.jsonl(f"code-{n}.jsonl", [{"id": f"{n}-{i}", "text": f"line {i % 50}\n" * 30} for i in range(400)])
    (runs.folder / "slow.py").write_text(SLOW)
    path = runs.folder / "recipe.yaml"
    path.write_text(RECIPE)
    return path


def start(recipe: Path, out: str, workers: int = 2, slow: str = "0") -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "datapipe",
        "run",
        str(recipe),
        "--out",
        str(recipe.parent / out),
        "--workers",
        str(workers),
    ]
    env = {**os.environ, "DATAPIPE_TEST_SLOW": slow}
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env, start_new_session=True
    )


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            stat = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            if int(stat[1]) == process.pid and b"spawn_main" in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except (OSError, IndexError):
            continue
    return found


def test_twenty_kills_at_random_moments_leave_the_same_bytes(recipe: Path, runs: Runs, digests: Digests) -> None:
    began = time.monotonic()
    assert start(recipe, "whole").wait() == 0
    takes = time.monotonic() - began
    expected = digests(runs.folder / "whole")
    draw = random.Random(20)
    kills = 0
    ends = 0
    while kills < 20:
        process = start(recipe, "killed")
        try:
            process.wait(draw.uniform(0.2, 1.0) * takes)
        except subprocess.TimeoutExpired:
            kills += 1
            if kills % 3 == 0 and (
                victims := workers_of(process)
            ):  # sometimes a worker first: the driver must go on or end well
                os.kill(draw.choice(victims), signal.SIGKILL)
                time.sleep(draw.uniform(0, 0.3))
            process.kill()
        process.wait()
        if (runs.folder / "killed/manifest.json").exists():
            assert digests(runs.folder / "killed") == expected
            ends += 1
            for name in ("manifest.json", "data", "work") if ends % 2 else ("manifest.json",):
                path = runs.folder / "killed" / name
                subprocess.run(["rm", "-rf", str(path)], check=True)
    final = start(recipe, "killed")
    assert final.wait() == 0, final.stderr.read() if final.stderr else ""
    assert digests(runs.folder / "killed") == expected
    assert list((runs.folder / "killed").rglob(".*.tmp")) == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_within_seconds_and_the_run_resumes(
    recipe: Path, runs: Runs, digests: Digests, number: int, code: int
) -> None:
    process = start(recipe, "stopped", slow="0.01")
    deadline = time.monotonic() + 300
    while not list((runs.folder / "stopped/work").glob("*/shard-*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    workers = workers_of(process)
    os.killpg(process.pid, number)  # as a terminal does: the whole group
    began = time.monotonic()
    _, said = process.communicate(timeout=300)
    assert time.monotonic() - began < 30  # 1 s on a machine that has nothing else to do
    assert process.returncode == code
    assert "run the same command again to resume" in said
    assert "Traceback" not in said
    assert not any(Path(f"/proc/{pid}").exists() for pid in workers)
    assert not (runs.folder / "stopped/manifest.json").exists()
    assert start(recipe, "stopped").wait() == 0
    assert start(recipe, "whole").wait() == 0
    assert digests(runs.folder / "stopped") == digests(runs.folder / "whole")


def test_a_worker_killed_by_the_system_is_retried(recipe: Path, runs: Runs, digests: Digests) -> None:
    process = start(recipe, "oom", slow="0.002")
    deadline = time.monotonic() + 300
    while not list((runs.folder / "oom/work").glob("*/shard-*.json")) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(workers_of(process)[0], signal.SIGKILL)
    assert process.wait(300) == 0
    assert start(recipe, "whole").wait() == 0
    assert digests(runs.folder / "oom") == digests(runs.folder / "whole")


def test_a_shard_that_kills_every_worker_is_named(runs: Runs) -> None:
    runs.jsonl("good.jsonl", [{"id": "1", "text": "fine"}])
    runs.jsonl("poison.jsonl", [{"id": "2", "text": "die"}])
    (runs.folder / "die.py").write_text(
        "import os, signal\nfrom datapipe import per_document\n"
        "@per_document.map('die')\n"
        "def die(text: str) -> str:\n"
        "    if text == 'die': os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return text\n"
    )
    path = runs.folder / "recipe.yaml"
    path.write_text(
        "plugins: [die.py]\ninput_split: 1\nread: {jsonl: [good.jsonl, poison.jsonl]}\nsteps: [die]\nwrite: {path: out}\n"
    )
    process = start(path, "out")
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "poison.jsonl" in said
    assert "SIGKILL" in said
    assert "Traceback" not in said


def test_a_second_driver_waits_outside(recipe: Path, runs: Runs) -> None:
    first = start(recipe, "shared", slow="0.01")
    deadline = time.monotonic() + 300
    while not (runs.folder / "shared/work/lock").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.2)
    second = start(recipe, "shared")
    _, said = second.communicate(timeout=300)
    assert second.returncode == 1
    assert "another run is at work" in said
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
