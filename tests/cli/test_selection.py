"""The report of a dsir step: what the weights are worth, and what was drawn by source and language."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli.importance import _Worth
from datapipe.cli.main import datapipe
from tests.conftest import Runs

RECIPE = """
read: {jsonl: a.jsonl}
steps: [{dsir: {target: target.jsonl, keep: 0.25, min_words: 1ACTION}}]
write: {path: out}
"""


def report(runs: Runs, *options: str) -> str:
    done = CliRunner().invoke(datapipe, ["report", str(runs.folder / "out"), *options])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("action", ["", ", action: tag", ", action: tag, label: near"])
def test_what_was_drawn(action: str, runs: Runs) -> None:
    words = ["river", "stone", "light", "water", "tree"]
    rows = [
        {"id": str(n), "text": " ".join(words[(n * k) % 5] for k in range(1, 4)), "lang": "en" if n % 2 else "de"}
        for n in range(40)
    ]
    runs.jsonl("a.jsonl", rows)
    runs.jsonl("target.jsonl", [{"text": "river river water"}])
    runs(RECIPE.replace("ACTION", action))
    (found,) = orjson.loads(report(runs, "--json"))["selection"]
    assert (found["documents"], found["drawn"]) == (40, 10)
    assert {g["lang"]: g["documents"] for g in found["groups"]} == {"en": 20, "de": 20}
    assert sum(g["drawn"] for g in found["groups"]) == 10
    assert sum(g["share_of_drawn"] for g in found["groups"]) == pytest.approx(1)
    assert 1 <= found["effective"] <= 40
    assert found["bytes_out"] < found["bytes_in"] or action
    assert "the weights of 40 documents are worth" in report(runs)


def test_effective_documents() -> None:
    logs = np.log([1.0, 2.0, 3.0, 4.0])
    for shift in (0.0, 5000.0, -5000.0):
        worth = _Worth()
        for part in (logs[:1], logs[1:1], logs[1:]):
            worth.add(part + shift)
        assert worth.effective() == pytest.approx(100 / 30)
        assert worth.rows == 4
    assert _Worth().effective() == 0
