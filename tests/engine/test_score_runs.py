"""Runs with score_with: what a model costs whom, what a changed file re-runs, and slow or failing functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import ContractError
from datapipe.engine import beacon
from datapipe.engine.build import load_operators
from datapipe.ops.score_with import ScoreWith
from tests.conftest import Runs, compile_text
from tests.ops.test_score_with import SCORER, batch_of

RECIPE = """
read: {jsonl: in/*.jsonl}
input_split: 2KB
steps:
  - score_with: STEP
write: {path: out}
"""
MODEL = "{function: scorers.py:Model, parameters: {log: LOG}, models: {path: model}, action: tag, min_score: 100}"


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    for part in range(4):
        runs.jsonl(f"in/{part}.jsonl", [{"id": f"{part}-{n}", "text": f"text {n} " * (n % 30 + 1)} for n in range(40)])
    (runs.folder / "scorers.py").write_text(SCORER)
    (runs.folder / "model").mkdir()
    (runs.folder / "model" / "weights").write_bytes(b"123")
    return runs


def recipe(step: str, runs: Runs) -> str:
    return RECIPE.replace("STEP", step).replace("LOG", str(runs.folder / "log"))


def test_a_model_is_loaded_once_a_worker_and_never_by_the_driver(
    corpus: Runs, digests: Callable[[Path], dict[str, str]]
) -> None:
    compile_text(recipe(MODEL, corpus), corpus.folder)
    log = corpus.folder / "log"
    assert not log.exists()
    manifest = corpus(recipe(MODEL, corpus), out="two", workers=2)
    assert len(log.read_text().splitlines()) <= 2
    assert len(set(log.read_text().splitlines())) == len(log.read_text().splitlines())
    assert {Path(m["name"]).name for m in manifest["models"]} >= {"weights", "scorers.py"}
    row = corpus.table("data", "two")[0]
    assert row["score"] == 3 * len(row["text"]) == row["score_with.score"]
    corpus(recipe(MODEL, corpus), out="none")
    assert digests(corpus.folder / "two") == digests(corpus.folder / "none")


def test_a_changed_file_makes_another_stage(corpus: Runs) -> None:
    def key(step: str) -> str:
        return compile_text(recipe(step, corpus), corpus.folder).stages[0].key

    before = key(MODEL)
    assert key(MODEL) == before
    (corpus.folder / "model" / "weights").write_bytes(b"1234")
    after = key(MODEL)
    assert after != before
    (corpus.folder / "scorers.py").write_text(SCORER + "\n# another\n")
    assert key(MODEL) not in (before, after)


def test_failing_rows_go_to_quarantine_and_the_others_do_not(corpus: Runs) -> None:
    rows: list[dict[str, Any]] = [{"id": str(n), "text": f"text {n}"} for n in range(150)]
    rows[77]["text"] = "a bad text"
    corpus.jsonl("in/0.jsonl", rows)
    manifest = corpus(recipe("{function: scorers.py:touchy, batch_size: 7}", corpus))
    assert manifest["rows_quarantined"] == 1
    (row,) = corpus.table("quarantine")
    assert row["error"].endswith("ValueError: bad text")
    with pytest.raises(ContractError, match="gave 6 scores for 7 texts"):
        corpus(recipe("{function: scorers.py:few, batch_size: 7}", corpus), out="few")


def test_company_is_the_same_whatever_the_workers(corpus: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    """A function that answers by how many texts it gets, as a model that pads does a little."""
    company = recipe("{function: scorers.py:touchy, batch_size: 7, min_score: 40.0065}", corpus)
    found = []
    for workers in (0, 1, 2):
        corpus(company, out=str(workers), workers=workers)
        found.append(digests(corpus.folder / str(workers)))
    assert found[0] == found[1] == found[2]
    scores = {round(row["score"] % 1, 3) for row in corpus.table("data", "0")}
    assert len(scores) > 1


def test_a_slow_function_is_not_taken_for_one_that_hangs(corpus: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each block is a sign of progress, and a worker that shows none is told by where it last was."""
    monkeypatch.setattr(beacon._Beacon, "memory", bytearray(beacon.SIZE))
    plan = compile_text(recipe("{function: scorers.py:length, batch_size: 20}", corpus), corpus.folder)
    operator = load_operators(plan).of(plan.steps()[0])[""]
    assert isinstance(operator, ScoreWith)
    beacon.at("here", 3, 9, step=True)
    before = beacon.seen(beacon._Beacon.memory)
    operator.judge(batch_of(["text"] * 90))
    after = beacon.seen(beacon._Beacon.memory)
    assert after.beat == before.beat + 5
    assert after[1:] == ("here", 3, 9, True)
