from __future__ import annotations

import sys

import pyarrow.parquet as pq
import pytest

from datapipe.core.errors import MissingDependency, RecipeError
from datapipe.io.readers import huggingface
from datapipe.io.readers.huggingface import HuggingfaceReader

datasets = pytest.importorskip("datasets")


@pytest.fixture
def folder(tmp_path, table, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    data = tmp_path / "data"
    data.mkdir()
    pq.write_table(table.slice(0, 4), data / "train-00000.parquet")
    pq.write_table(table.slice(4), data / "train-00001.parquet")
    huggingface._loaded.cache_clear()
    return data


@pytest.mark.parametrize("streaming", [True, False])
def test_a_local_folder(read, folder, table, streaming):
    out = read("huggingface", folder, streaming=streaming, target=3000)
    assert out.column("text") == table["text"].to_pylist()
    assert out.column("id") == table["id"].to_pylist()
    assert out.rows[1]["metadata"] == '{"n":1}'
    assert out.pieces > 1


def test_pieces_are_stable(folder):
    reader = HuggingfaceReader(paths=str(folder))
    before = reader.pieces(1)
    huggingface._loaded.cache_clear()
    assert reader.pieces(1) == before
    (folder / "train-00001.parquet").write_bytes((folder / "train-00000.parquet").read_bytes())
    huggingface._loaded.cache_clear()
    assert reader.pieces(1)[0].version != before[0].version


def test_json_with_nested_and_null_fields(read, tmp_path, folder):
    data = tmp_path / "json"
    data.mkdir()
    (data / "train.jsonl").write_text('{"text":"a","m":{"x":[1]},"y":null}\n{"text":null,"m":null,"y":"z"}\n')
    out = read("huggingface", data)
    assert out.rows[0]["metadata"] == '{"m":{"x":[1]},"y":null}'
    assert "missing or null" in out.bad[0].error


def test_names_of_the_hub_are_not_paths(tmp_path):
    (tmp_path / "local").mkdir()
    assert HuggingfaceReader.locate("org/name", str(tmp_path)) == "org/name"
    assert HuggingfaceReader.locate("local", str(tmp_path)) == str(tmp_path / "local")
    assert HuggingfaceReader.locate("../name", str(tmp_path / "x")) == str(tmp_path / "name")


def test_what_is_missing_is_told(tmp_path, monkeypatch, folder):
    with pytest.raises(RecipeError, match="cannot be opened as a Hugging Face data set"):
        HuggingfaceReader(paths=str(tmp_path / "nothing")).pieces(1)
    with pytest.raises(RecipeError, match="split"):
        HuggingfaceReader(paths=str(folder), split="absent").pieces(1)
    monkeypatch.setitem(sys.modules, "datasets", None)
    huggingface._loaded.cache_clear()
    with pytest.raises(MissingDependency, match=r"pip install 'datapipe\[huggingface\]'"):
        HuggingfaceReader(paths=str(folder)).pieces(1)
