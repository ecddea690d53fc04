"""bloom_dedup against a plain loop with a set, BFF's rules, and a filter whose rate is as planned."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RunFailed
from datapipe.engine.asking import ask
from datapipe.kernels.bloom import blocks_for, empty_filter, keys_and_functions, realised_rate, screen
from datapipe.ops.bloom_dedup import BloomDedup
from tests.conftest import SAMPLE, Runs
from tests.ops.texts import TEXTS
from tests.reference.bloom_dedup import bloom_dedup
from tests.reference.words import words

SURE = 1e-9  # a rate at which no test meets a false positive


def batch_of(texts: list[str | None], **more: list[Any]) -> pa.RecordBatch:
    columns = {ADDR: pa.array(np.arange(len(texts), dtype=np.uint64) + (2 << 40)),
               "text": pa.array(texts, pa.large_string()), **{k: pa.array(v) for k, v in more.items()}}  # fmt: skip
    return pa.RecordBatch.from_pydict(columns)


def left(batch: pa.RecordBatch, **parameters: Any) -> list[str | None]:
    """What is left of each text; None where it is dropped."""
    operator = BloomDedup.model_validate({"fpr": SURE, **parameters})
    operator.setup(Context("t.01", 1, open))  # type: ignore[arg-type]
    verdict = ask([operator], [batch])[1].judge(batch)  # type: ignore[union-attr]
    texts = verdict.columns["text"].to_pylist()
    return [text if keep else None for text, keep in zip(texts, verdict.keep, strict=True)]


def sample(name: str) -> list[str]:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO((SAMPLE / name).read_bytes())) as stream:
        return [orjson.loads(line)["text"] for line in stream.read().splitlines()]


@pytest.mark.parametrize("remove", ["paragraph", "document", "both"])
@pytest.mark.parametrize(("n", "least", "threshold"), [(13, 13, 0.8), (5, 2, 0.5), (3, 1, 1.0)])
def test_equals_a_set_on_real_documents(remove: str, n: int, least: int, threshold: float) -> None:
    texts = sample("web/web.jsonl.zst")[:150]
    texts += [text.replace("the", "a", 1) for text in texts[::7]] + texts[:20]
    expected = bloom_dedup(texts, words, remove, n, least, threshold)
    assert sum(a != b for a, b in zip(texts, expected, strict=True)) > 15
    assert left(batch_of(texts), remove=remove, ngram=n, min_ngram=least, threshold=threshold) == expected


@settings(max_examples=60, deadline=None)
@given(TEXTS, st.sampled_from(["paragraph", "document", "both"]))
def test_equals_a_set_on_any_text(texts: list[str | None], remove: str) -> None:
    texts = [*texts, *texts[::-1]]
    expected = bloom_dedup([text or "" for text in texts], words, remove, 2, 1, 0.6)
    found = left(batch_of(texts), remove=remove, ngram=2, min_ngram=1, threshold=0.6)
    assert [
        text or "" if text is not None or old is None else None for text, old in zip(found, texts, strict=True)
    ] == [text or "" if text is not None or old is None else None for text, old in zip(expected, texts, strict=True)]


A, B, C = "one two three four five", "six seven eight nine ten", "red green blue black white"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([A, A], [A, None]),
        ([f"{A}\n{B}", f"{B}\n{C}"], [f"{A}\n{B}", C]),  # the first line goes with the newline after it
        ([A, f"{B}\n{A}\n{C}"], [A, f"{B}\n{C}"]),
        ([A, f"{B}\n{C}\n{A}"], [A, f"{B}\n{C}"]),
        ([f"{A}\n{A}"], [A]),  # an earlier line of the same document has been seen
        ([f"{A} {A} {A}"], [f"{A} {A} {A}"]),  # its own n-grams are no duplicates of each other
        ([A, f"{A}\nshort", "short"], [A, None, "short"]),  # all that can be judged was seen; too short: stays
        ([f"{A}\n{B}\n{C}", f"{A}\n{B}\n{C}\nblack red"], [f"{A}\n{B}\n{C}", None]),
        ([None, "", "\n\n", A], [None, "", "\n\n", A]),
    ],
)
def test_lines_and_documents(texts: list[str | None], expected: list[str | None]) -> None:
    assert left(batch_of(texts), ngram=3) == expected


def test_a_removed_line_leaves_nothing_in_the_filter() -> None:
    first, longer = "a b c d e f g h i j k l", "a b c d e f g h i j k l m n"  # 10 and 12 trigrams, 10 of them seen
    assert left(batch_of([first, f"{longer}\n{B}", f"k l m n\n{C}"]), ngram=3) == [first, B, f"k l m n\n{C}"]


def test_who_comes_first() -> None:
    texts, sources = [A, A, f"{A}\n{B}"], ["web", "books", "web"]
    batch = batch_of(texts, source=sources)  # type: ignore[arg-type]
    assert left(batch, ngram=3, prefer=["books"]) == [None, A, B]
    assert left(batch, ngram=3, keep="longest") == [None, None, f"{A}\n{B}"]
    assert left(batch, ngram=3, against=["books"]) == [None, A, B]
    assert left(batch_of([B, B, A], source=["web", "web", "books"]), ngram=3, against=["books"]) == [B, B, A]


@pytest.mark.parametrize("rate", [0.1, 0.01, 1e-3, 1e-4])
def test_false_positives_are_as_planned(rate: float) -> None:
    keys, n = np.random.default_rng(5).integers(0, 1 << 64, 2_400_000, np.uint64), 400_000
    blocks, functions = blocks_for(n, rate), keys_and_functions(rate)[1]
    assert blocks * 512 / n < 1.1 * 1.4427 * np.log2(1 / rate) * 1.35  # bits a key: near those of an unblocked filter
    bits, seen, yes = empty_filter(blocks), np.zeros(1, np.int64), np.array([True])
    one = np.array([0, 1])
    screen(bits, functions, keys[:n], np.array([n], np.uint32), one, ~yes, yes, 0.5, seen)
    screen(bits, functions, keys[:n], np.array([n], np.uint32), one, yes, ~yes, 0.5, seen)
    assert seen[0] == n  # never a false negative
    new = keys[n:]
    screen(bits, functions, new, np.array([len(new)], np.uint32), one, yes, ~yes, 0.5, seen)
    error = 4 * np.sqrt(rate * len(new)) + 0.02 * rate * len(new)
    assert abs(seen[0] - realised_rate(bits, functions) * len(new)) <= error
    assert abs(seen[0] - rate * len(new)) <= error


def test_a_plan_that_is_exceeded_says_so() -> None:
    texts: list[str | None] = [f"{i} {i + 1} {i + 2} {i + 3}" for i in range(3000)]
    with pytest.raises(RunFailed, match=r"6,000 n-grams, expected_ngrams is 500: 0\.\d+ of new n-grams .* fpr: 0\.01"):
        left(batch_of(texts), ngram=3, fpr=0.01, expected_ngrams=500)
    assert len(left(batch_of(texts), ngram=3, fpr=0.01, expected_ngrams=6000)) == 3000
    with pytest.raises(
        RunFailed, match=r"6,000 n-grams at fpr: 0\.01 need 7\.49e-06 GB, more than 1e-06 \(memory_gb\)"
    ):
        left(batch_of(texts), ngram=3, fpr=0.01, memory_gb=1e-6)
    with pytest.raises(ValidationError, match=r"need 12\.4 GB, more than 8"):
        BloomDedup(expected_ngrams=10**10, memory_gb=8)
    assert "1.24 GB" in BloomDedup().remarks()[0]
    assert "for 6,000 n-grams" in BloomDedup(expected_ngrams=6000).remarks()[0]


def test_workers_shards_and_partitions_do_not_matter(runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
    texts = sample("web/web.jsonl.zst")[:150]
    texts += [f"{a}\n{b}" for a, b in zip(texts, texts[40:], strict=False)]
    runs.jsonl("a.jsonl", [{"id": str(i), "text": text} for i, text in enumerate(texts)])
    recipe = (
        "input_split: {}KB\nread: {{jsonl: a.jsonl}}\nsteps: [{{bloom_dedup: {{ngram: 5}}}}]\nwrite: {{path: out}}\n"
    )
    runs(recipe.format(10_000), "one")
    monkeypatch.setattr("datapipe.engine.reduce.PARTITION_BYTES", 40_000)
    monkeypatch.setattr("datapipe.ops.bloom_dedup.CHUNK", 3_000)
    runs(recipe.format(40), "many", workers=2)
    rows = runs.table("data", "one")
    assert [(r["id"], r["text"]) for r in rows] == [(r["id"], r["text"]) for r in runs.table("data", "many")]
    expected = bloom_dedup(texts, words, "both", 5, 5)
    differ = sum(r["text"] != expected[int(r["id"])] for r in rows)  # a rate of 0.01 decides about few lines
    assert differ <= 0.02 * len(rows)
    assert 0 < len(rows) < 290
    ledger = runs.table("ledger", "many")
    assert {r["reason"] for r in ledger} <= {"duplicate", "empty"}
    edit = runs.table("edits", "many")[0]["spans"][0]
    assert edit["reason"] == "seen_before"
    assert edit["of"] is None


def test_a_hundred_thousand_copies(runs: Runs) -> None:
    runs.jsonl("a.jsonl", [{"id": str(i), "text": A} for i in range(100_000)])
    manifest = runs("read: {jsonl: a.jsonl}\nsteps: [{bloom_dedup: {ngram: 4}}]\nwrite: {path: out}\n")
    assert (manifest["rows_written"], manifest["rows_dropped"]) == (1, 99_999)


def test_impossible_parameters_are_refused() -> None:
    for wrong in ({"min_ngram": 14}, {"threshold": 0}, {"fpr": 0.5}, {"remove": "line"}, {"expected_ngrams": 0}):
        with pytest.raises(ValidationError):
            BloomDedup.model_validate(wrong)
