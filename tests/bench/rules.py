"""The rule sets, one core, in MB of text a second: `python tests/bench/rules.py FILE.jsonl`.

Each operator judges the file's documents in batches of 8 MB, compiled before, best of three by CPU time.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.operator import Filter, Global, Map
from datapipe.core.registry import operators
from datapipe.io.opening import open_file

NAMES = (
    "gopher_quality",
    "gopher_repetition",
    "c4_quality",
    "fineweb_quality",
    "normalize",
    "language_id",
    "exact_dedup",
)


def batches(path: str) -> list[pa.RecordBatch]:
    """The file's documents as the engine would hand them to a step."""
    with Path(path).open("rb") as stream:
        texts = [json.loads(line)["text"] for line in stream]
    rows = pa.RecordBatch.from_pydict(
        {
            ADDR: pa.array(np.arange(len(texts), dtype=np.uint64)),
            "id": pa.array([str(i) for i in range(len(texts))]),
            "text": pa.array(texts, pa.large_string()),
        }
    )
    step = max(1, len(texts) * 8_000_000 // max(rows.column("text").nbytes, 1))
    return [rows.slice(i, step) for i in range(0, rows.num_rows, step)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    work = batches(parser.parse_args().file)
    size = sum(batch.column("text").nbytes for batch in work) / 1e6
    total = 0.0
    for name in NAMES:
        operator = operators.get(name)()
        operator.setup(Context("bench", 0, open_file))
        kinds = ((Filter, "judge"), (Map, "apply"), (Global, "sketch"))
        run = getattr(operator, next(method for kind, method in kinds if isinstance(operator, kind)))
        run(work[0])
        best = float("inf")
        for _ in range(3):
            began = time.process_time()
            for batch in work:
                run(batch)
            best = min(best, time.process_time() - began)
        if name.endswith(("quality", "repetition")):
            total += best
        print(f"{name:<20} {size / best:8.1f} MB/s", flush=True)
    print(f"{'the four rule sets':<20} {size / total:8.1f} MB/s")


if __name__ == "__main__":
    main()
