from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from datapipe.core.errors import RecipeError
from datapipe.ops.select import Select
from tests.conftest import Runs, compile_text

ROWS = pa.RecordBatch.from_pydict(
    {
        "lang": pa.array(["de", "en", None, "fr"]),
        "score": pa.array([0.5, None, 0.9, float("nan")]),
        "year": pa.array([1999, 2000, 2**60, None]),
        "good": pa.array([True, False, None, True]),
    }
)


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ({"lang": "de"}, [0]),
        ({"lang": ["de", "en"]}, [0, 1]),
        ({"lang": {"not_in": ["de"]}}, [1, 3]),
        ({"lang": {"null": True}}, [2]),
        ({"lang": {"null": False}}, [0, 1, 3]),
        ({"lang": {"null": False, "matches": "^[df]"}}, [0, 3]),
        ({"lang": ["de", "en"], "score": {"min": 0}}, [0]),
        ({"score": {"min": 0.5}}, [0, 2]),
        ({"score": {"above": 0.5}}, [2]),
        ({"score": {"max": 0.9, "above": 0}}, [0, 2]),
        ({"score": {"below": 0.9}}, [0]),
        ({"year": [1999, 2000]}, [0, 1]),
        ({"year": {"min": 2000}}, [1, 2]),
        ({"good": True}, [0, 3]),
        ({"lang": []}, []),
    ],
)
def test_rows_that_pass_are_kept(condition: dict[str, Any], kept: list[int]) -> None:
    select = Select.model_validate(condition)
    assert select.check(ROWS.schema) is None
    assert select.judge(ROWS).keep.nonzero()[0].tolist() == kept
    assert set(select.judge(ROWS).reason) <= {None, "not_selected"}
    assert select.columns_read() == tuple(condition)
    assert Select.model_validate(select.model_dump(mode="json", by_alias=True)) == select


@pytest.mark.parametrize(
    "bad",
    [{}, {"a": None}, {"a": {}}, {"a": {"mim": 1}}, {"a": {"min": 2, "max": 1}}, {"a": {"matches": "("}},
     {"a": {"null": True, "min": 1}}],
)  # fmt: skip
def test_impossible_conditions_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Select.model_validate(bad)


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ({"lang": {"min": 3}}, "min: the column lang is string, expected a number"),
        ({"year": {"matches": "1"}}, "matches: the column year is int64, expected a string"),
        ({"year": "new"}, "in: the column year is int64, which is never 'new'"),
        ({"year": {"not_in": [1.5]}}, "not_in: the column year is int64, which is never 1.5"),
        ({"year": True}, "in: the column year is int64, which is never True"),
        ({"good": 5}, "in: the column good is bool, which is never 5"),
    ],
)
def test_a_test_must_suit_its_column(condition: dict[str, Any], sentence: str) -> None:
    assert Select.model_validate(condition).check(ROWS.schema) == sentence


def test_a_recipe_that_cannot_work_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    recipe = "read: {jsonl: a.jsonl}\nsteps:\n  - select: {lang: {min: 1}}\nwrite: {path: out}\n"
    with pytest.raises(RecipeError, match=r"recipe.yaml:3: select: min: the column lang is string"):
        compile_text(recipe, tmp_path)


def test_a_wrong_test_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    recipe = "read: {jsonl: a.jsonl}\nsteps:\n  - select: {lang: {mim: 1}}\nwrite: {path: out}\n"
    with pytest.raises(RecipeError, match=r"select.lang.mim: unknown; did you mean min\?"):
        compile_text(recipe, tmp_path)


def test_null_needs_no_quotes_in_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n')
    recipe = "read: {jsonl: a.jsonl}\nsteps:\n  - select: {url: {null: false}, where: {lang: {null: true}}}\nwrite: {path: out}\n"
    step = next(s for s in compile_text(recipe, tmp_path).steps() if s.operator == "select")
    assert Select.model_validate(step.parameters) == Select(url={"null": False})
    assert step.where is not None


def test_a_run_keeps_what_is_selected(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": "x", "lang": lang} for i, lang in enumerate(["de", "en", None])])
    runs("read: {jsonl: a.jsonl}\nsteps:\n  - select: {lang: [de, fr], label: wanted}\nwrite: {path: out}\n")
    assert [row["id"] for row in runs.table("data")] == ["0"]
    assert {row["reason"] for row in runs.table("ledger")} == {"not_selected"}


def test_the_schema_describes_a_test() -> None:
    described = Select.model_json_schema()["additionalProperties"]["anyOf"]
    assert {"type": "string"} in described
    assert {"$ref": "#/$defs/Test"} in described
