"""Reading a whole input through a reader, and what every chunk must satisfy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from datapipe.core.reader import BadRecord, Reader
from datapipe.core.registry import readers


@dataclass
class Outcome:
    rows: list[dict[str, Any]]
    bad: list[BadRecord]
    records: int
    notes: dict[str, int]
    pieces: int

    def column(self, name: str) -> list[Any]:
        return [row[name] for row in self.rows]


def read_all(reader: Reader, target: int = 1 << 30) -> Outcome:
    out = Outcome([], [], 0, {}, 0)
    for piece in reader.pieces(target):
        out.pieces += 1
        for chunk in reader.read(piece):
            assert chunk.batch.schema.equals(reader.row_schema())
            chunk.batch.validate(full=True)
            assert len(chunk.rows) == chunk.batch.num_rows
            assert chunk.batch.num_rows <= 8192
            lost = sum(bad.rows for _, bad in chunk.bad)
            assert chunk.records == chunk.batch.num_rows + lost, "read = rows + bad"
            places = [*chunk.rows.tolist(), *(n for n, _ in chunk.bad)]
            assert len(set(places)) == len(places), "every record has a place of its own"
            assert all(0 <= n < chunk.records for n in places)
            assert bool((np.diff(chunk.rows) > 0).all())
            out.rows += chunk.batch.to_pylist()
            out.bad += [bad for _, bad in chunk.bad]
            out.records += chunk.records
            for note, n in chunk.notes.items():
                out.notes[note] = out.notes.get(note, 0) + n
    return out


@pytest.fixture
def read() -> Callable[..., Outcome]:
    """`read("jsonl", path, target=…, **options)`: everything the reader gives, checked chunk by chunk."""

    def run(name: str, path: object, *, target: int = 1 << 30, **options: Any) -> Outcome:
        paths = [str(p) for p in path] if isinstance(path, list) else str(path)
        return read_all(readers.get(name)(paths=paths, **options), target)

    return run


@pytest.fixture(scope="session")
def documents() -> list[dict[str, Any]]:
    """Texts that are hard to carry: scripts, controls, quotes, every kind of line end."""
    texts = [
        "Plain words.",
        "Zeile eins\nZeile zwei\r\nZeile drei",
        "中文、日本語、한국어 😀 👩‍👩‍👧",
        'He said "no", then\tleft; a,b,c',
        "nul \x00 and \u2028 and \x85 and \ufeff inside",
        "",
        "   spaces around   ",
        "العربية \u202e reversed",
        "é e\u0301 ﬁ",
        "x" * 20_000,
    ]
    return [{"id": f"d{i}", "text": text, "n": i, "url": f"https://example.org/{i}"} for i, text in enumerate(texts)]


@pytest.fixture(scope="session")
def table(documents: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(documents)
