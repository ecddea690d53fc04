"""De-duplication, files to files, beside the rivals.

    dedup.py BULK [--mb 100] [--only OPERATOR] --datatrove PYTHON --text-dedup PYTHON --libraries PYTHON
                              --dolma PYTHON

BULK is a folder of *.jsonl. Whole processes with one worker, start-up, reading and writing included; seconds are CPU
seconds of the process and its children, so that a shared machine does not decide; MB/s is of text. Each interpreter must
have the rival: datatrove with spacy; text-dedup; rensa and duckdb (`--libraries`).
"""

from __future__ import annotations

import argparse
import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

RIVAL = Path(__file__).with_name("rival_dedup.py")
RECIPE = """
name: bench
read: {{{kind}: "{inputs}"}}
steps: [{step}]
write: {{path: {out}}}
"""
NEAR = "{minhash_dedup: {ngram: 5, bands: 14, rows: 8}}"


def take(bulk: str, folder: Path, megabytes: float, name: str) -> tuple[Path, Path, float]:
    """Every n-th document until there are enough, as JSON lines and as Parquet in four files; and their MB of text."""
    documents, size = [], 0
    files = sorted(Path(bulk).glob("*.jsonl"))
    every = max(1, int(sum(f.stat().st_size for f in files) / 1e6 / megabytes))
    for path in files:
        with path.open("rb") as stream:
            for number, line in enumerate(stream):
                if number % every == 0:
                    row = json.loads(line)
                    documents.append({"id": str(row["id"]), "text": row["text"]})
                    size += len(row["text"].encode())
    lines, parquet = folder / f"{name}-jsonl", folder / f"{name}-parquet"
    lines.mkdir()
    parquet.mkdir()
    quarter = -(-len(documents) // 4)
    for number in range(4):
        part = documents[number * quarter : (number + 1) * quarter]
        (lines / f"{number}.jsonl").write_text("".join(json.dumps(d, ensure_ascii=False) + "\n" for d in part))
        pq.write_table(pa.Table.from_pylist(part), parquet / f"{number}.parquet", compression="zstd")
    return lines, parquet, size / 1e6


def timed(command: Callable[[Path], list[str]], folder: Path, repeat: int) -> tuple[float, float, Path]:
    """The least CPU seconds and wall seconds of fresh runs of a command, and the output of the last one."""
    best = wall = float("inf")
    for _ in range(repeat):
        out = folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command(out), check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        wall = min(wall, time.perf_counter() - began)
    return best, wall, out


def ours(folder: Path, kind: str, inputs: str, step: str) -> Callable[[Path], list[str]]:
    """A run of one step."""

    def command(out: Path) -> list[str]:
        recipe = folder / "recipe.yaml"
        recipe.write_text(RECIPE.format(kind=kind, inputs=inputs, step=step, out=out))
        shutil.rmtree(out)
        return [sys.executable, "-m", "datapipe", "run", str(recipe), "--workers", "1", "--quiet"]

    return command


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk")
    parser.add_argument("--mb", type=float, default=100)
    parser.add_argument("--slow-mb", type=float, default=15, help="of text for datatrove, which needs minutes for 100")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--only", help="one operator")
    for name in ("datatrove", "text-dedup", "libraries", "dolma"):
        parser.add_argument(f"--{name}", metavar="PYTHON")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        large = take(arguments.bulk, folder, arguments.mb, "large")
        slow = take(arguments.bulk, folder, arguments.slow_mb, "slow")
        compare = (
            ("minhash_dedup", NEAR, "near-rensa", arguments.libraries, large, 3),
            ("minhash_dedup", NEAR, "near-text_dedup", arguments.text_dedup, large, 12),
            ("minhash_dedup", NEAR, "near-datatrove", arguments.datatrove, slow, 60),
            ("minhash_dedup", NEAR, "near-datatrove", arguments.datatrove, large, 60),
            ("exact_dedup", "{exact_dedup: {ignore: []}}", "exact-duckdb", arguments.libraries, large, 0.5),
            ("sentence_dedup", "sentence_dedup", "sentence-datatrove", arguments.datatrove, slow, 60),
            ("bloom_dedup", "{bloom_dedup: {remove: paragraph}}", "bloom-dolma", arguments.dolma, large, 1),
        )
        for operator, step, rival, python, (lines, parquet, megabytes), aim in compare:
            if arguments.only not in (None, operator):
                continue
            exact = operator == "exact_dedup"
            kind, inputs = ("parquet", parquet) if exact else ("jsonl", lines)
            pattern = f"{inputs}/*.{kind}"
            mine, wall, out = timed(ours(folder, kind, pattern, step), folder, arguments.repeat)
            manifest = json.loads((out / "manifest.json").read_text())
            said = (
                f"{operator:15} {megabytes:6.1f} MB: {mine:6.2f} s CPU, {wall:6.2f} s, {megabytes / mine:6.1f} MB/s, "
            )
            said += f"kept {manifest['rows_written']:,} of {manifest['rows_read']:,}"
            if python:
                repeat = 1 if "datatrove" in rival else arguments.repeat
                source = parquet if exact else lines
                theirs, their_wall, _ = timed(
                    lambda out, r=rival, p=python, s=source: [p, str(RIVAL), r, str(s), str(out)], folder, repeat
                )
                said += f"; {rival} {theirs:.2f} s CPU, {their_wall:.2f} s: {theirs / mine:.2f} times (aim {aim})"
            print(said, flush=True)


if __name__ == "__main__":
    main()
