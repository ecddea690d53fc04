"""A stream in memory: asks a schedule of rows, places them, and sorts by segment, place and id, as runs do on disk."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.operator import Global, Order
from datapipe.core.registry import operators
from datapipe.engine.asking import ask
from datapipe.io.opening import open_file


def corpus(sizes: dict[str, int], seed: int = 1, mean: int = 500, **more: Any) -> pa.RecordBatch:
    """So many documents of each source, in any order; tokens are drawn log-normally, `score` evenly."""
    rng = np.random.default_rng(seed)
    source = np.repeat(list(sizes), list(sizes.values()))
    n = len(source)
    shuffled = rng.permutation(n)
    columns = {
        ADDR: np.arange(n, dtype=np.uint64) + np.uint64(5 << 40),
        "id": np.array([f"{s}-{i}" for i, s in enumerate(source)])[shuffled],
        "source": source[shuffled],
        "n_tokens": (rng.lognormal(0, 0.8, n) * mean).astype(np.int32) + 1,
        "score": rng.random(n),
        **more,
    }
    return pa.RecordBatch.from_pydict({name: pa.array(values) for name, values in columns.items()})


def bound(name: str, batches: list[pa.RecordBatch], seed: int = 7, **parameters: Any) -> Order:
    """The operator, asked of all batches."""
    operator = operators.get(name).model_validate(parameters)
    assert isinstance(operator, Global)
    operator.setup(Context("test.01", seed, open_file))
    order = ask(operator.rounds(), batches)[1]
    assert isinstance(order, Order)
    return order


def stream(name: str, batches: list[pa.RecordBatch], seed: int = 7, **parameters: Any) -> pa.Table:
    """The rows in the order of the stream, with `segment`, `at`, `stage` and `epoch`."""
    order = bound(name, batches, seed, **parameters)
    out = []
    for batch in batches:
        placed = order.place(batch)
        assert sorted(set(placed.parents.tolist())) == np.flatnonzero(placed.verdict.keep).tolist()
        assert (np.diff(placed.parents) >= 0).all()
        rows = batch.take(pa.array(placed.parents)).drop_columns([c for c in placed.columns if c in batch.schema.names])
        for column, values in {
            "segment": pa.array(placed.segment),
            "at": pa.array(placed.at),
            **placed.columns,
        }.items():
            rows = rows.append_column(column, values)
        out.append(rows)
    keys = [("segment", "ascending"), ("at", "ascending"), ("id", "ascending"), ("epoch", "ascending")]
    return pa.Table.from_batches(out).sort_by(keys)


def tokens_by(rows: pa.Table, *keys: str) -> dict[Any, int]:
    """Sums of tokens by these columns."""
    found = rows.group_by(list(keys)).aggregate([("n_tokens", "sum")]).to_pylist()
    return {tuple(r[k] for k in keys) if len(keys) > 1 else r[keys[0]]: r["n_tokens_sum"] for r in found}
