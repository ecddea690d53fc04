"""A small corpus that is mixed, put in stages, packed and shuffled: rows go to new shards three times."""

from __future__ import annotations

from tests.conftest import Runs
from tests.engine.ordering import PLUGIN

RECIPE = """
name: ordered
seed: 5
plugins: [orders.py]
memory: 40KB
input_split: 6KB
datasets:
  web: {read: {jsonl: web-*.jsonl}, steps: [{length: {min_words: 2}}]}
  books: {read: {jsonl: books.jsonl}}
  corpus:
    from: [web, books]
    steps:
      - count
      - mixture: {unit: bytes, weights: {web: 0.6, books: 0.4}, max_epochs: 3, budget: 20K}
      - curriculum:
          unit: documents
          by: lang
          stages: [{name: mixed, share: 0.6, weights: {de: 0.5, en: 0.5}}, {name: last, share: 0.4, weights: {en: 1}}]
      - pack: {length: 64, method: concat, too_long: split}
      - shuffle
write: {dataset: corpus, path: out, shard_size: 40KB}
"""
OTHER = RECIPE.replace("{de: 0.5, en: 0.5}", "{de: 0.2, en: 0.8}").replace("weights: {en: 1}", "order: interleaved")


def write_ordered(runs: Runs) -> None:
    """Three files of two sources and two languages; some rows are dropped, some come twice or three times."""
    (runs.folder / "orders.py").write_text(PLUGIN)
    for name, n in (("web-0", 90), ("web-1", 60), ("books", 50)):
        rows = [
            {"id": f"{name}-{i}", "text": f"{name} {i} of {n}. " * (i % 9), "lang": "de" if i % 3 else "en"}
            for i in range(n)
        ]
        runs.jsonl(f"{name}.jsonl", rows)
