"""The rule sets, one core, in MB of text a second: `python tests/bench/rules.py FILE.jsonl`.

Each operator judges the file's documents in batches of 8 MB, compiled before, best of three by CPU time. Then the four
rule sets as the engine runs them: their seconds in the manifest of a run in this process, best of three; and the rule sets'
other variants.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import get_args

import numpy as np
import pyarrow as pa

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.operator import Filter, Global, Map, Operator
from datapipe.core.registry import operators
from datapipe.engine.driver import Driver
from datapipe.engine.executors.local import InProcess
from datapipe.io.opening import open_file
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse

NAMES = (
    "gopher_quality",
    "gopher_repetition",
    "c4_quality",
    "fineweb_quality",
    "redpajama_signals",
    "data_juicer_stats",
    "roots_quality",
    "refinedweb_lines",
    "fineweb2_quality",
    "madlad_quality",
    "code_quality",
    "normalize",
    "language_id",
    "exact_dedup",
    "mc4_quality",
)
SETS = ("gopher_quality", "gopher_repetition", "c4_quality", "fineweb_quality")


def batches(path: str) -> list[pa.RecordBatch]:
    """The file's documents as the engine would hand them to a step."""
    with Path(path).open("rb") as stream:
        documents = [json.loads(line) for line in stream]
    texts = [document["text"] for document in documents]
    rows = pa.RecordBatch.from_pydict(
        {
            ADDR: pa.array(np.arange(len(texts), dtype=np.uint64)),
            "id": pa.array([str(i) for i in range(len(texts))]),
            "text": pa.array(texts, pa.large_string()),
            "language": pa.array(["javascript"] * len(texts)),  # for code_quality, on prose: each quote opens a string
            "lang": pa.array([document.get("lang") for document in documents], pa.string()),
        }
    )
    step = max(1, len(texts) * 8_000_000 // max(rows.column("text").nbytes, 1))
    return [rows.slice(i, step) for i in range(0, rows.num_rows, step)]


RECIPE = """
name: rules
read: {{jsonl: {file}}}
steps:
  - gopher_quality: {{action: {action}}}
  - gopher_repetition: {{action: {action}}}
  - c4_quality: {{variant: datatrove, action: {action}}}
  - fineweb_quality: {{action: {action}}}
write: {{path: out}}
"""


class Quiet:
    """An observer that shows nothing."""

    def begin(self, title: str, tasks: int, done: int) -> None: ...
    def advance(self, rows: int, size: int) -> None: ...
    def end(self) -> None: ...
    def tell(self, notice: str) -> None: ...


def in_a_run(file: str, action: str) -> float:
    """Seconds of the four steps; `drop` leaves the later ones fewer rows, `tag` gives each all of them."""
    with tempfile.TemporaryDirectory() as folder:
        recipe = RECIPE.format(file=Path(file).resolve(), action=action)
        plan = compile_recipe(parse(recipe, f"{folder}/recipe.yaml"))
        manifest = Driver(plan, f"{folder}/out", InProcess(), Quiet()).run(False)
    return float(sum(step["seconds"] for step in manifest["steps"]))


def seconds(operator: Operator, work: list[pa.RecordBatch]) -> float:
    """The best of three times over all batches."""
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
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file")
    parser.add_argument(
        "--datatrove", metavar="PYTHON", help="an interpreter that has it: its four filters, in the same run"
    )
    asked = parser.parse_args()
    file = asked.file
    work = batches(file)
    size = sum(batch.column("text").nbytes for batch in work) / 1e6
    total = 0.0
    for name in NAMES:
        best = seconds(operators.get(name)(), work)
        if name in SETS:
            total += best
        print(f"{name:<20} {size / best:8.1f} MB/s", flush=True)
    print(f"{'the four rule sets':<20} {size / total:8.1f} MB/s")
    if asked.datatrove:
        rival = [asked.datatrove, str(Path(__file__).with_name("rival_datatrove.py")), "--time", file]
        took = float(subprocess.run(rival, capture_output=True, text=True, check=True).stdout)
        print(f"{'datatrove, all four':<20} {size / took:8.3f} MB/s, {took / total:.0f} times our seconds", flush=True)
    for action in ("drop", "tag"):
        best = min(in_a_run(file, action) for _ in range(3))
        print(f"{f'in a run, {action}':<20} {size / best:8.1f} MB/s")
    for name in SETS:
        for variant in get_args(operators.get(name).model_fields["variant"].annotation):
            best = seconds(operators.get(name)(variant=variant), work)
            print(f"{name:<20} {variant:<12} {size / best:8.1f} MB/s", flush=True)


if __name__ == "__main__":
    main()
