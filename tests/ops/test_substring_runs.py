"""Substring de-duplication in runs: the same texts however the corpus is cut into files, shards, partitions and workers."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from tests.conftest import Runs

RECIPE = """
name: substrings
input_split: {split}
plugins: [parts.py]
read: {{jsonl: in/*.jsonl}}
steps: [{{substring_dedup: {{min_bytes: 60, min_words_left: 3}}}}]
write: {{path: out}}
"""
PARTS = "import datapipe.engine.reduce\ndatapipe.engine.reduce.PARTITION_BYTES = {size}\n"
GLUE = [" And so on. ", " — ", "\n\n", " 漢字 ", ""]


def corpus() -> list[dict[str, Any]]:
    """Documents of sentences of which a third stand in several, some of them cut short."""
    rng = np.random.default_rng(11)
    words = ["über", "the", "pipeline", "漢字", "corpus", "reads", "twice", "naïve", "😀", "shard", "a", "b", "of"]
    common = [" ".join(rng.choice(words, 25)) for _ in range(20)]
    rows = []
    for n in range(120):
        parts = []
        for _ in range(rng.integers(0, 6)):
            own = " ".join(rng.choice(words, rng.integers(1, 40)))
            shared = common[rng.integers(len(common))][rng.integers(0, 40) :]
            parts += [own if rng.random() < 0.7 else shared, GLUE[rng.integers(len(GLUE))]]
        rows.append({"id": f"d{n}", "text": "".join(parts)})
    return rows


def run(runs: Runs, rows: list[dict[str, Any]], per_file: int, split: str, size: int, workers: int) -> dict[str, Any]:
    for n, start in enumerate(range(0, len(rows), per_file)):
        runs.jsonl(f"in/{n:03}.jsonl", rows[start : start + per_file])
    (runs.folder / "parts.py").write_text(PARTS.format(size=size))
    runs(RECIPE.format(split=split), workers=workers)
    return {
        "data": [(row["id"], row["text"]) for row in runs.table("data")],
        "edits": [(row["id"], row["spans"]) for row in runs.table("edits")],
        "ledger": [(row["id"], row["reason"], row["duplicate_of"], row["spans"]) for row in runs.table("ledger")],
    }


@pytest.mark.parametrize(("per_file", "split", "size", "workers"), [(7, "1MB", 1 << 28, 0), (50, "3KB", 5000, 2)])
def test_the_same_texts(
    runs: Runs, tmp_path_factory: pytest.TempPathFactory, per_file: int, split: str, size: int, workers: int
) -> None:
    rows = corpus()
    one = run(Runs(tmp_path_factory.mktemp("one")), rows, 200, "1MB", 1 << 28, 0)
    assert run(runs, rows, per_file, split, size, workers) == one
    assert len(one["edits"]) > 20
    assert {reason for _, reason, _, _ in one["ledger"]} == {"nothing_left", "too_few_words_left"}

    texts = {row["id"]: row["text"] for row in rows}
    left = dict(one["data"])
    for name, spans in one["edits"]:
        text = texts[name]
        kept, at = "", 0
        for span in spans:
            kept += text[at : span["start"]]
            assert text[span["start"] :].startswith(span["text"])
            assert span["text"][:14] in texts[span["of"]]
            at = span["end"]
        assert kept + text[at:] == left[name]
    windows = [text.encode()[i : i + 60] for name, text in left.items() for i in range(len(text.encode()) - 59)]
    assert len(windows) - len(set(windows)) < 3  # what a cut joined


def test_a_shard_without_documents_and_one_without_repetitions(runs: Runs) -> None:
    passage = "".join(map(chr, range(0x3041, 0x3090)))
    runs.jsonl("in/a.jsonl", [{"id": "a", "text": "one " + passage}])
    runs.jsonl("in/b.jsonl", [])
    runs.jsonl("in/c.jsonl", [{"id": "c", "text": "nothing of it"}])
    runs.jsonl("in/d.jsonl", [{"id": "d", "text": passage + " two words here"}, {"id": "e", "text": ""}])
    (runs.folder / "parts.py").write_text(PARTS.format(size=1 << 20))
    runs(RECIPE.format(split="1MB"))
    assert {row["id"]: row["text"] for row in runs.table("data")} == {
        "a": "one " + passage,
        "c": "nothing of it",
        "d": " two words here",
        "e": "",
    }


def test_without_machine_code() -> None:
    """The kernels as plain Python find the same, without a warning."""
    code = (
        "import pyarrow as pa\n"
        "from datapipe.core.columns import ADDR\n"
        "from datapipe.engine.asking import ask\n"
        "from datapipe.ops.substring_dedup import SubstringDedup\n"
        "texts = ['one two three four five six', 'und one two three four five', 'ab' * 40, '']\n"
        "columns = {ADDR: pa.array(range(4), pa.uint64()), 'id': list('abcd'), 'text': pa.array(texts, pa.large_string())}\n"
        "rows = pa.RecordBatch.from_pydict(columns)\n"
        "for how in ({'min_bytes': 16}, {'min_words': 4, 'remove': 'all'}):\n"
        "    spans, bound = ask(SubstringDedup(**how).rounds(), [rows])\n"
        "    print(spans.to_pydict(), bound.judge(rows).columns['text'].to_pylist())\n"
    )
    said = [
        subprocess.run(
            [sys.executable, "-W", "error", "-c", code],
            env={**os.environ, "NUMBA_DISABLE_JIT": flag}, check=True, capture_output=True, text=True,
        ).stdout
        for flag in "01"
    ]  # fmt: skip
    assert said[0] == said[1]
    assert "'und ', 'ab', ''" in said[0]
