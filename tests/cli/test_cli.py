"""The command line, as its users type it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT, SAMPLE, Runs
from tests.ops.toy_classifiers import toy_classifier

RECIPE = f"""
name: shown
read: {{jsonl: {SAMPLE}/web/web.jsonl.zst}}
steps:
  - normalize
  - language_id: {{keep: [en, de], min_score: 0.5}}
  - length: {{min_words: 50}}
  - exact_dedup
write: {{path: out}}
"""


def datapipe(*arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "datapipe", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=400, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shown")
    (folder / "recipe.yaml").write_text(RECIPE)
    done = datapipe("run", "recipe.yaml", "--workers", "2", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "written" in done.stdout
    assert "too few words" in done.stdout
    assert "stage 1/2" in done.stderr
    return folder


def table(folder: Path, name: str) -> list[dict[str, object]]:
    runs = Runs(folder)
    return runs.table(name)


def test_help_answers_at_once() -> None:
    best = 9.0
    for _ in range(3):
        began = _spent_by_children()
        done = datapipe("--help")
        best = min(best, _spent_by_children() - began)
        assert done.returncode == 0
    for command in ("run", "check", "report", "why", "ops", "verify"):
        assert f"  {command} " in done.stdout
    assert best < 0.5


def _spent_by_children() -> float:
    """CPU seconds: on the clock a busy machine would be measured."""
    spent = os.times()
    return spent.children_user + spent.children_system


def test_check_prints_the_plan(folder: Path) -> None:
    said = datapipe("check", "recipe.yaml", cwd=folder).stdout
    for part in (
        "stage 1",
        "barrier: shown.04.exact_dedup",
        "writes lang, lang_score",
        "lid.176.ftz",
        "text large_string",
        "1 shards",
    ):
        assert part in said


def test_a_typo_is_told_with_its_line_and_exit_code_2(folder: Path) -> None:
    (folder / "typo.yaml").write_text(RECIPE.replace("min_words", "min_word"))
    for command in ("run", "check"):
        done = datapipe(command, "typo.yaml", cwd=folder)
        assert done.returncode == 2
        assert done.stderr == "datapipe: typo.yaml:7: length.min_word: unknown; did you mean min_words?\n"
    missing = datapipe("run", "recip.yaml", cwd=folder)
    assert missing.returncode == 2
    assert "no such file; recipes there: recipe.yaml" in missing.stderr
    assert datapipe("run", "recipe.yaml", "--worker", "2").returncode == 2
    assert datapipe("run", "recipe.yaml", "--set", "lenght.min_words=3", cwd=folder).returncode == 2


def test_why_tells_every_fate(folder: Path) -> None:
    ledger, data = table(folder, "ledger"), table(folder, "data")
    twin = next(row for row in ledger if row["duplicate_of"])
    said = datapipe("why", "out", str(twin["id"]), cwd=folder).stdout
    assert "dropped by shown.04.exact_dedup (exact_dedup): duplicate" in said
    assert f"duplicate of {twin['duplicate_of']}" in said
    short = next(row for row in ledger if row["reason"] == "too_few_words")
    said = datapipe("why", "out", str(short["id"]), cwd=folder).stdout
    assert "dropped by shown.03.length (length): too_few_words" in said
    assert "words " in said
    edited = {row["id"] for row in table(folder, "edits")}
    kept = next(row for row in data if row["id"] in edited)
    said = datapipe("why", "out", str(kept["id"]), cwd=folder).stdout
    assert "kept, in" in said
    assert "text edited by shown.01.normalize" in said
    by_url = next(row for row in data if row["url"])
    assert str(by_url["id"]) in datapipe("why", "out", str(by_url["url"]), cwd=folder).stdout
    nobody = datapipe("why", "out", "nobody", cwd=folder)
    assert nobody.returncode == 1
    assert "no such document" in nobody.stderr


def test_report(folder: Path) -> None:
    said = datapipe("report", "out", cwd=folder).stdout
    assert "language" in said
    assert "% dropped" in said
    numbers = json.loads(datapipe("report", "out", "--json", cwd=folder).stdout)
    assert sum(group["dropped"] for group in numbers["dropped_by_group"]) == numbers["rows_dropped"]
    assert datapipe("report", "nowhere", cwd=folder).returncode == 1


def test_verify_finds_a_changed_file(folder: Path) -> None:
    assert datapipe("verify", "out", cwd=folder).returncode == 0
    file = folder / "out/data/part-00000.parquet"
    content = file.read_bytes()
    file.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    wrong = datapipe("verify", "out", cwd=folder)
    assert wrong.returncode == 1
    assert "part-00000.parquet: changed" in wrong.stderr
    file.write_bytes(content)
    (folder / "out/data/part-00009.parquet").write_bytes(b"")
    assert "not in the manifest" in datapipe("verify", "out", cwd=folder).stderr
    (folder / "out/data/part-00009.parquet").unlink()


def test_ops(folder: Path) -> None:
    said = datapipe("ops").stdout
    for name in ("gopher_quality", "exact_dedup", "language_id", "normalize", "url_filter", "jsonl", "parquet"):
        assert name in said
    one = datapipe("ops", "gopher_quality").stdout
    for part in ("min_words", "default 50", "reads   text", "by_lang"):
        assert part in one
    one = datapipe("ops", "minhash_dedup").stdout
    for part in (
        "keep: first | longest | {string: asc | desc}, default longest",
        "index: path | null, default null",
        "prefer: [string, …]",
        "verify: bool, default false",
    ):
        assert f"  {part}" in one
    unknown = datapipe("ops", "gopher")
    assert unknown.returncode == 2
    schema = json.loads(datapipe("ops", "--schema").stdout)
    assert schema["additionalProperties"] is False


def test_set_changes_the_run(folder: Path) -> None:
    done = datapipe("run", "recipe.yaml", "--out", "other", "--set", "length.min_words=1000000", "--quiet", cwd=folder)
    assert done.returncode == 0
    assert (done.stdout, done.stderr) == ("", "")
    assert json.loads((folder / "other/manifest.json").read_text())["rows_written"] == 0


@pytest.mark.parametrize("recipe", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda p: p.name)
def test_every_recipe_in_pipelines_runs(recipe: Path, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = []
    if recipe.stem == "ccnet":
        settings = ["--set", f"perplexity.models={request.getfixturevalue('language_models')}"]
    if recipe.stem == "toxicity":
        model = toy_classifier(tmp_path / "toy.bin", {"you": {"toxic": 3}, "the": {"toxic": -2}}, ("toxic",))
        settings = ["--set", "listed.words={en: [disk, problem], de: [Problem]}", "--set", f"sentences.model={model}"]
    if recipe.stem == "dclm":
        settings = ["--set", f"quality_classifier.model={request.getfixturevalue('quality_model')}"]
    done = datapipe("run", str(recipe), "--out", str(tmp_path / "out"), "--workers", "2", *settings)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["rows_written"] > 0
    assert manifest["rows_dropped"] > 0
    assert datapipe("verify", str(tmp_path / "out")).returncode == 0
