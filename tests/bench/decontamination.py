"""Decontamination: recall by kind of contamination, and speed: `python tests/bench/decontamination.py BULK GOLD`.

BULK is a folder of *.jsonl, of which some 30 MB are taken; GOLD holds evaluation sets as *.jsonl.gz and, in
contaminated_docs.jsonl.zst, documents with `contaminated` and `mode`. Speed is by CPU time, one core, best of five.
`--janitor FILE` runs lm-eval's janitor.py on 3 MB of the same documents; `--datatrove PYTHON` its n-gram filter, in an
interpreter that has it, and counts on how many gold documents it decides as variant fineweb does.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import zstandard

from datapipe.core.context import Context
from datapipe.core.evaluation.benchmark import Item, Layout, read_benchmarks
from datapipe.io.opening import open_file
from datapipe.ops.decontaminate import Decontaminate

SAMPLE, RIVALS, BATCH = 30_000_000, 3_000_000, 1_000_000  # bytes
LONGEST = 100_000  # characters: longer documents would be most of a rival's sample
RULES: tuple[dict[str, Any], ...] = (
    {},
    {"min_words": 13},
    {"ngram": 8},
    {"variant": "gpt3"},
    {"variant": "palm"},
    {"variant": "fineweb"},
)
CTX = Context("bench", 0, open_file)
RIVAL = Path(__file__).with_name("rival_decontamination.py")


def sample(folder: Path) -> list[str]:
    """Documents from all over the folder's files."""
    files = sorted(folder.glob("*.jsonl"))
    step = max(1, sum(file.stat().st_size for file in files) // SAMPLE)
    lines = (line for file in files for line in file.open("rb"))
    texts = (json.loads(line)["text"] for i, line in enumerate(lines) if i % step == 0)
    return [text for text in texts if len(text) < LONGEST]


def few(texts: list[str], size: int) -> list[str]:
    """Documents from all over the list, of so many bytes."""
    step = max(1, sum(len(text.encode()) for text in texts) // size)
    return texts[::step]


def batches(texts: list[str]) -> list[pa.RecordBatch]:
    """As the engine would hand them to the step."""
    column = pa.array(texts, pa.large_string())
    rows = max(1, len(texts) * BATCH // max(column.nbytes, 1))
    return [pa.RecordBatch.from_arrays([column.slice(i, rows)], ["text"]) for i in range(0, len(texts), rows)]


def rate(texts: list[str], run: Callable[[], object], rounds: int) -> float:
    """MB a second of CPU time, the best round."""
    seconds = []
    for _ in range(rounds):
        started = time.process_time()
        run()
        seconds.append(time.process_time() - started)
    return sum(len(text.encode()) for text in texts) / min(seconds) / 1e6


def ours(sets: list[str], texts: list[str], gold: list[dict[str, Any]]) -> list[bool]:
    """Print a line for each rule; what the last one (fineweb) says of the gold documents."""
    modes = Counter(row["mode"] for row in gold)
    whole, parts = (
        batches(texts),
        pa.RecordBatch.from_pydict({"text": pa.array([r["text"] for r in gold], pa.large_string())}),
    )
    hit: list[bool] = []
    for rule in RULES:
        operator = Decontaminate(against=tuple(sets), **rule)
        operator.setup(CTX)
        hit = (operator.judge(parts).scores["hits"] > 0).tolist()
        found = Counter(row["mode"] for row, is_hit in zip(gold, hit, strict=True) if is_hit)
        false = sum(is_hit for row, is_hit in zip(gold, hit, strict=True) if not row["contaminated"])
        speed = rate(texts, lambda operator=operator: [operator.judge(batch) for batch in whole], 5)
        shown = ", ".join(f"{mode} {found[mode]}/{n}" for mode, n in sorted(modes.items()))
        print(f"{rule or 'default'}: {speed:.0f} MB/s; {sum(hit) - false} right, {false} wrong: {shown}", flush=True)
    return hit


def janitor(file: str, items: list[Item], texts: list[str]) -> None:
    """Its Python code; the compiled one splits words after 11 letters."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        spec = importlib.util.spec_from_file_location("janitor", file)
        assert spec is not None and spec.loader is not None  # noqa: PT018  # one thing for mypy
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        known = module.Janitor()
        for item in items:
            for part in (*([item.question] if item.question else []), *item.answers):
                known.register_contaminant_python(part.text)
        speed = rate(texts, lambda: [known.clean_python(text) for text in texts], 1)
    print(f"janitor.py: {speed:.2f} MB/s")


def datatrove(
    python: str, items: list[Item], texts: list[str], gold: list[dict[str, Any]], fineweb: list[bool]
) -> None:
    """Its filter and its index of hashes."""
    known = [
        (item.benchmark, part.text, item.question.text if item.question and item.answers else None)
        for item in items
        for part in (item.answers or ((item.question,) if item.question else ()))
    ]
    given = {"items": known, "texts": texts, "gold": [row["text"] for row in gold]}
    done = subprocess.run([python, str(RIVAL)], input=json.dumps(given), capture_output=True, text=True, check=True)
    seconds, theirs = json.loads(done.stdout.splitlines()[-1])
    same = sum(a == b for a, b in zip(theirs, fineweb, strict=True))
    print(
        f"datatrove: {sum(len(t.encode()) for t in texts) / seconds / 1e6:.2f} MB/s; as fineweb on {same} of {len(gold)}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bulk", type=Path)
    parser.add_argument("gold", type=Path)
    parser.add_argument("--janitor", metavar="FILE")
    parser.add_argument("--datatrove", metavar="PYTHON")
    options = parser.parse_args()
    with zstandard.open(options.gold / "contaminated_docs.jsonl.zst", "rb") as stream:
        labelled = [json.loads(line) for line in io.BytesIO(stream.read())]
    evaluations = sorted(map(str, options.gold.glob("*.jsonl.gz")))
    corpus = sample(options.bulk)
    decided = ours(evaluations, corpus, labelled)
    read = read_benchmarks(evaluations, Layout(), CTX)
    if options.janitor:
        janitor(options.janitor, read, few(corpus, RIVALS))
    if options.datatrove:
        datatrove(options.datatrove, read, few(corpus, RIVALS), labelled, decided)
