"""What a run must never do: overwrite its input, trust damaged work, lose what it has to explain."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from datapipe.core.errors import RecipeError, RunFailed
from tests.conftest import Runs

Digests = Callable[[Path], dict[str, str]]


def test_a_run_never_overwrites_its_input_or_a_strangers_files(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": "a", "text": "one"}])
    runs("read: {jsonl: a.jsonl}\nwrite: {path: own}\n", "own")
    before = (runs.folder / "own/data/part-00000.parquet").read_bytes()
    with pytest.raises(RecipeError, match="the run would overwrite it"):
        runs("read: {parquet: own/data}\nwrite: {path: own}\n", "own")
    assert (runs.folder / "own/data/part-00000.parquet").read_bytes() == before
    (runs.folder / "theirs/data").mkdir(parents=True)
    (runs.folder / "theirs/data/part-00000.parquet").write_bytes(before)
    with pytest.raises(RecipeError, match="which no run made"):
        runs("read: {jsonl: a.jsonl}\nwrite: {path: theirs}\n", "theirs")
    mine = runs.folder / "own/work/mine"
    mine.mkdir()
    runs("read: {jsonl: a.jsonl}\nsteps: [normalize]\nwrite: {path: own}\n", "own")
    assert mine.exists()
    two = "datasets:\n  a: {read: {jsonl: a.jsonl}}\nwrite:\n  - {dataset: a, path: out}\n  - {dataset: a, path: ./PATH}\n"
    for path in ("out/", "out/work/b"):
        with pytest.raises(RecipeError, match="lies in the output"):
            runs(two.replace("PATH", path))
    with pytest.raises(RecipeError, match="carries credentials"):
        runs(two.replace("./PATH", "s3://key:secret@bucket/b"))


@pytest.mark.parametrize(
    "damage",
    ["*/shard-000000.ledger.arrow", "*/shard-000000.arrow", "*/shard-000001.json", "*/shard-*.sketch.*", "*/artifacts"],
)
def test_missing_and_cut_stage_files_are_made_again(runs: Runs, digests: Digests, damage: str) -> None:
    rows = [{"id": str(i), "text": f"text {i % 30} " * (1 + i % 3)} for i in range(200)]
    runs.jsonl("a.jsonl", rows[:100])
    runs.jsonl("b.jsonl", rows[100:])
    recipe = (
        "input_split: 1KB\nread: {jsonl: [a.jsonl, b.jsonl]}\n"
        "steps: [{length: {min_words: 3}}, exact_dedup, normalize]\nwrite: {path: out}\n"
    )
    runs(recipe)
    expected = digests(runs.folder / "out")
    found = sorted((runs.folder / "out/work").glob(damage))
    assert found
    for n, path in enumerate(found):
        if path.is_dir():
            shutil.rmtree(path)
        elif n % 2 or path.suffix == ".json":
            path.write_bytes(path.read_bytes()[:-9] if path.suffix != ".json" else b"")
        else:
            path.unlink()
    (runs.folder / "out/manifest.json").unlink()
    runs(recipe)
    assert digests(runs.folder / "out") == expected


def test_a_lost_ledger_is_written_again_and_a_stricter_error_rate_is_heard(runs: Runs, digests: Digests) -> None:
    (runs.folder / "a.jsonl").write_text('{"id": "a", "text": "one"}\n{\n{"id": "b", "text": ""}\n')
    recipe = "max_error_rate: 0.5\nread: {jsonl: a.jsonl}\nsteps: [{length: {min_words: 1}}]\nwrite: {path: out}\n"
    runs(recipe)
    expected = digests(runs.folder / "out")
    shutil.rmtree(runs.folder / "out/ledger")
    runs(recipe)
    assert digests(runs.folder / "out") == expected
    with pytest.raises(RunFailed, match="went to quarantine"):
        runs(recipe.replace("0.5", "0.1"))


def test_a_condition_on_missing_values_survives_the_manifest(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": "a", "text": "one", "url": "http://x.org"}, {"id": "b", "text": "two"}])
    runs("read: {jsonl: a.jsonl}\nsteps: [{select: {url: {null: false}}}]\nwrite: {path: out}\n")
    assert [r["id"] for r in runs.table("data")] == ["a"]


def test_a_map_without_a_return_is_not_silently_empty(runs: Runs) -> None:
    (runs.folder / "forgetful.py").write_text(
        "from datapipe import per_document\n@per_document.map('forgetful')\ndef forgetful(text: str) -> str:\n    text.upper()\n"
    )
    runs.jsonl("a.jsonl", [{"id": "1", "text": "one"}])
    with pytest.raises(RunFailed, match="is a `return` missing"):
        runs("plugins: [forgetful.py]\nread: {jsonl: a.jsonl}\nsteps: [forgetful]\nwrite: {path: out}\n")
