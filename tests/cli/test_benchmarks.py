"""`datapipe report` counts the evaluation items a run found; `check` names the benchmarks, `why` the item and the place."""

from __future__ import annotations

import orjson
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from tests.conftest import Runs

RECIPE = """
name: clean
read: {jsonl: in.jsonl}
steps:
  - decontaminate: {against: sets/*.jsonl, MORE}
write: {path: out}
"""
SENTENCE = "which of these old ships reached the far southern island first"
ITEMS = [" ".join(f"{word}{n}" for word in SENTENCE.split()) for n in range(8)]


@pytest.fixture
def found(runs: Runs) -> Runs:
    runs.jsonl("sets/ships.jsonl", [{"id": f"s{n}", "question": item} for n, item in enumerate(ITEMS)])
    runs.jsonl("sets/short.jsonl", [{"question": "Who?"}, {"question": ITEMS[0] + " and why", "answer": "wind"}])
    texts = [f"{ITEMS[0]}. {ITEMS[1]}", ITEMS[1], "nothing " * 300, f"{'much ' * 100}{ITEMS[2]}{' more' * 100}"]
    runs.jsonl("in.jsonl", [{"id": f"d{n}", "text": text} for n, text in enumerate(texts)])
    (runs.folder / "recipe.yaml").write_text(RECIPE)
    return runs


def told(runs: Runs, more: str) -> tuple[list[dict[str, object]], str]:
    runs(RECIPE.replace("MORE", more))
    out = str(runs.folder / "out")
    shown = CliRunner().invoke(datapipe, ["report", out]).stdout
    return orjson.loads(CliRunner().invoke(datapipe, ["report", out, "--json"]).stdout)["benchmarks"], shown


def test_items_found_by_benchmark(found: Runs) -> None:
    rows, shown = told(found, "ngram: 11")
    step = {"step": "clean.01.decontaminate", "edited": 0}
    assert rows == [
        {**step, "benchmark": "ships", "items": 8, "searched": 8, "found": 3, "dropped": 3},
        {**step, "benchmark": "short", "items": 2, "searched": 1, "found": 0, "dropped": 0},
    ]  # the words of the short set's item are those of ships:s0, of which the document holds more
    assert "37.5%" in shown
    why = CliRunner().invoke(datapipe, ["why", str(found.folder / "out"), "d1"]).stdout
    assert f"characters 0 to {len(ITEMS[1])}: ships as in ships:s1#question: 'which1 of1" in why


def test_documents_edited(found: Runs) -> None:
    rows, _ = told(found, "mode: span, window: 10")
    assert [(row["found"], row["dropped"], row["edited"]) for row in rows] == [(3, 2, 1), (0, 0, 0)]


def test_a_tag_names_no_items(found: Runs) -> None:
    rows, shown = told(found, "action: tag")
    assert [row["found"] for row in rows] == [0, 0]
    assert "clean.01.decontaminate: 3 documents tagged; a tag names no items" in shown
    assert all(row["decontaminate.item_share"] in (0.0, 1.0) for row in found.table("data"))


def test_check_names_the_benchmarks(found: Runs) -> None:
    path = found.folder / "recipe.yaml"
    path.write_text(RECIPE.replace(", MORE", ""))
    shown = CliRunner().invoke(datapipe, ["check", str(path)]).stdout
    assert "short: 2 items, 1 long enough to be looked for" in shown
    assert "sets/ships.jsonl" in shown


def test_runs_without_benchmarks_say_nothing(runs: Runs) -> None:
    runs.jsonl("in.jsonl", [{"text": "a"}])
    runs("read: {jsonl: in.jsonl}\nwrite: {path: out}\n")
    shown = CliRunner().invoke(datapipe, ["report", str(runs.folder / "out")])
    assert shown.exit_code == 0
    assert "in the corpus" not in shown.stdout
