"""`pii_scrub`, one core, in MB of text a second: `python tests/bench/pii.py BULK [--megabytes 60]`.

BULK is a folder of JSON lines with `text` and `lang`. CPU time, compiled before, best of three: the finder with the default
types and with all, and what each recognizer has of it; the operator, masking; whole runs with and
without the step (one worker). --datatrove, --dolma, --presidio, --re2 PYTHON: the same documents in interpreters that have
these tools, in the same run (--slow-megabytes of them for Presidio). --files: whole runs beside datatrove's, too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from datapipe.arrow.text import Text, text_of
from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.pii.catalog import TYPES
from datapipe.core.pii.finder import Finder
from datapipe.core.pii.recognizer import Candidate, Hit, Page
from datapipe.core.pii.recognizers import Settings, recognizers
from datapipe.io.opening import open_file
from datapipe.kernels.candidates import find_candidates
from datapipe.kernels.literals import find_literals
from datapipe.ops.pii_scrub import PiiScrub

DEFAULT = [name for name, kind in TYPES.items() if kind.default]
FILES = """
import sys
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.formatters import PIIFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
source, out = sys.argv[1:]
LocalPipelineExecutor([JsonlReader(source), PIIFormatter(), JsonlWriter(out)], tasks=1, logging_dir=out + "-log").run()
"""


def documents(bulk: str, megabytes: float) -> list[dict[str, Any]]:
    """Documents from the start of every file, so many megabytes of text together."""
    files = sorted(Path(bulk).glob("*.jsonl"))
    found = []
    for path in files:
        left = megabytes * 1e6 / len(files)
        with path.open("rb") as stream:
            for line in stream:
                row = json.loads(line)
                left -= len(row["text"].encode())
                if left < 0:
                    break
                found.append({"id": f"{len(found)}", "text": row["text"], "lang": row.get("lang")})
    return found


def batches(rows: list[dict[str, Any]]) -> list[pa.RecordBatch]:
    """As the engine hands them to a step: about 8 MB each."""
    table = pa.RecordBatch.from_pydict(
        {
            ADDR: pa.array(np.arange(len(rows), dtype=np.uint64)),
            "id": pa.array([row["id"] for row in rows]),
            "text": pa.array([row["text"] for row in rows], pa.large_string()),
            "lang": pa.array([row["lang"] for row in rows], pa.string()),
        }
    )
    step = max(1, len(rows) * 8_000_000 // max(table.column("text").nbytes, 1))
    return [table.slice(i, step) for i in range(0, table.num_rows, step)]


def best(call: Callable[[], object], turns: int = 3) -> float:
    """The least CPU seconds of several calls, after one that may compile."""
    call()
    seconds = []
    for _ in range(turns):
        began = time.process_time()
        call()
        seconds.append(time.process_time() - began)
    return min(seconds)


class Timed:
    """A recognizer with a clock."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.seconds = 0.0
        self.candidates = 0
        self.hits = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> list[Hit]:
        """As it does, all at once."""
        began = time.process_time()
        given = list(candidates)
        found = list(self.inner.find(page, iter(given)))
        self.seconds += time.process_time() - began
        self.candidates += len(given)
        self.hits += len(found)
        return found


def finder(types: list[str], name: str, work: list[tuple[Text, list[str | None]]], size: float) -> None:
    """Speed and shares of these types together."""
    plain = Finder(recognizers(types, Settings()), dict.fromkeys(types, 0.5))
    took = best(lambda: [plain.find(*one) for one in work])
    print(f"finder, {name:<24} {size / took:8.1f} MB/s   {took / size * 1000:6.2f} ms/MB", flush=True)
    timed = [Timed(one) for one in recognizers(types, Settings())]
    measured = Finder(timed, dict.fromkeys(types, 0.5))
    best(lambda: [measured.find(*one) for one in work], 1)
    for one in timed:
        one.seconds = one.candidates = one.hits = 0
    found = Counter(hit.type.partition(".")[0] for one in work for hit in measured.find(*one)[1])
    flat = [(np.asarray(text.offsets - text.offsets[0], np.int64), np.asarray(text.data)) for text, _ in work]
    parts = {"find_candidates": lambda: [find_candidates(*one) for one in flat]}
    if measured._literals is not None:
        parts["find_literals"] = lambda: [find_literals(*one, measured._literals) for one in flat]
    for part, call in parts.items():
        print(f"  {part:<22} {best(call) / size * 1000:6.2f} ms/MB")
    for one in sorted(timed, key=lambda one: -one.seconds):
        print(
            f"  {type(one.inner).__name__:<22} {one.seconds / size * 1000:6.2f} ms/MB   "
            f"{one.candidates / size:8.1f} candidates, {one.hits / size:7.2f} hits before choice, a MB"
        )
    print("  hits a MB: " + ", ".join(f"{kind} {n / size:.2f}" for kind, n in found.most_common()), flush=True)


def operator(work: list[pa.RecordBatch], size: float, name: str, parameters: dict[str, Any]) -> float:
    """Seconds of `pii_scrub` with these parameters."""
    step = PiiScrub.model_validate(parameters)
    step.setup(Context("bench", 0, open_file))
    took = best(lambda: [step.judge(batch) for batch in work])
    print(f"pii_scrub, {name:<21} {size / took:8.1f} MB/s", flush=True)
    return took


def rival(name: str, python: str, texts: list[str]) -> float:
    """CPU seconds of another tool for these texts."""
    given = json.dumps({"name": name, "texts": texts})
    script = str(Path(__file__).with_name("rival_pii.py"))
    done = subprocess.run([python, script], input=given, capture_output=True, text=True, check=True)
    seconds: float = json.loads(done.stdout.strip().splitlines()[-1])[0]
    return seconds


def cpu(command: list[str]) -> float:
    """CPU seconds of a command and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def runs(rows: list[dict[str, Any]], size: float, datatrove: str | None) -> None:
    """Whole processes, JSON lines in; ours with and without the step, and datatrove's."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "in"
        source.mkdir()
        with (source / "in.jsonl").open("w") as stream:
            stream.writelines(json.dumps(row) + "\n" for row in rows)
        took = {}
        for name, steps in (("read and write", "[]"), ("pii_scrub", "[pii_scrub]")):
            recipe = Path(folder) / "recipe.yaml"
            recipe.write_text(f"read: {{jsonl: in/*.jsonl}}\nsteps: {steps}\nwrite: {{path: out}}\n")
            command = [sys.executable, "-m", "datapipe", "run", str(recipe), "--workers", "1", "--quiet", "--fresh"]
            took[name] = min(cpu(command) for _ in range(2))
            print(f"run, {name:<24} {took[name]:8.2f} s CPU, {size / took[name]:.1f} MB/s", flush=True)
        if datatrove:
            seconds = cpu([datatrove, "-c", FILES, str(source), f"{folder}/theirs"])
            ratio = seconds / took["pii_scrub"]
            print(f"run, datatrove PIIFormatter      {seconds:8.2f} s CPU, {ratio:.1f} times ours", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bulk")
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--slow-megabytes", type=float, default=3)
    parser.add_argument("--files", action="store_true")
    for name in ("datatrove", "dolma", "presidio", "re2"):
        parser.add_argument(f"--{name}", metavar="PYTHON")
    asked = parser.parse_args()
    rows = documents(asked.bulk, asked.megabytes)
    work = batches(rows)
    size = sum(len(row["text"].encode()) for row in rows) / 1e6
    print(f"{len(rows):,} documents, {size:.1f} MB")
    texts = [(text_of(batch.column("text")), batch.column("lang").to_pylist()) for batch in work]
    finder(DEFAULT, "default types", texts, size)
    finder(list(TYPES), "all types", texts, size)
    ours = operator(work, size, "defaults", {}) / size
    two = operator(work, size, "e-mail and IP alone", {"entities": ["email", "ip"]}) / size
    for name in ("datatrove", "re2", "dolma", "presidio"):
        if python := getattr(asked, name):
            mine = documents(asked.bulk, asked.slow_megabytes) if name == "presidio" else rows
            part = sum(len(row["text"].encode()) for row in mine) / 1e6
            theirs = rival(name, python, [row["text"] for row in mine]) / part
            print(
                f"{name:<32} {1 / theirs:8.2f} MB/s, {theirs / ours:.1f} times our seconds, "
                f"{theirs / two:.1f} times those for e-mail and IP",
                flush=True,
            )
    if asked.files:
        runs(rows, size, asked.datatrove)


if __name__ == "__main__":
    main()
