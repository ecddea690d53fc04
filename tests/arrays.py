"""A run for many members: a recipe whose every phase has several tasks, and what must be equal however it was run."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, Runs

RECIPE = """
name: array
audit: [exact_dedup]
input_split: 20KB
max_error_rate: 0.1
scores: true
memory: 32KB
plugins: [slow.py]
datasets:
  lines: {read: {jsonl: in/*.jsonl}, steps: [normalize, slow]}
  more: {read: {jsonl: more.jsonl}}
  corpus:
    from: [lines, more]
    steps: [{exact_dedup: {keep: longest}}, {sample: {fraction: 0.9}}]
write: {dataset: corpus, path: out, shard_size: 4KB}
"""
# Memory so small that questions are gathered and reduced in parts; slow on demand.
PLUGIN = """
import os, time
from datapipe import per_document
@per_document.map("slow")
def slow(text: str) -> str:
    time.sleep(float(os.environ.get("DATAPIPE_TEST_SLOW", "0")))
    return text
"""


def write_recipe(folder: Path, recipe: str = RECIPE) -> Path:
    """The recipe with its inputs, in a folder."""
    runs = Runs(folder)
    for n in range(4):
        rows = [{"id": f"{n}-{i}", "text": f"line  {(7 * i + n) % 140}\n" * 8} for i in range(160)]
        path = runs.jsonl(f"in/{n}.jsonl", [*rows, {"id": "twice", "text": f"twice {n}"}])
        path.write_bytes(path.read_bytes() + b"{broken\n")
    runs.jsonl("more.jsonl", [{"id": f"m{i}", "text": f"more {i % 90}\n" * 10} for i in range(150)])
    (folder / "slow.py").write_text(PLUGIN)
    path = folder / "recipe.yaml"
    path.write_text(recipe)
    return path


def start(*words: str, slow: str = "0", **more: str) -> subprocess.Popen[str]:
    """`datapipe …` as a process of its own session."""
    env = {**os.environ, "PYTHONPATH": str(ROOT), "DATAPIPE_TEST_SLOW": slow, **more}
    command = [sys.executable, "-m", "datapipe", *words]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=env, start_new_session=True)


def finish(process: subprocess.Popen[str]) -> tuple[int, str]:
    """Its exit code, and what it said on standard error."""
    _, said = process.communicate(timeout=400)
    return process.returncode, said


def result(out: Path) -> dict[str, str]:
    """All that must be equal, by digest: what is published, and the answers to questions with all their parts."""
    published = [
        p
        for name in ("data", "ledger", "quarantine", "edits", "scores", "audit")
        for p in sorted((out / name).glob("*"))
    ]
    answers = sorted(out.glob("work/*/artifacts/**/*.arrow"))
    assert published
    assert answers
    return {str(p.relative_to(out)): hashlib.sha256(p.read_bytes()).hexdigest() for p in [*published, *answers]}
