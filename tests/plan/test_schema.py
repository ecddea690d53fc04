"""The JSON Schema of recipes: an editor accepts what `check` accepts, and marks what it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from datapipe.core.registry import operators
from datapipe.plan.plugins import load_plugin
from datapipe.plan.schema import recipe_schema
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    load_plugin(str(ROOT / "pipelines/plugins/documentation.py"))
    schema = recipe_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def load(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


@pytest.mark.parametrize("recipe", sorted((ROOT / "pipelines").glob("*.yaml")), ids=lambda p: p.name)
def test_it_accepts_every_recipe_we_ship(validator: Draft202012Validator, recipe: Any) -> None:
    assert [error.message for error in validator.iter_errors(load(recipe.read_text()))] == []


@pytest.mark.parametrize(
    "step",
    [
        "gopher_quality",
        "gopher_quality: {min_words: 3, by_lang: {de: {min_words: 4}}, where: {lang: de}, action: tag, label: a}",
        "select: {lang: [de, en], year: {min: 1900}}",
        "exact_dedup: {keep: {score: desc}}",
        "normalize: {form: NFC}",
    ],
)
def test_it_accepts(validator: Draft202012Validator, step: str) -> None:
    entry = f"{{{step}}}" if ":" in step else step
    recipe = load(f"read: {{jsonl: a}}\nsteps: [{entry}]\nwrite: {{path: o}}")
    assert [error.message for error in validator.iter_errors(recipe)] == []


@pytest.mark.parametrize("form", ["mds", "{mds: {compression: zstd}}", "{parquet: {card: true}}", "{npy: {}}"])
def test_it_accepts_formats(validator: Draft202012Validator, form: str) -> None:
    recipe = load(f"read: {{jsonl: a}}\nwrite: [{{path: o, format: {form}}}]")
    assert [error.message for error in validator.iter_errors(recipe)] == []


@pytest.mark.parametrize(
    "recipe",
    [
        "read: {jsonl: a}\nsteps: [{gopher_quality: {min_word: 3}}]\nwrite: {path: o}",
        "read: {jsonl: a}\nsteps: [gopher_qualty]\nwrite: {path: o}",
        "read: {jsonl: a}\nsteps: [sample]\nwrite: {path: o}",
        "read: {json: a}\nwrite: {path: o}",
        "read: {jsonl: a, colums: {}}\nwrite: {path: o}",
        "read: {jsonl: a}",
        "read: {jsonl: a}\nwrite: {pth: o}",
        "read: {jsonl: a}\nwrite: {path: o, format: csv}",
        "read: {jsonl: a}\nwrite: {path: o, format: {mds: {compresion: zstd}}}",
        "datasets: {a: {reed: {jsonl: a}}}\nwrite: {path: o}",
    ],
)
def test_it_refuses(validator: Draft202012Validator, recipe: str) -> None:
    assert list(validator.iter_errors(load(recipe)))


def test_every_operator_is_in_it() -> None:
    text = str(recipe_schema())
    for name in operators.names():
        assert (f"'{name}'" in text) == (name != "unique_ids")
