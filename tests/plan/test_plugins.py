"""Plugins: a file, a module, an installed package; in every process by name; their errors told as theirs."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from datapipe.core.errors import RecipeError
from tests.conftest import ROOT, Runs, compile_text

OPERATOR = """
from datapipe import per_document

@per_document.filter("NAME")
def no_lorem(text: str, *, word: str = "lorem") -> str | None:
    \"\"\"Drop documents that contain the filler word.\"\"\"
    return "filler" if word in text else None
"""
RECIPE = "plugins: [PLUGIN]\nread: {jsonl: a.jsonl}\nsteps: [{NAME: {word: x}}]\nwrite: {path: out}\n"


@pytest.fixture
def folder(runs: Runs) -> Path:
    runs.jsonl("a.jsonl", [{"id": "1", "text": "x"}, {"id": "2", "text": "y"}])
    return runs.folder


def wheel(folder: Path) -> Path:
    """A tiny package with the entry point, as a wheel: what a build backend would make of ten lines of pyproject.toml."""
    path = folder / "tiny_plugin-1.0-py3-none-any.whl"
    info = "tiny_plugin-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("tiny_plugin/__init__.py", OPERATOR.replace("NAME", "tiny_no_lorem"))
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-plugin\nVersion: 1.0\n")
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/entry_points.txt", "[datapipe.operators]\ntiny = tiny_plugin\n")
        archive.writestr(f"{info}/RECORD", f"tiny_plugin/__init__.py,,\n{info}/METADATA,,\n{info}/RECORD,,\n")
    return path


def test_an_installed_package_is_found_by_its_entry_point(folder: Path) -> None:
    target = folder / "site"
    install = [sys.executable, "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", "--target", str(target)]
    subprocess.run([*install, str(wheel(folder))], check=True)
    env = {**os.environ, "PYTHONPATH": f"{target}:{ROOT}"}

    def datapipe(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "datapipe", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=env, cwd=folder, check=False)

    assert "tiny_no_lorem" in datapipe("ops").stdout
    assert "word: string, default lorem" in datapipe("ops", "tiny_no_lorem").stdout
    (folder / "r.yaml").write_text(RECIPE.replace("plugins: [PLUGIN]\n", "").replace("NAME", "tiny_no_lorem"))
    done = datapipe("run", "r.yaml", "--workers", "2")
    assert done.returncode == 0, done.stderr
    assert "filler 1" in done.stdout


def test_a_file_works_in_spawned_workers_and_its_edit_reruns(runs: Runs, folder: Path) -> None:
    plugin = folder / "mine.py"
    plugin.write_text(OPERATOR.replace("NAME", "edited_op"))
    recipe = RECIPE.replace("PLUGIN", "mine.py").replace("NAME", "edited_op")
    assert runs(recipe, workers=2)["rows_written"] == 1
    plugin.write_text(OPERATOR.replace("NAME", "edited_op").replace("if word in text", "if word not in text"))
    assert runs(recipe, workers=2)["rows_written"] == 1
    assert [r["id"] for r in runs.table("data")] == ["1"]


def test_a_module(runs: Runs, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "a_module_of_operators.py").write_text(OPERATOR.replace("NAME", "from_module"))
    monkeypatch.syspath_prepend(str(folder))
    recipe = RECIPE.replace("PLUGIN", "a_module_of_operators").replace("NAME", "from_module")
    assert runs(recipe)["rows_written"] == 1


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("import nothing_of_this_name", "line 1: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("def f(:", "line 1: SyntaxError"),
        ("x = 1\ny = x / 0\n", "line 2: ZeroDivisionError"),
        (OPERATOR.replace("NAME", "gopher_quality"), "two operators are called gopher_quality"),
        (OPERATOR.replace("NAME", "bad").replace("text: str, *", "*"), "reads no column"),
    ],
)
def test_a_plugin_that_cannot_be_loaded(folder: Path, code: str, expected: str) -> None:
    (folder / "broken.py").write_text(code)
    with pytest.raises(RecipeError, match=r"recipe\.yaml:1: ") as caught:
        compile_text(RECIPE.replace("PLUGIN", "broken.py").replace("NAME", "length"), folder)
    assert expected in str(caught.value)


def test_contract_tests_run_over_a_plugin(folder: Path) -> None:
    (folder / "lossy.py").write_text(
        "from datapipe import Map\nclass Lossy(Map):\n    '''Loses a row.'''\n    name = 'lossy_map'\n"
        "    def apply(self, batch): return batch.slice(1)\n"
    )
    for plugin, code, said in (
        (ROOT / "pipelines/plugins/documentation.py", 0, "shouting: all laws hold"),
        (folder / "lossy.py", 1, "a map gives as many rows as it takes"),
    ):
        done = subprocess.run(
            [sys.executable, "-m", "datapipe", "ops", "--test", str(plugin)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stderr
        assert said in done.stdout
