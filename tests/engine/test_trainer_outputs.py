"""Runs that publish what trainers read: every token, the same bytes by any workers, nothing left of another format."""

from __future__ import annotations

import csv
import gzip
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from datapipe.cli.main import datapipe
from datapipe.core.errors import RecipeError, RunFailed
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.io.store import open_store
from tests.conftest import Quiet, Runs, compile_text
from tests.s3 import BUCKET, s3_server
from tests.tokens import lay_out, read_mds, read_megatron, recipe, texts

ROWS = texts(240)
SIZE = 32


def ids(row: dict[str, Any], top: int = 60_000) -> list[int]:
    """What the plugin makes of a text."""
    return [int(hashlib.md5(word.encode()).hexdigest()[:8], 16) % top for word in row["text"].split()]


TOKENS = [ids(row) for row in ROWS]
SEQUENCES = [([*row, *[0] * SIZE])[:SIZE] for row in TOKENS]
PACKED = f"{{hashed: {{size: {SIZE}}}}}"


@pytest.fixture
def corpus(runs: Runs) -> Runs:
    """The rows, in three files."""
    lay_out(runs, ROWS)
    return runs


def data(runs: Runs, ending: str, out: str = "out") -> list[Path]:
    """Published files of this ending."""
    return sorted((runs.folder / out / "data").glob(f"part-*{ending}"))


def test_megatron(corpus: Runs) -> None:
    manifest = corpus(recipe("megatron"))
    assert [row for file in data(corpus, ".bin") for row in read_megatron(file)] == TOKENS
    assert len(data(corpus, ".bin")) > 3
    output = manifest["outputs"][0]
    assert (output["rows"], output["tokens"]) == (len(ROWS), sum(map(len, TOKENS)))
    assert sum(file["rows"] for file in manifest["files"]) == len(ROWS) == manifest["rows_written"]
    corpus(recipe("megatron", "{hashed: {dtype: uint32}}"))
    assert [row for f in data(corpus, ".bin") for row in read_megatron(f)] == [ids(row, 2**31 - 1) for row in ROWS]


def test_npy_with_the_places_of_documents(corpus: Runs) -> None:
    corpus(recipe("npy"))
    found = []
    for file in data(corpus, ".npy"):
        flat = np.memmap(file, "<u2", "r")
        with gzip.open(file.with_suffix(".csv.gz"), "rt", encoding="utf-8", newline="") as lines:
            places = list(csv.reader(lines))
        assert [int(place[4]) for place in places] == list(range(len(places)))
        assert int(places[-1][1]) == len(flat)
        found += [(name, flat[int(start) : int(end)].tolist()) for start, end, name, _, _ in places]
    assert found == [(row["id"], tokens) for row, tokens in zip(ROWS, TOKENS, strict=True)]


@pytest.mark.parametrize("form", ["mds", "{mds: {compression: zstd, columns: [id, text, input_ids]}}"])
def test_mds(corpus: Runs, form: str) -> None:
    corpus(recipe(form, PACKED))
    samples = read_mds(corpus.folder / "out/data")
    assert [sample["id"] for sample in samples] == [row["id"] for row in ROWS]
    assert [sample["input_ids"] for sample in samples] == SEQUENCES
    if form == "mds":
        assert set(samples[0]) == {"id", "input_ids", "segment_ids"}
    else:
        assert [sample["text"] for sample in samples] == [row["text"] for row in ROWS]


def test_mds_of_sequences_alone(corpus: Runs) -> None:
    corpus(recipe("{mds: {columns: [input_ids]}}", PACKED))
    samples = read_mds(corpus.folder / "out/data")
    assert [sample["input_ids"] for sample in samples] == SEQUENCES
    assert set(samples[0]) == {"input_ids"}


def test_datasets_loads_what_is_saved_and_what_has_a_card(corpus: Runs, tmp_path: Path) -> None:
    from datasets import List, Value, load_dataset, load_from_disk

    corpus(recipe("{huggingface: {columns: [input_ids]}}", PACKED), "saved")
    corpus(recipe("{parquet: {card: true}}", PACKED), "card")
    saved = load_from_disk(str(corpus.folder / "saved/data"))
    card = load_dataset(str(corpus.folder / "card"), split="train", cache_dir=str(tmp_path / "cache"))
    assert saved.column_names == ["id", "source", "input_ids"]
    for found in (saved, card):
        assert found.features["input_ids"] == List(Value("uint16"), length=SIZE)
        assert found.with_format("arrow")[:]["input_ids"].to_pylist() == SEQUENCES


def test_lists_of_fixed_size_in_parquet(corpus: Runs) -> None:
    import duckdb
    import polars

    corpus(recipe("{parquet: {columns: [input_ids]}}", PACKED))
    files = [str(file) for file in data(corpus, ".parquet")]
    schema = pq.read_schema(files[0])
    assert schema.names == ["id", "source", "input_ids"]
    assert str(schema.field("input_ids").type).startswith("fixed_size_list")
    assert [row["input_ids"] for row in corpus.table("data")] == SEQUENCES
    assert duckdb.read_parquet(files).project("input_ids").fetchall() == [(row,) for row in SEQUENCES]
    assert polars.read_parquet(files)["input_ids"].dtype == polars.Array(polars.UInt16, SIZE)
    assert polars.read_parquet(files)["input_ids"].to_list() == SEQUENCES


MANY = """
plugins: [hashed.py]
input_split: 8KB
datasets: {docs: {read: {jsonl: in}, steps: [hashed]}}
write:
- {path: OUT, shard_size: 20KB, format: megatron}
- {path: OUT-npy, shard_size: 20KB, format: {npy: {header: true}}}
- {path: OUT-mds, shard_size: 20KB, format: {mds: {compression: zstd}}}
- {path: OUT-saved, shard_size: 20KB, format: huggingface}
"""


def test_workers_batches_and_a_second_run_give_the_same_bytes(
    corpus: Runs, digests: Callable[[Path], dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def outputs(name: str) -> list[dict[str, str]]:
        return [digests(corpus.folder / f"{name}{more}") for more in ("", "-npy", "-mds", "-saved")]

    corpus(MANY.replace("OUT", "out"))
    expected = outputs("out")
    assert all(len(files) > 4 for files in expected)
    corpus(MANY.replace("OUT", "pool"), "pool", workers=2)
    assert outputs("pool") == expected
    monkeypatch.setattr("datapipe.engine.output.BATCH_BYTES", 1000)
    corpus(MANY.replace("OUT", "small"), "small")
    assert outputs("small") == expected
    for name, file in (("out", "00001.idx"), ("out-npy", "00002.npy"), ("out-mds", "00000.mds.zstd")):
        (corpus.folder / name / f"data/part-{file}").write_bytes(b"cut")  # what a power cut leaves
    (corpus.folder / "out-saved/data/state.json").unlink()
    corpus(MANY.replace("OUT", "out"))
    assert outputs("out") == expected


def test_an_object_store_gets_the_bytes_of_a_disk(runs: Runs, digests: Callable[[Path], dict[str, str]]) -> None:
    lay_out(runs, ROWS[:30], files=1)
    with s3_server():
        for form, number in (("megatron", 0), ("{mds: {compression: zstd}}", 1)):
            text, out = recipe(form, more="shard_size: 5KB"), f"s3://{BUCKET}/out-{number}"
            runs(text, f"disk-{number}")
            Driver(compile_text(text, runs.folder), out, InProcess(), Quiet()).run()
            store = open_store(out)
            expected = digests(runs.folder / f"disk-{number}")
            assert {n: hashlib.sha256(store.read_bytes(n)).hexdigest() for n in expected} == expected
            assert CliRunner().invoke(datapipe, ["verify", out]).exit_code == 0


def test_nothing_is_left_of_another_format(corpus: Runs) -> None:
    kinds = {
        "{parquet: {card: true}}": {".parquet"}, "mds": {".mds", ".json"}, "huggingface": {".arrow", ".json"},
        "megatron": {".bin", ".idx"}, "npy": {".npy", ".gz"}, "jsonl": {".zst"},
    }  # fmt: skip
    for form, endings in kinds.items():
        corpus(recipe(form))
        assert {file.suffix for file in (corpus.folder / "out/data").iterdir()} == endings
        assert (corpus.folder / "out/README.md").exists() == ("card" in form)
        done = CliRunner().invoke(datapipe, ["verify", str(corpus.folder / "out")])
        assert done.exit_code == 0, done.output
        assert f"{len(ROWS)} rows" in done.output


def test_verify_finds_what_changed_and_why_finds_rows(corpus: Runs) -> None:
    corpus(recipe("npy"))
    out = str(corpus.folder / "out")
    assert "kept, in" in CliRunner().invoke(datapipe, ["why", out, ROWS[5]["id"]]).output
    places = data(corpus, ".csv.gz")[0]
    places.write_bytes(gzip.compress(gzip.decompress(places.read_bytes())[:-30]))
    done = CliRunner().invoke(datapipe, ["verify", out])
    assert done.exit_code == 1
    assert "part-00000.csv.gz: changed" in str(done.exception)
    corpus(recipe("huggingface"))
    assert "kept, in" in CliRunner().invoke(datapipe, ["why", out, ROWS[5]["id"]]).output
    corpus(recipe("megatron"))
    done = CliRunner().invoke(datapipe, ["why", out, ROWS[5]["id"]])
    assert "data (megatron), which are not searched" in str(done.exception)


def test_a_card_of_somebody_else_stays(corpus: Runs) -> None:
    (corpus.folder / "out").mkdir()
    (corpus.folder / "out/README.md").write_text("mine")
    with pytest.raises(RecipeError, match=r"out/README\.md is there, and no run wrote it; move it away"):
        corpus(recipe("{parquet: {card: true}}"))
    corpus(recipe("parquet"))
    assert (corpus.folder / "out/README.md").read_text() == "mine"


def test_mds_of_texts_alone_and_of_nothing(corpus: Runs) -> None:
    corpus(recipe("{mds: {columns: [id, text]}}", "{length: {min_words: 1}}"))
    assert read_mds(corpus.folder / "out/data") == ROWS
    with pytest.raises(RunFailed, match=r"has no rows \(0 rows\): mds has no readable form of that"):
        corpus(recipe("mds", "{length: {min_words: 100000}}, hashed"))


@pytest.mark.parametrize("form", ["megatron", "npy"])
def test_documents_without_tokens(runs: Runs, form: str) -> None:
    rows = [{"id": str(i), "text": "word" if i == 1 else ""} for i in range(40)]
    lay_out(runs, rows)
    manifest = runs(recipe(form, more="shard_size: 1KB"))  # a part of empty documents alone has no file
    assert (manifest["outputs"][0]["rows"], manifest["outputs"][0]["tokens"]) == (40, 1)
    lay_out(runs, [{"id": str(i), "text": ""} for i in range(3)])
    with pytest.raises(RunFailed, match=rf"has no tokens \(3 rows\): {form} has no readable form of that"):
        runs(recipe(form), "empty")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("megatrn", "write.format: no format megatrn; did you mean megatron?"),
        ("{mds: {compresion: zstd}}", "write.format.mds.compresion: unknown; did you mean compression?"),
        ("{mds: {compression: gzip}}", "write.format.mds.compression: expected 'zstd', found 'gzip'"),
        ("[mds]", "write.format: expected a format's name, or a mapping of its name to its parameters; found ['mds']"),
        ("{megatron: {column: text}}", "megatron writes lists of uint16 or uint32, the column text is large_string"),
        ("{npy: {column: input_ids}}", "npy needs a column of tokens, input_ids, which is not there: add a step"),
        ("{megatron: {dtype: uint16}}", "dtype uint16 holds ids below 65,536; the column tokens holds uint32"),
    ],
)
def test_a_recipe_that_cannot_be_published_is_refused(corpus: Runs, form: str, said: str) -> None:
    with pytest.raises(RecipeError) as caught:
        compile_text(recipe(form, "{hashed: {dtype: uint32}}"), corpus.folder)
    assert said in str(caught.value).replace("write.0.", "write.")
    assert "recipe.yaml:5" in str(caught.value)
