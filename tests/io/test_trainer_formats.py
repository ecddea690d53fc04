"""Formats that trainers read: the bytes of their own writers, and what they cannot hold."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core.errors import RunFailed
from datapipe.io.formats.choice import FORMATS, format_of
from datapipe.io.formats.features import feature, unsupported
from datapipe.io.formats.format import Format
from datapipe.io.formats.mds import Mds
from datapipe.io.formats.megatron import Megatron, check_lengths
from datapipe.io.formats.npy import Npy

GOLDEN = json.loads((Path(__file__).parent / "golden_trainer_formats.json").read_text())


def write(form: Format, table: pa.Table, rows: int = 2) -> tuple[list[bytes], dict[str, Any]]:
    """The files of a part whose rows come in batches of so many, and what the format told of it."""
    schema = form.published(table.schema)
    streams = [io.BytesIO() for _ in form.suffixes]
    facts = form.write(iter(table.select(schema.names).to_batches(max_chunksize=rows)), schema, streams)
    return [stream.getvalue() for stream in streams], facts


def tokens(rows: list[list[int] | None], dtype: pa.DataType, name: str = "tokens") -> pa.Table:
    """Rows of tokens."""
    ids = pa.array([f"d{i}" for i in range(len(rows))], pa.string())
    sources = pa.array(["s"] * len(rows), pa.string())
    return pa.table({"id": ids, "source": sources, name: pa.array(rows, pa.list_(dtype))})


@pytest.mark.parametrize("case", GOLDEN["megatron"], ids=lambda case: str(case["dtype"]))
def test_megatron_writes_the_bytes_of_megatron_core(case: dict[str, Any]) -> None:
    held = pa.uint16() if case["dtype"] == "uint16" else pa.uint32()
    for table in (tokens(case["documents"], held), tokens([[1], *case["documents"]], held).slice(1)):
        (data, index), _ = write(Megatron(), table)
        assert data.hex() == case["bin"]
        assert index.hex() == case["idx"]


def test_mds_writes_the_bytes_of_streaming() -> None:
    golden = GOLDEN["mds"]
    types = {
        "id": pa.string(), "tokens": pa.large_list(pa.uint16()), "input_ids": pa.list_(pa.uint32(), 2),
        "year": pa.int64(), "score": pa.float32(), "raw": pa.binary(),
    }  # fmt: skip
    rows = [{**row, "raw": bytes.fromhex(row["raw"])} for row in golden["rows"]]
    table = pa.Table.from_pylist(rows, pa.schema(list(types.items())))
    form = Mds(columns=tuple(types))
    for batch in (1, 2):
        (shard,), facts = write(form, table, batch)
        assert shard.hex() == golden["shard"]
    file = {"path": "data/shard.00000.mds", "bytes": len(shard), "sha256": hashlib.sha256(shard).hexdigest()}
    index = form.whole([{"rows": 2, "facts": facts, "files": [file]}], form.published(table.schema))
    assert json.loads(index["data/index.json"]) == golden["index"]


def test_npy_is_mapped_or_loaded() -> None:
    table = tokens([[1, 2, 3], [], None, [65535]], pa.uint16())
    (data, _), _ = write(Npy(), table)
    assert np.frombuffer(data, "<u2").tolist() == [1, 2, 3, 65535]
    (data, _), _ = write(Npy(header=True, dtype="uint32"), table)
    loaded = np.load(io.BytesIO(data))
    assert loaded.dtype == np.uint32
    assert loaded.tolist() == [1, 2, 3, 65535]


def test_batches_leave_no_trace() -> None:
    rows = [[(i * k) % 70_000 for k in range(i % 7)] for i in range(40)]
    table = tokens(rows, pa.uint32())
    for form in (Megatron(), Npy(), Npy(header=True), Mds(), Mds(compression="zstd")):
        assert write(form, table, 3)[0] == write(form, table, 40)[0]


def test_what_a_format_cannot_hold_is_told_with_the_row() -> None:
    batch = tokens([[1], [2]], pa.uint16()).to_batches()[0]
    with pytest.raises(RunFailed, match=r"the row 'd1' has 2,147,483,648 tokens.* 2,147,483,647 at most; split it"):
        check_lengths(np.array([5, 2**31]), batch)
    with pytest.raises(RunFailed, match=r"holds the id 4,294,967,295, which int32 does not hold"):
        write(Megatron(), tokens([[2**32 - 1]], pa.uint32()))
    for form in (Megatron(), Npy(), Mds()):
        with pytest.raises(RunFailed, match=r"the column tokens (holds|has) null among its"):
            write(form, tokens([[1, None]], pa.uint16()))  # type: ignore[list-item]
    with pytest.raises(RunFailed, match=r"the column tokens is null in row 'd1', which MDS cannot tell"):
        write(Mds(), tokens([[1], None], pa.uint16()))


@pytest.mark.parametrize("form", [Megatron(), Npy(), Mds()], ids=lambda form: form.name)
def test_columns_that_hold_no_tokens_are_refused(form: Format) -> None:
    texts = pa.schema({"id": pa.string(), "text": pa.large_string()})
    said = form.complaint(texts, None) or ""
    assert said.startswith(f"{form.name} needs a column of tokens")
    assert "`tokenize`" in said
    assert form.complaint(tokens([], pa.uint16()).schema, None) is None


def test_named_columns_are_checked() -> None:
    rows = pa.schema({"id": pa.string(), "text": pa.large_string(), "tokens": pa.list_(pa.uint32())})
    said = Megatron(column="text").complaint(rows, None)
    assert said == (
        "megatron writes lists of uint16 or uint32, the column text is large_string; `tokenize` makes the column tokens, "
        "`pack` the column input_ids"
    )
    assert "input_ids, which is not there" in (Npy(column="input_ids").complaint(rows, None) or "")
    for form in (Megatron(dtype="uint16"), Npy(dtype="uint16")):
        assert form.complaint(rows, 128_256) == (
            "dtype uint16 holds ids below 65,536; the column tokens holds uint32, for a vocabulary of 128,256; leave dtype out"
        )
    assert "no column tokenz; did you mean tokens?" in (Mds(columns=("tokenz",)).complaint(rows, None) or "")
    words = pa.schema({"id": pa.string(), "words": pa.list_(pa.string())})
    assert "no encoding for the column words" in (Mds(columns=("words",)).complaint(words, None) or "")


def test_features_are_those_of_datasets() -> None:
    from datasets import Features

    struct = pa.struct({"a": pa.int64(), "b": pa.list_(pa.string())})
    rows = pa.schema(
        {
            "ids": pa.list_(pa.uint16(), 4), "many": pa.list_(pa.uint32()), "wide": pa.large_list(pa.float64()),
            "text": pa.large_string(), "raw": pa.binary(), "flag": pa.bool_(), "half": pa.float16(), "in": struct,
            "documents": pa.list_(struct), "deep": pa.list_(pa.list_(pa.int8())),
        }
    )  # fmt: skip
    described = Features.from_dict({field.name: feature(field.type) for field in rows})
    assert described == Features.from_arrow_schema(rows)
    assert unsupported(rows) is None
    scores = rows.append(pa.field("scores", pa.map_(pa.string(), pa.float64())))
    assert "no type for the column scores, map<string, double>; leave it out" in (unsupported(scores) or "")


def test_a_manifest_names_its_format() -> None:
    assert set(FORMATS) == {"parquet", "jsonl", "huggingface", "mds", "megatron", "npy"}
    assert format_of({"files": [{"path": "data/part-00000.jsonl.zst"}]}).name == "jsonl"
    assert format_of({"files": []}).name == "parquet"
    form = Mds(compression="zstd")
    assert format_of({"format": form.model_dump(), "files": []}) == form


def test_pairs_that_do_not_belong_together_are_found() -> None:
    (ids, index), _ = write(Megatron(), tokens([[1, 2], [3]], pa.uint16()))
    assert Megatron().holds([lambda: io.BytesIO(ids), lambda: io.BytesIO(index)]) == (2, 3)
    with pytest.raises(ValueError, match=r"the index tells of 3 tokens, beside it are 4 bytes"):
        Megatron().holds([lambda: io.BytesIO(ids[:4]), lambda: io.BytesIO(index)])
    with pytest.raises(ValueError, match="no index of Megatron"):
        Megatron().holds([lambda: io.BytesIO(ids), lambda: io.BytesIO(b"x" + index[1:])])
