"""Where Ray cannot be had or cannot be trusted: a sentence, before any work, within seconds."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import MissingDependency, RecipeError, WorkLost
from datapipe.engine.executors import ray_node
from datapipe.engine.executors.ray import RayExecutor, _report
from datapipe.engine.executors.ray_cluster import RayCluster
from datapipe.engine.task import Limits, Task

TASK = Task("shard", "/nowhere", "0" * 16)


def run(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    (folder / "a.jsonl").write_text('{"text": "fine"}\n')
    (folder / "recipe.yaml").write_text("read: {jsonl: a.jsonl}\nwrite: {path: out}\n")
    command = [sys.executable, "-m", "datapipe", "run", str(folder / "recipe.yaml"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_nothing_listens_at_the_address(tmp_path: Path) -> None:
    began = time.monotonic()
    done = run(tmp_path, "--executor", "ray", "--ray-address", "127.0.0.1:1")
    assert time.monotonic() - began < 30
    assert done.returncode == 1
    assert done.stderr.startswith("datapipe: no Ray cluster answers at 127.0.0.1:1 (Connection refused)")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("address", "said"),
    [("ray://head:10001", "the Ray client is not supported"), ("head", "expected auto or host:port")],
)
def test_addresses_that_cannot_be(address: str, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        RayCluster(address).check()


def test_ray_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[ray\]'"):
        RayExecutor().start()


@pytest.mark.parametrize("options", [["--ray-address", "auto"], ["--executor", "ray", "--workers", "0"]])
def test_options_that_contradict_each_other(tmp_path: Path, options: list[str]) -> None:
    done = run(tmp_path, *options)
    assert done.returncode == 2
    assert "--executor ray" in done.stderr


def test_lost_work_arrives_as_lost_work(monkeypatch: pytest.MonkeyPatch) -> None:
    class Pool:
        def run(self, tasks: list[Task], limits: Limits) -> Iterator[Any]:
            raise WorkLost("work/a/shard-000001.arrow", "absent")
            yield

    monkeypatch.setattr(ray_node, "_pool", Pool)
    monkeypatch.setattr(ray_node, "_objection", lambda task, version: None)
    answer = ray_node.run_on_node(TASK, Limits(), "0.1.0")
    with pytest.raises(WorkLost) as caught:
        _report(answer)
    assert (caught.value.name, caught.value.found) == ("work/a/shard-000001.arrow", "absent")


def test_another_version_is_refused() -> None:
    kind, said = ray_node.run_on_node(TASK, Limits(), "99.0")
    assert kind == "failed"
    assert "install the same on every node" in said
