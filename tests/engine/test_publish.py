"""Published data is read by what users read it with, and cut as asked."""

from __future__ import annotations

import io
import random
from itertools import accumulate
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from datapipe.engine.marks import packed, unpacked
from datapipe.engine.pack import cut_parts
from tests.conftest import SAMPLE, Runs

RECIPE = f"""
read: {{jsonl: {SAMPLE}/web/*.jsonl.zst, columns: {{kind: kind}}}}
steps: [{{length: {{min_words: 5, action: tag}}}}]
write: {{path: out, shard_size: 1MB FORMAT}}
"""


@pytest.fixture
def published(runs: Runs) -> Path:
    runs(RECIPE.replace("FORMAT", ""))
    return runs.folder / "out/data"


def test_parts_have_one_size_schema_and_compression(published: Path) -> None:
    files = sorted(published.glob("*"))
    assert [f.name for f in files] == [f"part-{i:05d}.parquet" for i in range(len(files))]
    sizes = []
    for file in files:
        parquet = pq.ParquetFile(file)
        assert parquet.schema_arrow.equals(pq.ParquetFile(files[0]).schema_arrow)
        assert {parquet.metadata.row_group(0).column(i).compression for i in range(3)} == {"ZSTD"}
        table = parquet.read()
        sizes.append(
            sum(len((row["text"] or "").encode()) + len((row["metadata"] or "").encode()) for row in table.to_pylist())
        )
    assert len(files) >= 6
    assert all(800_000 < size < 1_300_000 for size in sizes[:-1])
    names = ["id", "text", "source", "url", "lang", "metadata", "kind", "length.keep", "length.reasons"]
    scores = ["length.characters", "length.bytes", "length.words", "length.lines"]
    assert table.column_names == [*names, *scores]


def test_duckdb_polars_and_datasets_read_it(published: Path, tmp_path: Path) -> None:
    import duckdb
    import polars
    from datasets import load_dataset

    rows = sum(pq.ParquetFile(f).metadata.num_rows for f in published.glob("*.parquet"))
    glob = f"{published}/*.parquet"
    assert duckdb.sql(f"select count(*), count(distinct id) from read_parquet('{glob}')").fetchall()[0] == (rows, rows)
    assert duckdb.sql(f"select sum(length(text)) from read_parquet('{glob}')").fetchall()[0] == (
        polars.scan_parquet(glob).select(polars.col("text").str.len_chars().sum()).collect().item(),
    )
    loaded = load_dataset("parquet", data_files=glob, split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.num_rows == rows
    assert (
        loaded[0]["id"]
        == duckdb.sql(f"select id from read_parquet('{published}/part-00000.parquet') limit 1").fetchall()[0][0]
    )


def test_jsonl_holds_the_same_rows(runs: Runs, published: Path) -> None:
    runs(RECIPE.replace("FORMAT", ", format: jsonl"), "lines")
    rows = []
    for file in sorted((runs.folder / "lines/data").glob("*.jsonl.zst")):
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(file.read_bytes())) as stream:
            rows += [orjson.loads(line) for line in stream.read().splitlines()]
    table = [row for f in sorted(published.glob("*")) for row in pq.read_table(f).to_pylist()]
    assert [row["id"] for row in rows] == [row["id"] for row in table]
    assert [row["text"] for row in rows] == [row["text"] for row in table]
    assert [row["metadata"] for row in rows] == [orjson.loads(r["metadata"]) if r["metadata"] else None for r in table]
    assert rows[0]["length.words"] == table[0]["length.words"] > 0


def test_a_row_larger_than_a_part_and_many_tiny_shards(runs: Runs) -> None:
    for i in range(30):
        runs.jsonl(
            f"in/{i:02d}.jsonl",
            [{"id": f"{i}-{j}", "text": "x" * (300_000 if (i, j) == (7, 1) else 900)} for j in range(3)],
        )
    manifest = runs("input_split: 10KB\nread: {jsonl: in}\nwrite: {path: out, shard_size: 20KB}\n")
    assert manifest["rows_written"] == 90
    assert all(file["rows"] for file in manifest["files"])
    sizes = [
        sum(len(r["text"]) for r in pq.read_table(runs.folder / "out" / f["path"]).to_pylist())
        for f in manifest["files"]
    ]
    assert sorted(sizes)[-1] >= 300_000
    assert sorted(sizes)[-2] < 30_000
    assert [r["id"] for r in runs.table("data")] == [f"{i}-{j}" for i in range(30) for j in range(3)]


def test_cut_parts() -> None:
    shards = [
        (0, {"rows": 10, "weight": 100, "marks": packed([(3, 30), (6, 60), (9, 90)])}),
        (1, {"rows": 0, "weight": 0, "marks": packed([])}),
        (2, {"rows": 4, "weight": 15, "marks": packed([])}),
        (3, {"rows": 5, "weight": 80, "marks": packed([(1, 70)])}),
    ]
    assert list(cut_parts(shards, 60)) == [((0, 0, 6),), ((0, 6, 10), (2, 0, 4), (3, 0, 1)), ((3, 1, 5),)]
    assert list(cut_parts(shards, 10**9)) == [((0, 0, 10), (2, 0, 4), (3, 0, 5))]


def test_marks_are_one_short_word() -> None:
    """Every task that packs a part reads them: as lists, 1,000 parts of a shard's 36,000 marks took half a minute."""
    draw = random.Random(1)
    steps = [(draw.randrange(1, 40), draw.randrange(1000, 1100)) for _ in range(36_000)]
    marks = [*zip(*(accumulate(column) for column in zip(*steps, strict=True)), strict=True), (1 << 40, 1 << 52)]
    assert unpacked(packed(marks)) == marks
    assert len(packed(marks)) < 5 * len(marks)
    assert unpacked(packed([])) == []


def test_row_groups_are_cut_by_rows_alone(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("datapipe.engine.pack.PIECE", 3125)
    monkeypatch.setattr("datapipe.io.formats.parquet.GROUP_PIECES", 16)
    runs.jsonl("a.jsonl", [{"id": f"{i:04d}", "text": "y" * 996} for i in range(200)])
    runs("read: {jsonl: a.jsonl}\nwrite: {path: out}\n")
    metadata = pq.ParquetFile(runs.folder / "out/data/part-00000.parquet").metadata
    assert [metadata.row_group(i).num_rows for i in range(metadata.num_row_groups)] == [64, 64, 64, 8]
    assert (
        pa.schema(pq.read_schema(runs.folder / "out/data/part-00000.parquet")).field("text").type == pa.large_string()
    )
