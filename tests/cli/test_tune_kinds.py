"""`datapipe tune` where steps compare documents, branch, change texts, or come from a plugin."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from tests.conftest import Runs
from tests.tuned import ask, by_group, published, rerun


def test_what_compares_documents_makes_it_inexact(runs: Runs) -> None:
    rows = [{"id": f"{i}", "text": f"word number {i % 6} " * (1 + i % 6)} for i in range(30)]
    runs.jsonl("in.jsonl", rows)
    runs("scores: true\nread: {jsonl: in.jsonl}\nsteps: [{length: {min_words: 7}}, exact_dedup]\nwrite: {path: out}")
    found = ask(runs, "length.min_words=10")
    assert found["then"]["documents"] < found["now"]["documents"]
    assert "recipe.01.exact_dedup" not in found["inexact"][0]
    assert "recipe.02.exact_dedup: compares" in found["inexact"][0]
    assert ask(runs, "length.max_words=500")["exact"]  # no row moves


def test_without_edits_only_documents_are_exact(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": f"{i}", "text": "a  b\n" * i} for i in range(9)])
    recipe = "scores: true\nread: {jsonl: in.jsonl}\nwrite: {path: out}\nsteps: [{length: {min_words: 4}}, normalize]\n"
    runs(recipe)
    settings = ("length.min_words=9",)
    found = ask(runs, *settings)
    assert found["exact"]
    assert by_group(found, "then") == published(rerun(runs, recipe, settings))  # bytes that normalize cut, too
    runs(recipe + "ledger: {edits: false}")
    found = ask(runs, *settings)
    assert "edits: false" in found["inexact"][0]


def test_branches_are_judged_apart(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"id": f"{i}", "text": "w " * i} for i in range(1, 41)])
    recipe = """
scores: true
datasets:
  all: {read: {jsonl: in.jsonl}, steps: [{length: {max_words: 38}}]}
  short: {from: [all], steps: [{length: {max_words: 20}}]}
  long: {from: [all], steps: [{length: {min_words: 11}}, normalize]}
write: [{dataset: short, path: out}, {dataset: long, path: out2}]
"""
    runs(recipe)
    words = ["--set", "short.01.length.max_words=30", "--set", "long.01.length.min_words=31", "--json"]
    done = CliRunner().invoke(datapipe, ["tune", str(runs.folder / "out"), *words])
    short, long = orjson.loads(done.stdout)["outputs"]
    assert (short["now"]["documents"], short["then"]["documents"], short["exact"]) == (20, 30, True)
    assert (long["now"]["documents"], long["then"]["documents"], long["exact"]) == (28, 8, True)
    done = CliRunner().invoke(
        datapipe, ["tune", str(runs.folder / "out"), "--set", "long.01.length.min_words=1", "--json"]
    )
    long = orjson.loads(done.stdout)["outputs"][1]
    assert long["then"]["documents"] == 38
    assert "long.02.normalize: may change the bytes" in long["inexact"][0]


PLUGIN = """
import numpy as np
import pyarrow.compute as pc
from datapipe import ThresholdFilter, Verdict

class Capitals(ThresholdFilter):
    name = "capitals"
    bounds = {"shouting": ("max_share", "share")}
    max_share: float | None = 0.5

    def measure(self, batch):
        text = batch.column("text")
        capitals = pc.count_substring_regex(text, "[A-Z]").to_numpy(zero_copy_only=False)
        characters = pc.utf8_length(text).fill_null(0).to_numpy(zero_copy_only=False)
        return Verdict(batch.num_rows, scores={"share": capitals / np.maximum(characters, 1)})
"""


def test_a_plugin_can_be_tuned(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    (runs.folder / "capitals.py").write_text(PLUGIN)
    runs.jsonl("in.jsonl", [{"id": f"{i}", "text": "A" * i + "b" * (20 - i)} for i in range(20)])
    recipe = "scores: true\nplugins: [capitals.py]\nread: {jsonl: in.jsonl}\nsteps: [capitals]\nwrite: {path: out}"
    runs(recipe)
    monkeypatch.chdir("/")
    found = ask(runs, "capitals.max_share=0.25")
    assert (found["now"]["documents"], found["then"]["documents"], found["exact"]) == (11, 6, True)
