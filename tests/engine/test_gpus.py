"""`resources: {gpus: N}`: who asks for them, and which of them a worker takes."""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from datapipe.core.errors import RunFailed
from datapipe.core.scoring.function import device_of
from datapipe.engine.batch.chain import chain
from datapipe.engine.batch.command import Command
from datapipe.engine.batch.kubernetes import kubernetes_manifest
from datapipe.engine.batch.slurm import slurm_files
from datapipe.engine.executors.local import LocalPool
from datapipe.engine.executors.process import WorkerProcess
from datapipe.engine.executors.ray_cluster import _fitting
from datapipe.engine.task import Limits
from datapipe.plan.plan import Plan
from datapipe.plan.recipe import Recipe
from tests.conftest import Runs, compile_text

RECIPE = """
datasets:
  a: {read: {jsonl: a.jsonl}}
  b: {from: [a], steps: [exact_dedup]}
write: {dataset: b, path: out}
resources:
  datasets: {b: {gpus: 2}}
  kubernetes: {image: datapipe:1, volumes: [{name: d, emptyDir: {}}], volumeMounts: [{name: d, mountPath: "FOLDER"}]}
"""


@pytest.fixture
def plan(runs: Runs) -> Plan:
    runs.jsonl("a.jsonl", [{"text": "one"}])
    (runs.folder / "recipe.yaml").write_text(text := RECIPE.replace("FOLDER", str(runs.folder)))
    return compile_text(text, runs.folder)


def test_schedulers_are_asked_for_them(plan: Plan, runs: Runs) -> None:
    assert plan.limit("b").gpus == 2
    assert plan.limit().gpus == 0
    command = Command("python", str(runs.folder / "recipe.yaml"), str(runs.folder / "out"))
    files = slurm_files(plan, chain(plan), command, str(runs.folder), {})
    assert "#SBATCH --gres=gpu:2\n" in next(text for name, text in files.items() if name.startswith("1-of-"))
    pods = Recipe.model_validate({**plan.recipe, "write": [plan.recipe["write"]]}).resources.kubernetes
    assert pods is not None
    *_, job = YAML(typ="safe").load_all(kubernetes_manifest(plan, 1, command, str(runs.folder / "out"), pods))
    (container,) = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 2


def test_nodes_of_a_ray_cluster_that_have_them() -> None:
    assert _fitting({"CPU": 8, "GPU": 3}, Limits(gpus=1)) == 3
    assert _fitting({"CPU": 8, "GPU": 3}, Limits(cpus=4, gpus=1)) == 2
    assert _fitting({"CPU": 8}, Limits(gpus=1)) == 0
    assert _fitting({"CPU": 8}, Limits()) == 8


def torch_with(gpus: int) -> Any:
    return SimpleNamespace(cuda=SimpleNamespace(is_available=lambda: gpus > 0, device_count=lambda: gpus))


def test_workers_take_gpus_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.core.scoring.function.find_spec", lambda name: object())
    monkeypatch.setitem(sys.modules, "torch", torch_with(2))
    assert [device_of("auto", n) for n in range(3)] == ["cuda:0", "cuda:1", "cuda:0"]
    assert [device_of(asked, 1) for asked in ("cuda", "cuda:0", "cpu", "mps")] == ["cuda:1", "cuda:0", "cpu", "mps"]
    monkeypatch.setitem(sys.modules, "torch", torch_with(0))
    assert device_of("auto", 1) == "cpu"
    with pytest.raises(RunFailed, match="torch finds no GPU on this machine"):
        device_of("cuda", 0)


def test_a_fresh_worker_has_the_number_of_the_one_it_replaces(monkeypatch: pytest.MonkeyPatch) -> None:
    numbers: list[int] = []

    def spawn(number: int) -> Any:
        numbers.append(number)
        return SimpleNamespace(number=number, task=None)

    monkeypatch.setattr(WorkerProcess, "spawn", spawn)
    pool = LocalPool(3)
    pool.start()
    pool._workers.pop(1)
    pool._hire()
    assert numbers == [0, 1, 2, 1]
    assert "DATAPIPE_WORKER" not in os.environ
