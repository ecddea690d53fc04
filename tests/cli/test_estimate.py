"""A forecast against the run it is of, on a corpus with known duplicates."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from datapipe.engine.estimate import forecast as whole
from datapipe.engine.estimate.clock import growth, makespan
from datapipe.engine.estimate.growth import extrapolate
from datapipe.engine.estimate.sample import draw
from datapipe.engine.executors.local import InProcess
from datapipe.ops.train_tokenizer import TrainTokenizer
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import load
from tests.cli.test_cli import datapipe
from tests.conftest import Quiet, Runs

RECIPE = """
name: shown
input_split: 512KB
datasets:
  web: {read: {jsonl: web/*.jsonl}, steps: [normalize, {length: {min_words: 20}}]}
  books: {read: {jsonl: books/*.jsonl}, steps: [{length: {min_words: 60}}]}
  corpus: {from: [web, books], steps: [exact_dedup]}
write:
  - {dataset: corpus, path: out}
  - {dataset: books, path: only-books}
"""


def write_corpus(folder: Path) -> None:
    """6 MB in two datasets: short documents among long ones, every fifth a copy of any earlier one."""
    rng = random.Random(7)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 9))) for _ in range(4000)]
    seen: list[str] = []
    for dataset, files in (("web", 5), ("books", 2)):
        for file in range(files):
            rows = []
            for number in range(1500):
                text = " ".join(rng.choices(words, k=rng.randint(5, 180)))
                if seen and rng.random() < 0.2:
                    text = rng.choice(seen)
                seen.append(text)
                rows.append({"id": f"{dataset}-{file}-{number}", "text": text})
            Runs(folder).jsonl(f"{dataset}/{file}.jsonl", rows)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shown")
    write_corpus(folder)
    (folder / "recipe.yaml").write_text(RECIPE)
    return folder


@pytest.fixture(scope="module")
def found(folder: Path) -> dict[str, Any]:
    """The forecast from 40 %, made before anything was run."""
    return estimate(folder, "--sample", "0.4")


@pytest.fixture(scope="module")
def manifest(folder: Path, found: dict[str, Any]) -> dict[str, Any]:
    done = datapipe("run", "recipe.yaml", "--quiet", "--workers", "2", cwd=folder)
    assert done.returncode == 0, done.stderr
    manifest: dict[str, Any] = json.loads((folder / "out/manifest.json").read_text())
    return manifest


def estimate(folder: Path, *options: str) -> dict[str, Any]:
    done = datapipe("check", "recipe.yaml", "--estimate", "--json", *options, cwd=folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def close(forecast: float, actual: float, within: float = 0.2) -> bool:
    return abs(forecast / actual - 1) < within


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_within_a_fifth_of_the_run(folder: Path, found: dict[str, Any], manifest: dict[str, Any]) -> None:
    assert not found["sample"]["whole"]
    assert close(found["rows_read"], manifest["rows_read"])
    for forecast, output in zip(found["outputs"], manifest["outputs"], strict=True):
        assert close(forecast["rows"]["likely"], output["rows"]), output["dataset"]
        assert close(forecast["bytes"]["likely"], sum(file["bytes"] for file in output["files"])), output["dataset"]
    real = {step["label"]: step for step in manifest["steps"]}
    for step in found["steps"]:
        assert close(step["rows_out"]["likely"], real[step["label"]]["rows_out"]), step["label"]
    dedup = found["steps"][-1]
    assert dedup["rows_out"]["least"] <= real[dedup["label"]]["rows_out"] <= dedup["rows_out"]["most"]
    assert close(found["disk"]["work"] + found["disk"]["output"], size(folder / "out") + size(folder / "only-books"))
    assert found["core_seconds"] > 0
    assert found["peak_memory"] > 50e6


def test_two_forecasts_are_of_one_sample(folder: Path, found: dict[str, Any]) -> None:
    again = estimate(folder, "--sample", "0.4")
    for key in ("sample", "rows_read", "steps", "outputs"):
        assert again[key] == found[key]
    assert estimate(folder, "--sample", "0.4", "--set", "seed=1")["rows_read"] != found["rows_read"]


def test_a_smaller_sample_lies_within_a_larger_one(folder: Path) -> None:
    located = load(str(folder / "recipe.yaml"))
    plan = compile_recipe(located)
    located.data["input_split"] = 65536
    fine = compile_recipe(located)
    small, large = ({p for s in draw(plan, fine, f).plan.shards for p in s.pieces} for f in (0.2, 0.4))
    assert small < large
    assert draw(plan, fine, 1.0).is_whole
    assert len(draw(plan, fine, 1e-6).plan.shards) == 2  # three pieces of each dataset, in a shard


def test_nothing_is_left_and_nothing_touched(folder: Path, manifest: dict[str, Any], tmp_path: Path) -> None:
    def state() -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}

    before, old = state(), os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(tmp_path)
    try:
        estimate(folder, "--sample", "0.1")
    finally:
        os.environ.pop("TMPDIR")
        if old is not None:
            os.environ["TMPDIR"] = old
    assert state() == before
    assert [p for p in tmp_path.iterdir() if p.name.startswith("datapipe")] == []


def test_a_small_input_is_run_whole_and_exactly_so(folder: Path, manifest: dict[str, Any]) -> None:
    found = estimate(folder, "--set", "input_split=64MB")
    assert found["sample"]["whole"]
    assert [o["rows"]["likely"] for o in found["outputs"]] == [o["rows"] for o in manifest["outputs"]]
    real = {step["label"]: step["dropped"] for step in manifest["steps"]}
    assert all(
        step["dropped"] == dict.fromkeys(("least", "likely", "most"), real[step["label"]]) for step in found["steps"]
    )
    said = datapipe("check", "recipe.yaml", "--estimate", "--set", "input_split=64MB", cwd=folder).stdout
    assert "the input is small" in said


def test_the_table(folder: Path) -> None:
    done = datapipe("check", "recipe.yaml", "--estimate", "--sample", "0.2", "--cores", "64", cwd=folder)
    for part in ("corpus.01.exact_dedup", "~", "time on 64 cores", "memory of a worker", "disk", "from a sample"):
        assert part in done.stdout
    assert "half of the sample" in done.stderr


def test_more_cores_take_less_time_until_the_longest_shard() -> None:
    tasks = [5.0, 4.0, 3.0, 3.0, 3.0]
    assert makespan(tasks, 1) == 18
    assert makespan(tasks, 2) == 10  # 5 and 3, 4 and 3, then the last 3 after the sooner one
    assert makespan(tasks, 3) == 7
    assert makespan(tasks, 999) == 5


def test_a_bounded_sample_does_not_grow_with_the_input() -> None:
    assert growth(0.1, 500, None) == 10
    assert growth(0.1, 500, 100_000) == 10
    assert growth(0.1, 500, 1000) == 2
    assert growth(0.1, 500, 400) == growth(0.1, 0, 0) == 1
    windows = TrainTokenizer(sample=3_000).rounds()
    assert [asked.gathers() for asked in windows] == [None, 3_000]


def test_wrong_options(folder: Path) -> None:
    for options in (
        ("--estimat",),
        ("--cores", "2"),
        ("--json",),
        ("--estimate", "--sample", "1.5"),
        ("--sample", "0.1"),
    ):
        assert datapipe("check", "recipe.yaml", *options, cwd=folder).returncode == 2, options
    done = datapipe("check", "recipe.yaml", "--estimate", "--set", "lenght.min_words=3", cwd=folder)
    assert done.returncode == 2


def test_a_sample_that_fails_says_what_the_run_would(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"text": "good"}\nnot json\n' * 50)
    (tmp_path / "recipe.yaml").write_text("read: {jsonl: bad.jsonl}\nsteps: [normalize]\nwrite: {path: out}\n")
    done = datapipe("check", "recipe.yaml", "--estimate", cwd=tmp_path)
    assert done.returncode == 1
    assert "50 of 100 rows (50.00%) went to quarantine, more than max_error_rate 1.00%" in done.stderr
    assert not (tmp_path / "out").exists()


def test_no_duplicate_in_a_sample_is_no_proof_and_empty_files_are_no_input(tmp_path: Path) -> None:
    for file in range(30):
        Runs(tmp_path).jsonl(f"{file}.jsonl", [{"id": f"{file}-{i}", "text": f"{file} {i} " * 9} for i in range(20)])
    (tmp_path / "empty.data").write_text("")
    (tmp_path / "recipe.yaml").write_text("""
datasets:
  none: {read: {jsonl: empty.data}, steps: [exact_dedup]}
  some: {read: {jsonl: "*.jsonl"}, steps: [exact_dedup]}
  both: {from: [none, some]}
input_split: 1KB
write: {dataset: both, path: out}
""")
    plan = compile_recipe(load(str(tmp_path / "recipe.yaml")))
    found = whole.forecast(plan, plan, 0.3, 1, 0.0, 1, InProcess(), Quiet())
    steps = {step["label"]: step for step in found["steps"]}
    assert steps["none.01.exact_dedup"]["rows_in"]["most"] == 0
    assert steps["some.01.exact_dedup"]["dropped"]["likely"] == 0
    assert steps["some.01.exact_dedup"]["rows_out"]["least"] < 600
    assert found["outputs"][0]["rows"]["most"] > 550


def test_how_drops_grow() -> None:
    assert extrapolate(1000, 100, 0.1, 1.0).likely == 0.1
    near = extrapolate(1000, 100, 0.1, 0.1)
    assert near.likely == pytest.approx(0.1)
    far = extrapolate(1000, 10, 0.005, 0.1)
    assert far.likely == pytest.approx(0.1)
    assert far.low < 0.01 < far.likely < far.high
    assert extrapolate(1000, 500, 0.25, 0.1).likely == 1.0
    nothing = extrapolate(1000, 0, 0.0, 0.1)
    assert (nothing.low, nothing.likely) == (0, 0)
    assert nothing.high == pytest.approx(0.03)
