"""The same documents give the same rows, byte for byte, from every format."""

from __future__ import annotations

import bz2
import csv
import gzip
import lzma
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from datapipe.core.registry import readers

SAMPLE = Path(__file__).parents[2] / "sample_data"
PACK = {"": bytes, ".gz": gzip.compress, ".zst": zstandard.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.fixture(scope="module")
def real(documents):
    """Documents of the sample, where it is there, and the hard ones."""
    found = []
    if (SAMPLE / "web" / "web.jsonl.zst").exists():
        reader = readers.get("jsonl")(paths=str(SAMPLE / "web" / "web.jsonl.zst"))
        (piece,) = reader.pieces(1 << 30)
        found = next(iter(reader.read(piece))).batch.slice(0, 200).to_pylist()
    rows = [{"id": row["id"], "text": row["text"], "url": row["url"] or "none"} for row in [*documents, *found]]
    return [{**row, "n": i} for i, row in enumerate(rows)]


@pytest.mark.parametrize("extension", PACK)
def test_jsonl(read, tmp_path, real, extension):
    path = tmp_path / f"a.jsonl{extension}"
    path.write_bytes(PACK[extension](b"".join(orjson.dumps(row) + b"\n" for row in real)))
    check(read("jsonl", path), real)


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "none"])
def test_parquet(read, tmp_path, real, compression):
    pq.write_table(pa.Table.from_pylist(real), tmp_path / "a.parquet", compression=compression, row_group_size=64)
    check(read("parquet", tmp_path / "a.parquet", target=50_000), real)


@pytest.mark.parametrize("extension", ["", ".gz", ".zst"])
def test_csv(read, tmp_path, real, extension):
    plain = tmp_path / "plain"
    with plain.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["id", "text", "url", "n"], quoting=csv.QUOTE_ALL)
        writer.writeheader()
        writer.writerows(real)
    path = tmp_path / f"a.csv{extension}"
    path.write_bytes(PACK[extension](plain.read_bytes()))
    check(read("csv", path, columns={"n": {"field": "n", "type": "int"}}), real, extra=True)


def test_text_blocks(read, tmp_path, real):
    texts = [" ".join(row["text"].split()) for row in real]
    texts = [text for text in texts if text]
    path = tmp_path / "a.txt"
    path.write_bytes("\n\n".join(texts).encode())
    assert read("text", path, documents="block").column("text") == texts
    path.write_bytes("\n".join(texts).encode())
    assert read("text", path, documents="line", target=999).column("text") == texts


def check(out, expected, extra=False):
    assert out.bad == []
    for column in ("id", "text", "url"):
        assert out.column(column) == [row[column] for row in expected]
    if extra:
        assert out.column("n") == [row["n"] for row in expected]
    else:
        assert out.column("metadata") == [f'{{"n":{row["n"]}}}' for row in expected]
