"""`datapipe submit`: what it writes is run, by stand-ins for Slurm and Kubernetes, and gives the bytes of a plain run."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from datapipe.engine.batch.chain import chain
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import load
from tests.arrays import RECIPE, finish, result, start, write_recipe
from tests.conftest import ROOT

RESOURCES = """
resources:
  cpus: 1
  memory: 1GB
  datasets: {corpus: {memory: 2GB, time: 90m}}
  slurm: {partition: "c pu", account: nlp, exclusive: true, wait: false}
"""
SETTING = "sample.fraction=0.9"  # what it is already


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("submit") / "a folder's $HOME 50%"
    folder.mkdir()
    return write_recipe(folder, RECIPE + RESOURCES)


@pytest.fixture(scope="module")
def expected(recipe: Path) -> dict[str, str]:
    code, said = finish(start("run", str(recipe), "--out", f"{recipe.parent}/whole", "--workers", "1", "--quiet"))
    assert code == 0, said
    return result(recipe.parent / "whole")


class Slurm:
    """The stand-in for sbatch, and what it was given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        tool = folder / "bin/sbatch"
        tool.parent.mkdir(parents=True)
        tool.write_text(f'#!/bin/bash\nexec {sys.executable} {ROOT}/tests/cli/fake_slurm.py "$@"\n')
        tool.chmod(0o755)
        path = f"{tool.parent}:{os.environ['PATH']}"
        self.env = {"PATH": path, "FAKE_SLURM": str(folder), "PYTHONPATH": str(ROOT)}

    def submit(self, script: Path) -> list[dict[str, Any]]:
        """Run submit.sh; the jobs it led to."""
        before = len(self.jobs())
        subprocess.run(["bash", str(script)], env={**os.environ, **self.env}, check=True, timeout=400, cwd="/")
        return self.jobs()[before:]

    def jobs(self) -> list[dict[str, Any]]:
        state = self.folder / "jobs.jsonl"
        return [json.loads(line) for line in state.read_text().splitlines()] if state.exists() else []


def test_arrays_of_slurm_give_the_bytes_of_a_plain_run(recipe: Path, expected: dict[str, str], tmp_path: Path) -> None:
    slurm = Slurm(tmp_path)
    out = recipe.parent / "by slurm"
    words = ("submit", str(recipe), "--slurm", "--tasks", "2", "--out", str(out), "--set", SETTING)
    code, said = finish(start(*words))
    assert code == 0, said
    assert not (out / "work").exists()
    jobs = slurm.submit(out / "submit/submit.sh")
    assert [job["name"] for job in jobs] == [f"array-{n}-of-8" for n in range(1, 9)]
    assert [list(job["codes"].values()) for job in jobs] == [[0, 0]] * 7 + [[0]]
    assert result(out) == expected
    first, publish = jobs[0]["options"], jobs[6]["options"]
    assert (first["partition"], first["account"], first["exclusive"]) == ("c pu", "nlp", "")
    assert "wait" not in first
    assert (first["mem"], first["time"], first["cpus-per-task"]) == ("3815M", "01:30:00", "1")
    assert (publish["mem"], "time" in publish) == ("2862M", False)
    assert "written" in (out / "submit/logs/array-8-of-8.log").read_text()
    assert not list((out / "work").glob("pin-*"))


def test_a_failed_member_stops_the_chain_and_the_same_command_finishes_it(
    recipe: Path, expected: dict[str, str], tmp_path: Path
) -> None:
    slurm = Slurm(tmp_path)
    out = recipe.parent / "stopped"
    assert finish(start("submit", str(recipe), "--slurm", "--tasks", "1", "--out", str(out)))[0] == 0
    submit, stage = out / "submit/submit.sh", out / "submit/6-of-8.sbatch"
    submit.write_text(submit.read_text().replace("$(seq 8)", "1 6 8"))  # too short: the last job does what is left
    good = stage.read_text()
    stage.write_text(good.replace(" --workers ", " --worker-s "))
    assert [list(job["codes"].values()) for job in slurm.submit(submit)] == [[0], [2], [1]]
    said = (out / "submit/logs/array-6-of-8.0.log").read_text()
    assert "part 0 ended with code 2; what comes after it will not start" in said
    assert shlex.join(["bash", str(submit)]) in said
    assert not (out / "manifest.json").exists()
    stage.write_text(good)
    assert [list(job["codes"].values()) for job in slurm.submit(submit)] == [[0], [0], [0]]
    assert result(out) == expected


def test_a_chain_has_an_array_for_every_phase_that_many_share(tmp_path: Path) -> None:
    plan = compile_recipe(load(str(write_recipe(tmp_path))))
    for size, questions in ((400_000, 2), (256 << 20, 0)):
        plan = plan.model_copy(update={"memory": 8 * size})
        asked = ["corpus.unique_ids, gather", "corpus.unique_ids, reduce"][:questions]
        asked += ["corpus.01.exact_dedup, gather", "corpus.01.exact_dedup, reduce"][:questions]
        first, last = "stage 1 of 2, corpus", "stage 2 of 2, corpus"
        titles = [first, *(f"{first}: {part}" for part in asked), last, "publish"]
        jobs = chain(plan, 3)
        assert [job.title for job in jobs] == titles
        assert [job.stages for job in jobs] == [1] * (1 + len(asked)) + [2, None]
        assert {job.members for job in jobs} == {3}
        assert chain(plan)[0].members == len(plan.shards)


def test_slurm_options_that_are_ours_are_refused(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, f"{RECIPE}resources: {{slurm: {{array: 0-9}}}}\n")
    code, said = finish(start("submit", str(recipe), "--slurm"))
    assert code == 2
    assert "resources.slurm.array: datapipe gives it itself; --tasks says how many members an array has" in said


def test_where_to_must_be_said(recipe: Path, tmp_path: Path) -> None:
    code, said = finish(start("submit", str(recipe)))
    assert (code, "one of --slurm, --kubernetes and --local" in said) == (2, True)
    code, said = finish(start("submit", str(recipe), "--slurm", "--out", str(tmp_path), "--submit", PATH="/usr/bin"))
    assert (code, "there is no sbatch here; where there is one: bash " in said) == (2, True)
    code, said = finish(start("submit", str(recipe), "--slurm", "--out", str(tmp_path / "dry"), "--dry-run"))
    assert (code, (tmp_path / "dry").exists()) == (0, False)


PODS = """
resources:
  cpus: 1
  kubernetes:
    image: datapipe:1
    env: {{DATAPIPE_TEST_SLOW: "0", Y: "yes", N: "off", NUMBER: "1_000"}}
    volumes: [{{name: data, persistentVolumeClaim: {{claimName: corpus}}}}]
    volumeMounts: [{{name: data, mountPath: "{mount}"}}]
"""


def run_pods(manifest: str) -> list[int]:
    """What a cluster does with a manifest, on a machine where every volume lies at its mountPath; the exit codes."""
    yaml = YAML(typ="safe")
    yaml.version = (1, 1)  # as kubectl reads it
    *configs, job = yaml.load_all(manifest)
    spec = job["spec"]
    assert (job["apiVersion"], job["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    assert spec["parallelism"] == spec["completions"]
    assert spec["template"]["spec"]["restartPolicy"] == "Never"
    assert spec["podFailurePolicy"]["rules"][0]["onPodConditions"] == [{"type": "DisruptionTarget"}]
    (container,) = spec["template"]["spec"]["containers"]
    assert all(isinstance(text, str) for e in container["env"] for text in e.values())
    data = {config["metadata"]["name"]: config["data"] for config in configs}
    volumes = {v["name"]: v["configMap"]["name"] for v in spec["template"]["spec"]["volumes"] if "configMap" in v}
    for mount in container["volumeMounts"]:
        if mount["name"] in volumes:
            path = Path(mount["mountPath"])
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(data[volumes[mount["name"]]][mount["subPath"]])

    def pod(index: int) -> int:
        env = {entry["name"]: entry["value"] for entry in container["env"]} | {"JOB_COMPLETION_INDEX": str(index)}

        def expand(word: str) -> str:
            return re.sub(r"\$\$|\$\((\w+)\)", lambda m: env.get(m[1], m[0]) if m[1] else "$", word)

        command = [expand(word) for word in container["command"]]
        assert command[0] == "python"
        here = {**os.environ, "PYTHONPATH": str(ROOT), **env}
        return subprocess.run([sys.executable, *command[1:]], env=here, cwd="/", check=False, timeout=400).returncode

    with ThreadPoolExecutor(spec["completions"]) as pool:
        return list(pool.map(pod, range(spec["completions"])))


def test_pods_give_the_bytes_of_a_plain_run(recipe: Path, expected: dict[str, str]) -> None:
    out = recipe.parent / "by pods"
    pods = recipe.with_name("pods.yaml")
    pods.write_text(RECIPE + PODS.format(mount=recipe.parent))
    code, said = finish(start("submit", str(pods), "--kubernetes", "--tasks", "3", "--out", str(out), "--set", SETTING))
    assert code == 0, said
    assert run_pods((out / "submit/job.yaml").read_text()) == [0, 0, 0]
    assert result(out) == expected


def test_a_recipe_on_no_volume_travels_with_the_job(tmp_path: Path) -> None:
    data, home = tmp_path / "data", tmp_path / "home"
    (home / "plugins").mkdir(parents=True)
    data.mkdir()
    write_recipe(data)
    (data / "slow.py").rename(home / "plugins/slow it.py")
    text = (
        RECIPE.replace("slow.py", "plugins/slow it.py")
        .replace("in/*", f"{data}/in/*")
        .replace("more.j", f"{data}/more.j")
    )
    (home / "recipe.yaml").write_text(text.replace("path: out", f"path: {data}/out") + PODS.format(mount=data))
    code, said = finish(start("submit", str(home / "recipe.yaml"), "--kubernetes", "--tasks", "2"))
    assert code == 0, said
    home.rename(tmp_path / "elsewhere")
    assert run_pods((data / "out/submit/job.yaml").read_text()) == [0, 0]
    assert result(data / "out")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("image: datapipe:1", "imag: x"), "imag: unknown; did you mean image?"),
        (("mountPath: ", "mountPath: data"), "volumeMounts.0.mountPath: expected "),
        (("[{name: data, mountPath", "[{name: date, mountPath"), "volumeMounts: date is none of the volumes (data)"),
        (("path: out", "path: /elsewhere/out"), "the output /elsewhere/out: no pod sees it; put it under a mountPath"),
        (("jsonl: more.jsonl", f"text: {ROOT}/README.md"), f"the input {ROOT}/README.md: no pod sees it"),
    ],
)
def test_pods_that_cannot_work_are_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    recipe = write_recipe(tmp_path, (RECIPE + PODS.format(mount=tmp_path)).replace(*change))
    code, told = finish(start("submit", str(recipe), "--kubernetes", "--dry-run"))
    assert (code, said in told) == (2, True), told


def test_members_here_one_of_them_killed(recipe: Path, expected: dict[str, str]) -> None:
    out = recipe.parent / "here"
    submit = start("submit", str(recipe), "--local", "3", "--out", str(out), slow="0.003")
    victim = member(submit, out)
    os.kill(victim, signal.SIGKILL)
    printed, said = submit.communicate(timeout=400)
    assert submit.returncode == 0, said
    assert "written" in printed
    assert result(out) == expected


def test_ctrl_c_stops_all_members(recipe: Path) -> None:
    out = recipe.parent / "stop"
    submit = start("submit", str(recipe), "--local", "2", "--out", str(out), slow="0.01")
    member(submit, out)
    pids = [pid for pid, _ in children(submit.pid)]
    assert len(pids) == 2
    os.killpg(submit.pid, signal.SIGINT)
    began = time.monotonic()
    code, said = finish(submit)
    assert time.monotonic() - began < 30
    assert (code, "run the same command again" in said) == (130, True)
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_a_member_that_fails_stops_the_others_and_is_heard_once(tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, RECIPE.replace("max_error_rate: 0.1", "max_error_rate: 0"))
    code, said = finish(start("submit", str(recipe), "--local", "3"))
    assert code == 1
    assert said.count("went to quarantine, more than max_error_rate") == 1
    assert "Traceback" not in said


def test_check_tells_what_is_asked_for(recipe: Path) -> None:
    printed, _ = start("check", str(recipe)).communicate(timeout=300)
    assert "all datasets: 1 core, memory 1.0 GB\n  corpus: 1 core, memory 2.0 GB, time 1:30:00" in printed


def children(pid: int) -> list[tuple[int, list[str]]]:
    """Processes that this one started, with their command lines."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1]) == pid:
                found.append((int(entry.name), (entry / "cmdline").read_text().split("\0")))
        except (OSError, IndexError):
            continue
    return found


def member(submit: subprocess.Popen[str], out: Path) -> int:
    """The process of member 1, once work has begun."""
    deadline = time.monotonic() + 300
    while not list((out / "work").glob("*/shard-*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    return next(pid for pid, words in children(submit.pid) if "1/3" in words or "1/2" in words)
