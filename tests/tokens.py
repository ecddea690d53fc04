"""Datasets with columns of tokens, made without a tokenizer, and readers written from the formats' descriptions."""

from __future__ import annotations

import json
import struct
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import zstandard

from tests.conftest import Runs

PLUGIN = '''
import hashlib
import numpy as np, pyarrow as pa
from datapipe import Map

DTYPES = {"uint16": pa.uint16(), "uint32": pa.uint32()}

class Hashed(Map):
    """Tokens of a text: a hash of each of its words; of a fixed length, padded, or as many as there are."""
    name = "hashed"
    dtype: str = "uint16"
    size: int = 0

    def columns_written(self):
        values = pa.list_(DTYPES[self.dtype], self.size or -1)
        if not self.size:
            return {"tokens": values}
        return {"input_ids": values, "segment_ids": pa.list_(pa.int32(), self.size)}

    def apply(self, batch):
        top = 60_000 if self.dtype == "uint16" else 2**31 - 1
        rows = [[int(hashlib.md5(w.encode()).hexdigest()[:8], 16) % top for w in (t or "").split()]
                for t in batch.column("text").to_pylist()]
        types = self.columns_written()
        if not self.size:
            return batch.append_column("tokens", pa.array(rows, types["tokens"]))
        rows = [(row + [0] * self.size)[:self.size] for row in rows]
        batch = batch.append_column("input_ids", pa.array(rows, types["input_ids"]))
        marks = [[int(bool(i)) for i in row] for row in rows]
        return batch.append_column("segment_ids", pa.array(marks, types["segment_ids"]))
'''

WORDS = ("река", "the", "水", "e\u0301té", "👩\u200d🚀", "river", "ዓለም", "fall", "a,b", '"q"')


def texts(rows: int, files: int = 3) -> list[dict[str, Any]]:
    """Documents of many lengths, none of them empty."""
    made = []
    for i in range(rows):
        count = 1 + (i * i * 7) % 61 + (400 if i % 97 == 5 else 0)
        made.append(
            {"id": f'doc,{i} "ü"', "text": " ".join(f"{WORDS[(i + k) % 10]}{(i * k) % 50}" for k in range(count))}
        )
    return made


def lay_out(runs: Runs, rows: list[dict[str, Any]], files: int = 3) -> None:
    """The rows in several input files, and the plugin."""
    (runs.folder / "hashed.py").write_text(PLUGIN)
    for k in range(files):
        runs.jsonl(f"in/{k}.jsonl", rows[k * len(rows) // files : (k + 1) * len(rows) // files])


def recipe(form: str, step: str = "hashed", more: str = "shard_size: 20KB") -> str:
    """Tokens in a format."""
    return (
        "plugins: [hashed.py]\ninput_split: 8KB\nread: {jsonl: in}\n"
        f"steps: [{step}]\nwrite: {{path: out, format: {form}, {more}}}\n"
    )


def read_megatron(stem: Path) -> list[list[int]]:
    """The documents of a pair, as the description of the format has it: NVIDIA's reader needs torch."""
    index, data = stem.with_suffix(".idx").read_bytes(), stem.with_suffix(".bin").read_bytes()
    assert index[:9] == b"MMIDIDX\x00\x00"
    version, code, sequences, documents = struct.unpack("<QBQQ", index[9:34])
    assert version == 1
    dtype = {4: "<i4", 8: "<u2"}[code]
    sizes = struct.unpack_from(f"<{sequences}i", index, 34)
    pointers = struct.unpack_from(f"<{sequences}q", index, 34 + 4 * sequences)
    ends = struct.unpack_from(f"<{documents}q", index, 34 + 12 * sequences)
    assert len(index) == 34 + 12 * sequences + 8 * documents
    assert ends == tuple(range(sequences + 1))
    return [np.frombuffer(data, dtype, size, at).tolist() for size, at in zip(sizes, pointers, strict=True)]


def read_mds(folder: Path) -> list[dict[str, Any]]:
    """The samples of a folder of shards."""
    samples = []
    for shard in json.loads((folder / "index.json").read_text())["shards"]:
        packed = shard["zip_data"]
        data = (folder / (packed or shard["raw_data"])["basename"]).read_bytes()
        if packed:
            assert len(data) == packed["bytes"]
            data = zstandard.ZstdDecompressor().decompress(data)
        assert len(data) == shard["raw_data"]["bytes"]
        (count,) = struct.unpack_from("<I", data)
        assert count == shard["samples"]
        places = struct.unpack_from(f"<{count + 1}I", data, 4)
        config = json.loads(data[8 + 4 * count : places[0]])
        assert all(config[key] == shard[key] for key in config)
        samples += [_sample(data[a:b], shard) for a, b in pairwise(places)]
    return samples


def _sample(data: bytes, shard: dict[str, Any]) -> dict[str, Any]:
    unknown = [i for i, size in enumerate(shard["column_sizes"]) if size is None]
    sizes = dict(zip(unknown, struct.unpack_from(f"<{len(unknown)}I", data), strict=True))
    at, sample = 4 * len(unknown), {}
    for i, (name, encoding) in enumerate(zip(shard["column_names"], shard["column_encodings"], strict=True)):
        size = sizes.get(i, shard["column_sizes"][i])
        sample[name] = _value(data[at : at + size], encoding)
        at += size
    assert at == len(data)
    return sample


def _value(data: bytes, encoding: str) -> Any:
    kind, _, rest = encoding.partition(":")
    if kind == "str":
        return data.decode()
    if kind == "ndarray":
        dtype, _, shape = rest.partition(":")
        if shape:
            assert len(data) == int(shape) * np.dtype(dtype).itemsize
            return np.frombuffer(data, dtype).tolist()
        assert data[0] >> 2 == 1
        width = 1 << (data[0] & 3)
        values = np.frombuffer(data[1 + width :], dtype).tolist()
        assert len(values) == int.from_bytes(data[1 : 1 + width], "little")
        return values
    return int.from_bytes(data, "little", signed=True) if kind == "int" else data
