"""`toxicity` in runs: what edits and ledger tell, tags, languages, any number of workers; and mistakes found by `check`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datapipe.core.errors import RecipeError
from tests.conftest import Runs, compile_text
from tests.ops.toy_classifiers import toy_classifier

WEIGHTS = {"heck": {"toxic": 6, "threat": -6}, "run": {"toxic": -6, "threat": 6}, "fine": {"toxic": -6, "threat": -6}}
ROWS: list[dict[str, Any]] = [
    {"id": "listed", "text": "darn darn fine", "lang": "en"},
    {"id": "listed-elsewhere", "text": "darn darn fine", "lang": "de"},
    {"id": "cut", "text": "fine fine fine\nheck heck fine heck. fine fine fine\nrun run", "lang": "en"},
    {"id": "mild", "text": "heck heck fine\nfine fine fine fine", "lang": "de"},
    {"id": "much", "text": "heck heck\nrun run\nfine", "lang": "en"},
    {"id": "all", "text": "heck", "lang": "en"},
    {"id": "empty", "text": "", "lang": "en"},
    {"id": "unknown", "text": "какой-то текст", "lang": "ru"},
]
RECIPE = """
ledger: {text: full}
scores: true
read: {jsonl: rows.jsonl, columns: {lang: lang}}
steps:
  - toxicity: {words: {en: lists/en.txt}, max_hits: 1, label: lists}
  - toxicity: {model: toy.bin, categories: [toxic, threat], level: line, do: cut, max_score: 0.7, max_share: 0.7,
               by_lang: {de: {max_score: 0.95}}, label: lines}
write: {path: out}
"""


@pytest.fixture
def folder(runs: Runs) -> Runs:
    runs.jsonl("rows.jsonl", ROWS)
    (runs.folder / "lists").mkdir()
    (runs.folder / "lists" / "en.txt").write_text("# mild\ndarn\n")
    toy_classifier(runs.folder / "toy.bin", WEIGHTS, ("toxic", "threat"))
    return runs


def test_what_goes_is_told(folder: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    manifest = folder(RECIPE)
    assert {row["id"]: row["text"] for row in folder.table("data")} == {
        "listed-elsewhere": "darn darn fine",
        "cut": "fine fine fine\nheck heck fine heck. fine fine fine",
        "mild": "heck heck fine\nfine fine fine fine",
        "empty": "",
        "unknown": "какой-то текст",
    }
    gone = {row["id"]: (row["step"], row["reasons"]) for row in folder.table("ledger")}
    assert gone == {
        "listed": ("lists", ["hits"]),
        "much": ("lines", ["toxic_share"]),
        "all": ("lines", ["nothing_left", "toxic_share"]),
    }
    (edit,) = folder.table("edits")
    assert [(span["reason"], span["text"]) for span in edit["spans"]] == [("threat", "\nrun run")]
    scores = {row["id"]: dict(row["scores"])["hits"] for row in folder.table("scores") if row["step"] == "lists"}
    assert scores["listed"] == 2
    assert [name for name, hits in scores.items() if hits is None or hits != hits] == [
        "listed-elsewhere", "mild", "empty", "unknown",
    ]  # fmt: skip
    files = {Path(model["name"]).name for model in manifest["models"]}
    assert files == {"en.txt", "toy.bin"}
    folder(RECIPE, "again", workers=2)
    assert digests(folder.folder / "again") == digests(folder.folder / "out")


def test_tags_are_columns(folder: Runs) -> None:
    step = "{model: toy.bin, categories: [toxic, threat], max_score: 0.7, action: tag, label: tox, where: {lang: en}}"
    folder(f"read: {{jsonl: rows.jsonl, columns: {{lang: lang}}}}\nsteps: [toxicity: {step}]\nwrite: {{path: out}}")
    rows = {row["id"]: row for row in folder.table("data")}
    assert len(rows) == len(ROWS)
    assert rows["all"]["tox.toxic"] == rows["all"]["tox.score"] > 0.99
    assert rows["all"]["tox.threat"] < 0.01
    assert [rows[name]["tox.reasons"] for name in ("all", "cut", "unknown")] == [["toxic"], [], None]
    assert [rows[name]["tox.toxic"] for name in ("empty", "unknown", "mild")] == [None, None, None]


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("{model: toy.bin, categories: toxik}", r"toxicity: .*toy\.bin has no label 'toxik'; did you mean toxic\?"),
        (
            "{models: {toxic: toy.bin}, max_score: {toxik: 1}}",
            r"max_score: no category is called 'toxik'; did you mean toxic\?",
        ),
        ("{words: {en: lists/no.txt}}", r"words: .*no\.txt: .*No such file"),
        ("{words: {en: lists/en.txt}, max_ratio: 2}", r"toxicity.max_ratio: expected less than or equal to 1, found 2"),
        ("{words: {en: lists/en.txt}, max_hit: 2}", r"toxicity.max_hit: unknown; did you mean max_hits\?"),
        ("{words: {en: toy.bin}}", r"words: .*toy\.bin: not UTF-8"),
    ],
)
def test_mistakes_stop_the_recipe(folder: Runs, step: str, sentence: str) -> None:
    recipe = f"read: {{jsonl: rows.jsonl, columns: {{lang: lang}}}}\nsteps: [toxicity: {step}]\nwrite: {{path: out}}"
    with pytest.raises(RecipeError, match=rf"recipe\.yaml:2: {sentence}|recipe\.yaml:2: toxicity: {sentence}"):
        compile_text(recipe, folder.folder)
