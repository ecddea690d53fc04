"""`datapipe report` points out rules that fire on nothing, or on nearly everything; `why` tells the scores of kept rows."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli.funnel import odd_rules
from datapipe.cli.main import datapipe
from tests.conftest import Runs

RECIPE = """
name: odd
scores: true
read: {jsonl: in.jsonl}
steps:
  - length: {min_words: 2, max_words: 400, max_lines: 3}
  - gopher_quality: {action: tag, max_words: null, where: {lang: [en]}}
  - exact_dedup
write: {path: out}
"""


@pytest.fixture
def odd(runs: Runs) -> Runs:
    rows = [{"id": f"d{i}", "text": f"w{i} " * (i % 20), "lang": "en" if i % 3 else "de"} for i in range(180)]
    runs.jsonl("in.jsonl", rows)
    runs(RECIPE)
    return runs


def test_the_report_names_them(odd: Runs) -> None:
    shown = CliRunner().invoke(datapipe, ["report", str(odd.folder / "out")]).stdout
    assert "odd.01.length: fired on none of 180 documents: too many words, too many lines\n" in shown
    assert "odd.02.gopher_quality: fired on more than 90 % of 108 documents: too few words 100.0%" in shown
    assert "exact dedup: fired" not in shown.replace("_", " ")  # what no copy is, is no threshold's doing
    assert "too many words" not in next(line for line in shown.split("\n") if "gopher_quality: fired on none" in line)
    told = orjson.loads(CliRunner().invoke(datapipe, ["report", str(odd.folder / "out"), "--json"]).stdout)["odd_rules"]
    assert {"step": "odd.01.length", "rule": "too_many_lines", "judged": 180, "fired": 0} in told


def test_the_report_names_steps_without_a_score(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": "a", "text": "one"}, {"id": "b", "text": "two"}])
    steps = "- toxicity: {words: {xx: [one]}, max_hits: 0}"
    manifest = runs(f"read: {{jsonl: in.jsonl}}\nsteps:\n  {steps}\nwrite: {{path: out}}\n")
    assert manifest["steps"][0]["unscored"] == 2
    shown = CliRunner().invoke(datapipe, ["report", str(runs.folder / "out")]).stdout
    assert "2 unscored" in shown
    assert ".toxicity: none of 2 documents has a score: blank texts, languages without a model or list, or" in shown


def test_few_documents_tell_nothing() -> None:
    step = {"label": "a", "rules": {"never": 0, "always": 99, "often": 90}, "judged": 99}
    assert odd_rules({"steps": [step]}) == []
    rules = [found["rule"] for found in odd_rules({"steps": [{**step, "judged": 100}]})]
    assert rules == ["never", "always"]
    assert odd_rules({"steps": [{"label": "of an older version", "rules": {"never": 0}}]}) == []


def test_why_tells_the_scores_of_a_kept_document(odd: Runs) -> None:
    said = CliRunner().invoke(datapipe, ["why", str(odd.folder / "out"), "d7"]).stdout
    assert "d7 (odd): kept" in said
    assert "d7: scores by odd.01.length: characters 21, bytes 21, words 7, lines 1" in said
    said = CliRunner().invoke(datapipe, ["why", str(odd.folder / "out"), "d20"]).stdout
    assert said.count("words 0") == 1  # a dropped one's are told with its drop
