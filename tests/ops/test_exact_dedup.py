"""Exact de-duplication against DuckDB's own grouping, and its keep rules."""

from __future__ import annotations

import io

import duckdb
import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.ops.exact_dedup import ExactDedup
from tests.conftest import SAMPLE, Runs


def batch_of(texts: list[str | None], **more: list[object]) -> pa.RecordBatch:
    n = len(texts)
    columns = {ADDR: pa.array(range(n), pa.uint64()), "id": pa.array([f"d{i}" for i in range(n)]),
               "text": pa.array(texts, pa.large_string()), **{k: pa.array(v) for k, v in more.items()}}  # fmt: skip
    return pa.RecordBatch.from_pydict(columns)


def dropped(operator: ExactDedup, batch: pa.RecordBatch) -> dict[str, str]:
    sketch = pa.Table.from_batches([operator.sketch(batch)])
    order = np.lexsort((sketch.column(ADDR).to_numpy(), sketch.column("high").to_numpy()))
    answer = operator.reduce(sketch.take(pa.array(order)).combine_chunks()).sort_by(ADDR)
    verdict = operator.bind(answer).judge(batch)
    rows = np.flatnonzero(~verdict.keep)
    assert verdict.duplicate_of is not None
    return {f"d{row}": verdict.duplicate_of[int(row)].as_py() for row in rows}


TEXTS = ["Same text", "same  TEXT ", "other", "same text.", None, "", " ", "other"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, {"d1": "d0", "d7": "d2"}),
        ({"ignore": []}, {"d7": "d2"}),
        ({"ignore": ["case", "whitespace", "punctuation"]}, {"d1": "d0", "d3": "d0", "d7": "d2"}),
        ({"keep": "longest"}, {"d0": "d1", "d7": "d2"}),
        ({"keep": {"score": "desc"}}, {"d1": "d0", "d2": "d7"}),
        ({"keep": {"score": "asc"}}, {"d0": "d1", "d7": "d2"}),
    ],
)
def test_keep_rules(parameters: dict[str, object], expected: dict[str, str]) -> None:
    scores = [5.0, 1.0, None, 9.0, 0.0, 0.0, 0.0, 3.0]
    if parameters.get("keep") == {"score": "asc"}:
        scores[2], scores[7] = 1.0, None  # a row without a value is the last choice, whatever the order
    assert dropped(ExactDedup.model_validate(parameters), batch_of(TEXTS, score=scores)) == expected


def test_equals_duckdb_on_real_documents(runs: Runs) -> None:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO((SAMPLE / "web/web.jsonl.zst").read_bytes())) as stream:
        rows = [orjson.loads(line) for line in stream.read().splitlines()]
    docs = pa.table({"n": range(len(rows)), "id": [r["id"] for r in rows], "text": [r["text"] for r in rows]})  # noqa: F841  # duckdb reads it by name
    oracle = duckdb.sql(
        "select id from (select id, row_number() over (partition by text order by n) as k from docs) where k = 1"
    )
    runs(
        f"read: {{jsonl: {SAMPLE}/web/web.jsonl.zst}}\nsteps: [{{exact_dedup: {{ignore: []}}}}]\nwrite: {{path: out}}\n"
    )
    assert {r["id"] for r in runs.table("data")} == {row[0] for row in oracle.fetchall()}
    by_id = {r["id"]: r["text"] for r in rows}
    ledger = runs.table("ledger")
    assert len(ledger) > 50
    assert all(by_id[r["id"]] == by_id[r["duplicate_of"]] for r in ledger)


def test_partitions_and_order_do_not_matter(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": f"text {i % 300}"} for i in range(1000)])
    recipe = "input_split: 2KB\nread: {jsonl: a.jsonl}\nsteps: [exact_dedup]\nwrite: {path: out}\n"
    runs(recipe, "one")
    runs(f"memory: 32KB\n{recipe}", "many")
    assert len(list((runs.folder / "many/work").glob("*/artifacts/*exact_dedup/part-*.arrow"))) >= 8
    assert runs.table("data", "one") == runs.table("data", "many")
    assert runs.table("ledger", "one") == runs.table("ledger", "many")
    assert len(runs.table("data", "one")) == 300


def test_a_hundred_thousand_copies(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": "copy"} for i in range(100_000)])
    manifest = runs("read: {jsonl: a.jsonl}\nsteps: [exact_dedup]\nwrite: {path: out}\n")
    assert (manifest["rows_written"], manifest["rows_dropped"]) == (1, 99_999)


def test_impossible_parameters_are_refused() -> None:
    for wrong in ({"keep": {"a": "desc", "b": "asc"}}, {"keep": "last"}, {"ignore": ["colour"]}):
        with pytest.raises(ValidationError):
            ExactDedup.model_validate(wrong)
