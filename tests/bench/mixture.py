"""CPU seconds of a schedule's parts: `python tests/bench/mixture.py [MILLIONS]`, rows a second of one core.

Sketch and place run over every row, in batches of 65,536; sort and reduce once over the sketches of a partition.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.operator import Global, Order
from datapipe.core.registry import operators
from datapipe.engine.by_key import by_key
from datapipe.io.opening import open_file

BATCH = 1 << 16
SHARES = {"web": 0.5, "books": 0.1, "code": 0.1, "wiki": 0.1, "news": 0.1, "papers": 0.05, "forums": 0.05}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "mixture, shuffled": ("mixture", {}),
    "mixture, by score": ("mixture", {"order": {"by": "score"}}),
    "curriculum of three stages": (
        "curriculum",
        {
            "stages": [
                {"name": "general", "share": 0.5},
                {"name": "warm", "share": 0.3, "weights": "uniform", "interpolate": "linear"},
                {"name": "last", "share": 0.2, "weights": {"temperature": 2}, "order": "interleaved"},
            ]
        },
    ),
}


def rows(n: int) -> list[pa.RecordBatch]:
    """Rows with ids as a crawl has them."""
    draw = np.random.default_rng(1)
    batch = pa.RecordBatch.from_pydict(
        {
            ADDR: np.arange(n, dtype=np.uint64),
            "id": pa.array([f"doc-{i:012d}" for i in range(n)]),
            "source": pa.array(draw.choice(list(SHARES), n, p=list(SHARES.values()))),
            "n_tokens": pa.array((draw.lognormal(0, 0.8, n) * 500).astype(np.int32)),
            "score": draw.random(n),
        }
    )
    return [batch.slice(start, BATCH) for start in range(0, n, BATCH)]


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, and what came of it."""
    began = time.process_time()
    found = work()
    return time.process_time() - began, found


def main() -> None:
    """One line for each case."""
    n = int(float(sys.argv[1]) * 1e6) if len(sys.argv) > 1 else 1_000_000
    batches = rows(n)
    for title, (name, parameters) in CASES.items():
        asked = operators.get(name).model_validate({"budget": n * 500, "max_epochs": 20, **parameters})
        assert isinstance(asked, Global)
        asked.setup(Context("bench.01", 7, open_file))
        sketched, sketch = timed(lambda asked=asked: pa.Table.from_batches([asked.sketch(b) for b in batches]))
        sorting, part = timed(lambda sketch=sketch: by_key(sketch, "key"))
        reducing, answer = timed(lambda asked=asked, part=part: asked.combine([asked.reduce(part)]))
        order = asked.bind(answer)
        assert isinstance(order, Order)
        placing, placed = timed(lambda order=order: sum(len(order.place(batch).parents) for batch in batches))
        print(
            f"{title}: {n / placing / 1e6:.1f} million rows a second placed ({placed:,} places); sketch {sketched:.2f} s of "
            f"{sketch.nbytes / n:.0f} bytes a row, sort {sorting:.2f} s, reduce and combine {reducing:.2f} s, "
            f"{answer.num_rows:,} points"
        )


if __name__ == "__main__":
    main()
