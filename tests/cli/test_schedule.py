"""`datapipe schedule`: the picture says what the recipe says, and what the run did."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result
from rich.cells import cell_len

from datapipe.cli.main import datapipe
from datapipe.cli.schedule_labels import called, lanes, short
from datapipe.cli.schedule_plot import colour
from datapipe.core.errors import DatapipeError
from datapipe.core.mixing.course import course_of
from tests.conftest import Runs

RECIPE = """
name: t
datasets:
  web: {read: {jsonl: web.jsonl}}
  code: {read: {jsonl: code.jsonl}}
  corpus:
    from: [web, code]
    steps:
      - curriculum:
          unit: bytes
          budget: 20K
          MORE
          stages:
            - {name: general, budget: 3T, weights: {web: 0.9, code: 0.1}}
            - {name: code, budget: 1T, weights: {code: 1}, interpolate: cosine}
write: {dataset: corpus, path: out}
"""


@pytest.fixture(autouse=True)
def no_told_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)  # processes of pytest -n have it


def call(*arguments: str) -> Result:
    return CliRunner().invoke(datapipe, ["schedule", *arguments], catch_exceptions=True)


@pytest.fixture
def recipe(runs: Runs) -> Path:
    for name in ("web", "code"):
        runs.jsonl(f"{name}.jsonl", [{"id": f"{name}{i}", "text": f"{name} " * 40} for i in range(200)])
    path = runs.folder / "recipe.yaml"
    path.write_text(RECIPE.replace("MORE", "sizes: {web: 32K, code: 40K}"))
    return path


def test_a_picture_of_a_recipe(recipe: Path) -> None:
    svg = recipe.parent / "plan.svg"
    done = call(str(recipe), "--plot", str(svg))
    assert done.exit_code == 0
    assert ["general", "web", "90.0%", "13.5K", "0.42"] in [line.split() for line in done.output.splitlines()]
    assert "90.0% to 0.0%" in done.output
    drawn = [line[6:] for line in done.output.splitlines() if "█" in line][:-1]
    assert drawn[-1].startswith("█" * 80)  # below everything web lies, nearly to the end
    root = ElementTree.fromstring(svg.read_text())
    names = [p.find("{*}title").text for p in root.findall("{*}polygon")]
    assert names == ["web", "code"]
    # The drawn area of web over that of both is its share of the stream: 0.9 * 3/4 + 0.45 * 1/4.
    areas = [_area(p.get("points")) for p in root.findall("{*}polygon")]
    assert areas[0] / sum(areas) == pytest.approx(0.7875, abs=0.001)
    once = svg.read_bytes()
    call(str(recipe), "--plot", str(svg))
    assert svg.read_bytes() == once


def _area(points: str) -> float:
    """Gauss's formula."""
    at = [tuple(map(float, point.split(","))) for point in points.split()]
    return abs(sum(x0 * y1 - x1 * y0 for (x0, y0), (x1, y1) in zip(at, [*at[1:], at[0]], strict=True))) / 2


def test_another_budget_and_json(recipe: Path) -> None:
    told = json.loads(call(str(recipe), "--tokens", "40K", "--json").output)
    assert told["stages"][0]["groups"]["web"]["taken"] == 27_000
    assert course_of(told).end == pytest.approx(40_000)
    done = call(str(recipe), "--tokens", "60K")
    assert isinstance(done.exception, DatapipeError)
    assert "web: 1.48 epochs" in str(done.exception)
    assert call(str(recipe), "--tokens", "many").exit_code == 2


def test_without_sizes_epochs_are_not_known(recipe: Path) -> None:
    recipe.write_text(RECIPE.replace("MORE", ""))
    lines = [line.split() for line in call(str(recipe)).output.splitlines()]
    assert ["general", "web", "90.0%", "13.5K", "?"] in lines
    recipe.write_text(RECIPE.replace("MORE", "").replace("weights: {web: 0.9, code: 0.1}", "weights: natural"))
    assert "give it `sizes`" in str(call(str(recipe)).exception)


def test_shares_of_a_stream_of_any_length(recipe: Path) -> None:
    text = RECIPE.replace("MORE", "").replace("budget: 20K", "").replace("budget: 3T", "share: 0.75")
    recipe.write_text(text.replace("budget: 1T", "share: 0.25"))
    done = call(str(recipe))
    assert "share of the stream" in done.output
    assert ["general", "web", "90.0%", "67.5%", "?"] in [line.split() for line in done.output.splitlines()]
    assert any(line.split() == ["|general", "|code"] for line in done.output.splitlines())


def test_a_picture_of_a_run(recipe: Path, runs: Runs) -> None:
    runs(recipe.read_text())
    told = json.loads(call(str(runs.folder / "out"), "--json").output)
    assert [stage["name"] for stage in told["stages"]] == ["general", "code"]
    assert told["stages"][0]["groups"]["web"]["taken"] == pytest.approx(13_500, abs=200)
    assert told["stages"][1]["shape"] == "cosine"
    assert call(str(runs.folder / "out")).exit_code == 0
    assert call(str(runs.folder / "out"), "--tokens", "3").exit_code == 2
    report = CliRunner().invoke(datapipe, ["report", str(runs.folder / "out")]).output
    assert ["general", "code"] in [line.split()[:2] for line in report.splitlines()]


def test_png_needs_matplotlib(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    png = recipe.parent / "plan.png"
    done = call(str(recipe), "--plot", str(png))
    if done.exit_code == 0:
        assert png.read_bytes().startswith(b"\x89PNG")
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    assert "pip install 'datapipe[plot]'" in str(call(str(recipe), "--plot", str(png)).exception)
    assert call(str(recipe), "--plot", "plan.pdf").exit_code == 2


def test_recipes_that_schedule_nothing(recipe: Path) -> None:
    recipe.write_text("read: {jsonl: web.jsonl}\nsteps: [length: {min_words: 1}]\nwrite: {path: out}\n")
    assert "nothing is scheduled" in str(call(str(recipe)).exception)


def test_names_that_are_hard_to_show(recipe: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    long = "a-very-long-name-" * 5
    stages = 'weights: {"SRC": 0.9, "日本語\\u001b[1m": 0.1}'.replace("SRC", long)
    text = RECIPE.replace("MORE", "others: drop\n          absent: drop").replace(
        "weights: {web: 0.9, code: 0.1}", stages
    )
    recipe.write_text(text.replace("name: general", "name: " + "general-" * 8))
    svg = recipe.parent / "plan.svg"
    monkeypatch.setenv("COLUMNS", "70")
    done = call(str(recipe), "--plot", str(svg))
    assert done.exit_code == 0, done.exception
    assert "\x1b" not in done.output
    assert max(cell_len(line) for line in done.output.splitlines()) <= 70
    assert "…" in done.output  # in the picture
    table = done.output[done.output.index("weight") :]
    assert "…" not in table
    assert long in "".join(ElementTree.parse(svg).getroot().itertext())


def test_labels_stand_in_lines_of_their_own() -> None:
    assert lanes([(0, 5), (4, 5), (5, 5), (90, 20)], 100) == [(0, 0), (1, 4), (0, 5), (0, 80)]
    assert short("x" * 20, 9) == "xxxxx…xxx"
    assert called("") == "(none)"
    assert len({colour(n) for n in range(40)}) == 40


def test_a_budget_of_nothing(recipe: Path) -> None:
    assert "above 0" in call(str(recipe), "--tokens", "0").output
