"""A small corpus in which everything happens: drops, duplicates, edits, bad lines, duplicate ids, several stages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.conftest import Runs

RECIPE = """
name: eventful
seed: 5
max_error_rate: 0.5
scores: true
input_split: 8KB
datasets:
  web: {read: {jsonl: web-*.jsonl}, steps: [normalize, {length: {min_words: 4}}]}
  rest: {read: {jsonl: rest.jsonl}}
  corpus: {from: [web, rest], steps: [exact_dedup, {sample: {fraction: 0.9}}]}
write: {dataset: corpus, path: out, shard_size: 10KB}
"""


def write_corpus(runs: Runs) -> None:
    """Two files of a dataset that is cleaned first, and one whose last shards no answer is about."""
    for name in ("web-0", "web-1"):
        rows = [{"id": f"{name}-{i}", "text": f"Ｗide and  wi​de {i % 60} " * (i % 9)} for i in range(150)]
        runs.jsonl(f"{name}.jsonl", [*rows, rows[3]])  # the last id is there twice
    with (runs.folder / "web-0.jsonl").open("ab") as stream:
        stream.write(b'{"id": "cut", "te\n')
    runs.jsonl("rest.jsonl", [{"id": f"r{i}", "text": f"The rest is number {i} of many.\n" * 3} for i in range(200)])


def conserved(manifest: dict[str, Any]) -> bool:
    """The law: read + added = written + dropped + quarantined + merged."""
    gone = sum(manifest.get(f"rows_{how}", 0) for how in ("dropped", "quarantined", "merged"))
    return bool(manifest["rows_read"] + manifest["rows_added"] == manifest["rows_written"] + gone)


def leftovers(out: Path) -> list[Path]:
    """What a killed or failed writer left."""
    return list(out.rglob(".*.tmp"))
