"""Sampling and a global shuffle of rows (id, source, tokens): `python tests/bench/ordering.py MILLIONS [--mixture] [--checked]`.

The rows lie in Parquet, 5 million a file; their text is the name of what they are of. They go through a whole run: read,
`sample`, `shuffle`, published; with --mixture one that is weighted by kind, in tokens, is in the place of both. One line
for each phase: CPU seconds per million rows, seconds on the clock, the largest memory of a worker; with --checked, ids are
looked through for duplicates first. --profile: where one process spends its time, in place of two workers. --shards N: rows
as JSON lines, from N shards to as many; --at-once: not by groups of new shards, however many there are.
"""

from __future__ import annotations

import argparse
import cProfile
import hashlib
import pstats
import shutil
import tempfile
import time
from collections import defaultdict
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from datapipe.engine.driver import Driver
from datapipe.engine.estimate.measure import Meter
from datapipe.engine.executors.local import InProcess, LocalPool
from datapipe.plan import ordered
from datapipe.plan.compile import compile_recipe
from datapipe.plan.locate import parse
from tests.conftest import Quiet

FILE = 5_000_000  # rows
SOURCES = ("web", "books", "code", "papers", "wiki", "news", "forums", "math")


def write_rows(folder: Path, rows: int) -> None:
    """Files of rows whose ids look like those of a crawl."""
    draw = np.random.default_rng(1)
    for number, start in enumerate(range(0, rows, FILE)):
        n = min(FILE, rows - start)
        ids = pa.array(np.char.add("doc-", np.char.zfill(np.arange(start, start + n).astype("U9"), 9)))
        table = pa.table(
            {
                "id": ids,
                "kind": pa.DictionaryArray.from_arrays(draw.integers(0, len(SOURCES), n).astype(np.int8), SOURCES),
                "tokens": (draw.lognormal(6, 1, n)).astype(np.int64),
            }
        )
        pq.write_table(table, folder / f"rows-{number:04d}.parquet", row_group_size=1 << 20)


def write_lines(folder: Path, rows: int) -> None:
    """The same kind of rows in a file that can be cut anywhere."""
    with (folder / "rows.jsonl").open("w") as lines:
        for number in range(rows):
            lines.write(f'{{"id": "doc-{number:09}", "kind": "{SOURCES[number % 8]}", "tokens": {number % 997}}}\n')


def main() -> None:
    """Make the rows, run, tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("millions", type=float)
    parser.add_argument("--checked", action="store_true")
    parser.add_argument("--mixture", action="store_true")
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--shards", type=int)
    parser.add_argument("--at-once", action="store_true")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where the rows are, or are to stay")
    options = parser.parse_args()
    rows = int(options.millions * 1e6)
    folder = options.keep or Path(tempfile.mkdtemp(prefix="ordering-"))
    if not (folder / "in").exists():
        (folder / "in").mkdir(parents=True)
        (write_lines if options.shards else write_rows)(folder / "in", rows)
    if options.at_once:
        ordered.PAIRS = 1 << 60
    ids = "" if options.checked else ", duplicate_ids: keep"
    mixture = (
        f"mixture: {{by: text, tokens: tokens, weights: {{temperature: 2}}, budget: {500 * rows}, shortfall: cap}}"
    )
    steps = mixture if options.mixture else "sample: {fraction: 0.9}}, {shuffle: {}"
    source = "read: {parquet: in/*.parquet"
    if options.shards:
        size = (folder / "in" / "rows.jsonl").stat().st_size
        source = f"input_split: {size // options.shards + 1}\nread: {{jsonl: in/*.jsonl"
    recipe = (
        f"{source}, columns: {{text: kind, tokens: {{field: tokens, type: int}}}}{ids}}}\n"
        f"steps: [{{{steps}}}]\n"
        "write: {path: out, shard_size: 256MB}\nledger: {text: none}\n"
    )
    plan = compile_recipe(parse(recipe, str(folder / "recipe.yaml")))
    shutil.rmtree(folder / "out", ignore_errors=True)
    meter = Meter(InProcess() if options.profile else LocalPool(2))
    began, profile = time.perf_counter(), cProfile.Profile()
    with profile if options.profile else nullcontext():
        manifest = Driver(plan, str(folder / "out"), meter, Quiet()).run()
    took = time.perf_counter() - began
    meter.executor.close()
    tell(plan, meter, rows)
    size = sum(file.stat().st_size for file in folder.glob("in/*"))
    new = len(plan.stage(plan.publications[0].stage).numbers())
    data = hashlib.sha256(b"".join(file.read_bytes() for file in sorted(folder.glob("out/data/*")))).hexdigest()[:8]
    print(
        f"{rows / 1e6:g} million rows, {size / 1e6:.0f} MB read, {manifest['rows_written']:,} written: {took:.1f} s; "
        f"{len(plan.inputs())} shards to {new}; data {data}"
    )
    if options.profile:
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
    if not options.keep:
        shutil.rmtree(folder)


def tell(plan: object, meter: Meter, rows: int) -> None:
    """One line for each phase."""
    cpu: dict[tuple[str, str], float] = defaultdict(float)
    memory: dict[tuple[str, str], int] = defaultdict(int)
    clock: dict[tuple[str, str], float] = defaultdict(float)
    for task, spent in meter.spent:
        phase = task.kind, task.stage
        cpu[phase] += spent["cpu"]
        clock[phase] += spent["seconds"]
        memory[phase] = max(memory[phase], spent["memory"])
    for phase in cpu:
        print(
            f"{phase[0]:<8} {phase[1]:<17} {cpu[phase] / rows * 1e6:6.3f} CPU s, {clock[phase] / rows * 1e6:6.3f} s a million "
            f"rows, {memory[phase] / 1e6:,.0f} MB"
        )
    print(f"all {sum(cpu.values()) / rows * 1e6:.3f} CPU s a million rows, {max(memory.values()) / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
