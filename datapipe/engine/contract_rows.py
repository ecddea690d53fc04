"""Difficult documents, and what it means that answers about them are the same."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR, BASE
from datapipe.core.operator import Operator
from datapipe.core.verdict import Verdict

TEXTS: tuple[str | None, ...] = (
    "An ordinary paragraph of English prose, with commas, and a full stop. It has a second sentence, too.\nAnd a line.",
    "",
    None,
    "word",
    "Ein deutscher Satz über Größe und Maß.\n\n• Punkt eins\n• Punkt zwei…",
    "中文句子没有空格。第二句也没有。",
    "ไทยไม่มีช่องว่าง",
    "العربية من اليمين إلى اليسار، مع علامات.",
    "e\u0301 combining, \U0001f469\u200d\U0001f4bb joined, \x00 NUL, \u2028 separator, \ufeff mark, \U0010ffff last",
    "\n\n \t\r\n",
    "lorem ipsum dolor { javascript } terms of use http://example.com/a?b=c user@example.com",
    "the same line again and again.\n" * 40,
    "An ordinary paragraph of English prose, with commas, and a full stop. It has a second sentence, too.\nAnd a line.",
    "repeated " * 20_000,
    "Mail desk@shop.example.org, Größe \U0001f469\u200d\U0001f4bb desk@shop.example.org; call +1 212-555-0155; 93.184.216.34.",
    "desk@shop.example.org",
)


def rows_for(operator: Operator) -> pa.RecordBatch:
    """A batch of difficult documents with the columns an operator reads, and no others but the address."""
    n = len(TEXTS)
    columns: dict[str, pa.Array] = {
        ADDR: pa.array(np.arange(n, dtype=np.uint64) + (3 << 40)),
        "id": pa.array([f"doc-{i}" for i in range(n)]),
        "text": pa.array(TEXTS, pa.large_string()),
        "source": pa.array(["web"] * n),
        "url": pa.array([None if i % 3 == 0 else f"https://www.example.com/{i}" for i in range(n)], pa.string()),
        "lang": pa.array([None if i % 5 == 0 else "en" for i in range(n)], pa.string()),
        "tokens": pa.array([None if t is None else list(t.encode()) for t in TEXTS], pa.list_(pa.uint16())),
        "metadata": pa.array([None if i % 2 else '{"a": 1}' for i in range(n)], pa.large_string()),
    }
    wanted = {ADDR, *operator.columns_read()}
    columns |= {c: pa.array(np.linspace(0, 1, n)) for c in wanted if c not in columns}
    order = [f.name for f in BASE if f.name in wanted] + sorted(wanted - set(BASE.names))
    return pa.RecordBatch.from_pydict({name: columns[name] for name in order})


def batching(run: Any, batch: pa.RecordBatch, whole: Any, same: Any) -> Iterator[str]:
    """Sentences on how an answer changes when a batch is a slice of another, or is cut."""
    if not same([run(batch)], whole):
        yield "two runs differ"
    copy = pa.ipc.open_stream(io.BytesIO(serialised(batch.slice(2, 7)))).read_next_batch()
    if not same([run(batch.slice(2, 7))], run(copy)):
        yield "a sliced batch differs from its copy"
    for cut in (1, 5, batch.num_rows - 1):
        if not same([run(batch.slice(0, cut)), run(batch.slice(cut))], whole):
            yield f"splitting a batch after row {cut} changes the answer"


def same_batch(parts: list[pa.RecordBatch], whole: pa.RecordBatch) -> bool:
    """Whether the parts, one after another, are the whole."""
    return bool(pa.Table.from_batches(parts).combine_chunks().equals(pa.Table.from_batches([whole])))


def same_verdict(parts: list[Verdict], whole: Verdict) -> bool:
    """Whether verdicts of parts say of their rows what the whole one says."""
    reasons = [r for part in parts for r in part.reason]
    rules = [r for part in parts for r in part.reasons(np.arange(part.rows))]
    if reasons != whole.reason or rules != whole.reasons(np.arange(whole.rows)):
        return False
    for name, values in whole.scores.items():
        if not np.array_equal(np.concatenate([part.scores[name] for part in parts]), values, equal_nan=True):
            return False
    for name in ("spans", "entities"):
        lists = getattr(whole, name)
        if lists is not None and [one for p in parts for one in getattr(p, name).to_pylist()] != lists.to_pylist():
            return False
    return all(
        pa.chunked_array([part.columns[name] for part in parts]).combine_chunks().equals(values)
        for name, values in whole.columns.items()
    )


def serialised(batch: pa.RecordBatch) -> bytes:
    """The batch as a stream, which holds no more than its rows."""
    out = io.BytesIO()
    with pa.ipc.new_stream(out, batch.schema) as writer:
        writer.write_batch(batch)
    return out.getvalue()
