"""A question in rounds: what one barrier found is bound to the next question, in a run of several shards."""

from __future__ import annotations

import pytest

from tests.conftest import Runs

PLUGIN = '''
"""Drop the words that more than one document holds, naming the first document that holds each."""
from typing import ClassVar

import numpy as np
import pyarrow as pa
import xxhash
from pydantic import PrivateAttr

from datapipe import Filter, Global, Verdict
from datapipe.arrow.text import text_of
from datapipe.core.columns import ADDR
from datapipe.core.dedup.naming import TWIN, NameTwins
from datapipe.core.spans import spans_column


class SharedWords(Global):
    name: ClassVar[str] = "shared_words"
    writes: ClassVar = {"text": pa.large_string()}
    partition_by: ClassVar[str] = "key"

    def rounds(self):
        return (self, Names())

    def sketch(self, batch):
        rows = [(a, xxhash.xxh3_64_intdigest(w.encode()), n) for a, text in zip(batch.column(ADDR).to_pylist(),
                batch.column("text").to_pylist()) for n, w in enumerate((text or "").split(" "))]
        columns = list(zip(*rows)) or [[], [], []]
        types = (pa.uint64(), pa.uint64(), pa.int64())
        return pa.RecordBatch.from_arrays([pa.array(c, t) for c, t in zip(columns, types)], names=[ADDR, "key", "word"])

    def reduce(self, part):
        key, here = part.column("key").to_numpy(), part.column(ADDR).to_numpy()
        first = np.searchsorted(key, key)
        gone = first != np.arange(len(key))
        found = part.select([ADDR, "word"]).append_column(TWIN, pa.array(here[first], pa.uint64()))
        return Names.with_owners(found.filter(pa.array(gone)))

    def bind(self, artifact):
        return Names().hold(artifact)


class Names(NameTwins):
    payload: ClassVar[pa.Schema] = pa.schema([("word", pa.int64())])

    def bind(self, artifact):
        bound = Cut()
        for a, word, of in zip(*(artifact.column(c).to_pylist() for c in (ADDR, "word", "of"))):
            bound._gone.setdefault(a, {})[word] = of
        return bound


class Cut(Filter):
    writes: ClassVar = {"text": pa.large_string()}
    _gone: dict = PrivateAttr(default_factory=dict)

    def judge(self, batch):
        texts, rows, starts, ends, of = [], [], [], [], []
        for row, (a, text) in enumerate(zip(batch.column(ADDR).to_pylist(), batch.column("text").to_pylist())):
            at, kept = 0, []
            for n, word in enumerate((text or "").split(" ")):
                size = len(word.encode())
                if n in self._gone.get(a, {}):
                    rows.append(row), starts.append(at), ends.append(at + size), of.append(self._gone[a][n])
                else:
                    kept.append(word)
                at += size + 1
            texts.append(" ".join(kept))
        column = batch.column("text")
        spans = spans_column(text_of(column), *(np.array(v, np.int64) for v in (rows, starts, ends)), "shared", of)
        text = pa.array(texts, pa.large_string())
        empty = np.array([not t for t in texts])
        return Verdict(batch.num_rows, {"nothing_left": empty}, columns={"text": text}, spans=spans)
'''


RECIPE = """
name: rounds
plugins: [shared_words.py]
read: {jsonl: in-*.jsonl}
steps: [shared_words]
write: {path: out}
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_words_go_once_and_name_their_owner(runs: Runs, workers: int) -> None:
    (runs.folder / "shared_words.py").write_text(PLUGIN)
    for n, text in enumerate(["the grey cat", "a grey dog", "the cat", "un chien", "a a new dog chien"]):
        runs.jsonl(f"in-{n}.jsonl", [{"id": f"d{n}", "text": text}])
    runs(RECIPE, workers=workers)
    kept = {row["id"]: row["text"] for row in runs.table("data")}
    assert kept == {"d0": "the grey cat", "d1": "a dog", "d3": "un chien", "d4": "new"}
    edits = {r["id"]: [(s["start"], s["end"], s["of"], s["text"]) for s in r["spans"]] for r in runs.table("edits")}
    assert edits == {
        "d1": [(2, 6, "d0", "grey")],
        "d4": [(0, 1, "d1", "a"), (2, 3, "d1", "a"), (8, 11, "d1", "dog"), (12, 17, "d3", "chien")],
    }
    (dropped,) = runs.table("ledger")
    assert [(s["of"], s["text"]) for s in dropped["spans"]] == [("d0", "the"), ("d0", "cat")]
