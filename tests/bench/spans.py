"""Sentence de-duplication beside datatrove: `python tests/bench/spans.py BULK VENV/bin/python [--megabytes 80]`.

BULK is a folder of JSON lines with `text` and `lang`, VENV has datatrove. First the kernels alone, MB/s of text and
CPU time, best of five; then whole runs, reading and writing included: datatrove's three stages over a sample of English
(its own process, the start of Python and its imports left out) and `datapipe run` over the same sample and over the
corpus (one worker), in CPU time, too. Last, how many of the sample's texts are the same.
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
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from datapipe.arrow.text import text_of
from datapipe.core.dedup.units import sentences_of, spans_of, units_of

RECIPE = "read: {{jsonl: {source}}}\nsteps: [{step}]\nwrite: {{path: out}}\n"


def documents(bulk: str, megabytes: float, lang: str | None) -> list[dict[str, Any]]:
    """The first documents of the corpus, or of a language, that make so many megabytes of text."""
    found: list[dict[str, Any]] = []
    left = megabytes * 1e6
    for path in sorted(Path(bulk).glob("*.jsonl")):
        for line in path.open("rb"):
            row = json.loads(line)
            if lang is not None and (row["lang"] != lang or len(row["text"]) > 50_000):
                continue
            found.append({"id": f"{len(found)}", "text": row["text"]})
            left -= len(row["text"].encode())
            if left < 0:
                return found
    return found


def best(call: Callable[[], object], turns: int = 5) -> float:
    """The least CPU seconds of several calls, after one that may compile."""
    call()
    seconds = []
    for _ in range(turns):
        began = time.process_time()
        call()
        seconds.append(time.process_time() - began)
    return min(seconds)


def kernels(rows: list[dict[str, Any]]) -> None:
    """Cutting and hashing, on 20 MB."""
    text = text_of(pa.array([row["text"] for row in rows], pa.large_string()))
    size = float(text.lengths.sum()) / 1e6
    print(f"{'sentences':<28}{size / best(lambda: units_of(text, 'sentence')):8.0f} MB/s")
    print(f"{'sentences and words':<28}{size / best(lambda: sentences_of(text, 1 << 62)):8.0f} MB/s")
    print(f"{'lines':<28}{size / best(lambda: units_of(text, 'line')):8.0f} MB/s")
    cut = units_of(text, "sentence")
    print(f"{'keys of 3 sentences':<28}{size / best(lambda: spans_of(text, cut, 'datatrove', 3)):8.0f} MB/s")
    lines = units_of(text, "line")
    print(f"{'keys of lines, c4':<28}{size / best(lambda: spans_of(text, lines, 'c4')):8.0f} MB/s")
    print(f"{'keys of lines, ccnet':<28}{size / best(lambda: spans_of(text, lines, 'ccnet')):8.0f} MB/s", flush=True)


def ours(rows: list[dict[str, Any]], folder: Path, step: str, turns: int = 3) -> tuple[float, dict[str, str]]:
    """Least CPU seconds of whole runs, and the texts that stay."""
    write(rows, folder / "in.jsonl")
    (folder / "recipe.yaml").write_text(RECIPE.format(source=folder / "in.jsonl", step=step))
    seconds = []
    for _ in range(turns):
        shutil.rmtree(folder / "out", ignore_errors=True)
        command = [sys.executable, "-m", "datapipe", "run", str(folder / "recipe.yaml"), "--workers", "1", "--quiet"]
        began = spent()
        subprocess.run(command, check=True)
        seconds.append(spent() - began)
    table = pq.read_table(folder / "out/data", columns=["id", "text"])
    return min(seconds), dict(zip(*(table.column(name).to_pylist() for name in ("id", "text")), strict=True))


def theirs(python: str, rows: list[dict[str, Any]], folder: Path) -> tuple[float, dict[str, str]]:
    """datatrove's CPU seconds, and the texts that stay."""
    source = folder / "rival-in"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    write(rows, source / "in.jsonl")
    rival = Path(__file__).with_name("rival_sentence_dedup.py")
    shutil.rmtree(folder / "rival", ignore_errors=True)
    command = [python, str(rival), str(source), str(folder / "rival")]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode:
        raise SystemExit(said.stderr)
    lines = [line for path in (folder / "rival/data").glob("*.jsonl") for line in path.open("rb")]
    return float(said.stdout.split()[-1]), {row["id"]: row["text"] for row in map(json.loads, lines)}


def spent() -> float:
    """CPU seconds of the processes that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def write(rows: list[dict[str, Any]], path: Path) -> None:
    path.write_bytes(b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows))


def compare(rows: list[dict[str, Any]], mine: dict[str, str], other: dict[str, str]) -> None:
    """How many fates and texts are equal; white space at the ends aside, which datatrove strips or loses."""
    whole = {row["id"]: row["text"] for row in rows}
    changed = [i for i in whole if mine.get(i) != whole[i] or other.get(i) != whole[i]]
    equal = [
        i for i in whole if (mine.get(i) or "").strip() == (other.get(i) or "").strip() and (i in mine) == (i in other)
    ]
    print(
        f"texts alike {len(equal)} of {len(whole)}; {len(set(equal) & set(changed))} of {len(changed)} that either changed"
    )
    for name, left in (("datapipe", mine), ("datatrove", other)):
        cut = sum(i in left and left[i].strip() != whole[i].strip() for i in whole)
        print(f"    {name:<10} dropped {len(whole) - len(left)}, cut {cut}, characters {sum(map(len, left.values()))}")
    for i in [i for i in whole if i not in set(equal)][:8]:
        print(f"    {i}: datapipe {len(mine[i]) if i in mine else 'dropped'}, "
              f"datatrove {len(other[i]) if i in other else 'dropped'} of {len(whole[i])} characters")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bulk")
    parser.add_argument("python", help="an interpreter with datatrove")
    parser.add_argument("--megabytes", type=float, default=80)
    parser.add_argument("--sample", type=float, default=4, help="megabytes of English beside datatrove")
    asked = parser.parse_args()
    kernels(documents(asked.bulk, 20, None))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = documents(asked.bulk, asked.sample, "en")
        size = sum(len(row["text"].encode()) for row in rows) / 1e6
        seconds, other = theirs(asked.python, rows, folder)
        _, mine = ours(rows, folder, "sentence_dedup", 1)
        print(f"datatrove, {size:.1f} MB of English: {size / seconds:.2f} MB/s", flush=True)
        bulk = documents(asked.bulk, asked.megabytes, None)
        whole = sum(len(row["text"].encode()) for row in bulk) / 1e6
        for step in ("sentence_dedup", "line_dedup", "paragraph_dedup"):
            start, _ = ours(bulk[:5], folder, step)
            taken, _ = ours(bulk, folder, step)
            speeds = whole / taken, whole / (taken - start), size / seconds
            print(
                f"{step}, {whole:.0f} MB: {speeds[0]:.1f} MB/s, without the {start:.1f} s in which it starts {speeds[1]:.1f}",
                end="",
            )
            times = f": {speeds[0] / speeds[2]:.0f} and {speeds[1] / speeds[2]:.0f} times datatrove"
            print(times if step == "sentence_dedup" else "", flush=True)
        compare(rows, mine, other)


if __name__ == "__main__":
    main()
