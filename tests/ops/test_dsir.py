"""dsir against the weights of the published package, and against drawing as it is written down."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import DatapipeError, RecipeError
from datapipe.core.importance.drawing import greatest, gumbel
from datapipe.core.importance.features import SMOOTHING, log_ratio
from datapipe.core.importance.target import target_texts
from datapipe.core.verdict import Verdict
from datapipe.engine.asking import ask
from datapipe.io.opening import open_file
from datapipe.ops.dsir import WEIGHT, Dsir
from tests.conftest import SAMPLE, Runs, compile_text

GOLDEN = orjson.loads((Path(__file__).parent / "golden_dsir.json").read_bytes())


def sample(name: str, count: int) -> list[str]:
    packed = (SAMPLE / name / f"{name}.jsonl.zst").read_bytes()
    data = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(packed)).read()
    return [orjson.loads(line)["text"] for line in data.split(b"\n")[:count]]


def batch_of(texts: list[str | None]) -> pa.RecordBatch:
    n = len(texts)
    address = pa.array(np.arange(n, dtype=np.uint64) + (2 << 40))
    columns = {ADDR: address, "id": pa.array([f"d{i}" for i in range(n)])}
    return pa.RecordBatch.from_pydict({**columns, "text": pa.array(texts, pa.large_string())})


def verdict_of(batch: pa.RecordBatch, seed: int = 1, cuts: tuple[int, ...] = (), **parameters: Any) -> Verdict:
    rounds = Dsir.model_validate(parameters).rounds()
    for question in rounds:
        question.setup(Context("dsir", seed, open_file))
    edges = [0, *cuts, batch.num_rows]
    pieces = [batch.slice(a, b - a) for a, b in pairwise(edges)]
    bound = ask(rounds, pieces)[1]
    verdict: Verdict = bound.judge(batch)  # type: ignore[union-attr]
    return verdict


@pytest.fixture
def target(tmp_path: Path) -> str:
    path = tmp_path / "target.jsonl"
    path.write_bytes(b"".join(orjson.dumps({"text": text}) + b"\n" for text in sample("science", GOLDEN["target"])))
    return str(path)


@pytest.fixture
def corpus() -> pa.RecordBatch:
    return batch_of([*sample("web", GOLDEN["raw"]), *GOLDEN["odd"]])


@pytest.mark.parametrize("words", ["unicode", "python"])
def test_equals_the_published_package(words: str, target: str, corpus: pa.RecordBatch) -> None:
    verdict = verdict_of(corpus, target=target, count=20, top_k=True, words=words)
    expected = np.array(GOLDEN[words]["weights"])
    assert np.abs(verdict.scores[WEIGHT] - expected).max() < 1e-6
    long_enough = np.array(GOLDEN[words]["words"]) >= 100
    assert (verdict.failed["too_short"] == ~long_enough).all()
    ranked = np.argsort(np.where(long_enough, -expected, np.inf), kind="stable")
    assert set(np.flatnonzero(verdict.keep)) == set(ranked[:20])
    assert verdict.columns[WEIGHT].to_pylist() == verdict.scores[WEIGHT].tolist()


def test_noise_is_of_the_seed_and_the_id(target: str) -> None:
    corpus = batch_of([f"{word} and a few more words" for word in ("the", "one", "two", "of", "b") for _ in range(40)])
    drawn = [verdict_of(corpus, seed, target=target, keep=0.5, min_words=0).keep for seed in (1, 1, 2)]
    assert (drawn[0] == drawn[1]).all()
    assert (drawn[0] != drawn[2]).any()
    assert [flags.sum() for flags in drawn] == [round(0.5 * corpus.num_rows)] * 3
    cut = verdict_of(corpus, 1, (3, 3, 90), target=target, keep=0.5, min_words=0)
    assert (cut.keep == drawn[0]).all()


def test_draws_with_chances_that_are_as_the_weights() -> None:
    """Of four rows one is drawn, 20,000 times; the standard deviation of a share is below .0036."""
    weights = np.log([0.1, 0.2, 0.3, 0.4])
    noise = gumbel(3, [f"{draw}:{row}" for draw in range(20_000) for row in range(4)]).reshape(-1, 4)
    shares = np.bincount(np.argmax(weights + noise, axis=1), minlength=4) / 20_000
    assert np.abs(shares - [0.1, 0.2, 0.3, 0.4]).max() < 0.014


@pytest.mark.parametrize("kinds", [2, 50, 100_000])
def test_the_greatest_of_any_parts(kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    scores = rng.choice(np.concatenate([rng.normal(size=kinds) * 1e3, [0.0, -0.0, 5e-324, -np.inf]]), 3000)
    address = rng.permutation(3000).astype(np.uint64) + (1 << 63)
    order = np.lexsort((address, -scores))
    eligible = int((scores > -np.inf).sum())
    for count in (0, 1, 7, 1500, eligible, 5000):
        for cuts in ([], [10, 10, 2000]):
            found = np.concatenate(greatest(np.split(scores, cuts), np.split(address, cuts), count))
            assert set(np.flatnonzero(found)) == set(order[: min(count, eligible)])


def test_equal_documents_go_by_address(target: str) -> None:
    text = "the same words of a document again " * 20
    verdict = verdict_of(batch_of([text] * 9), target=target, count=4, top_k=True)
    assert verdict.keep.tolist() == [True] * 4 + [False] * 5


def test_ratio_of_what_one_side_lacks() -> None:
    target, corpus = np.array([1, 0, 1, 0]), np.array([0, 3, 1, 0])
    expected = np.log(np.array([0.5, 0, 0.5, 0]) + SMOOTHING) - np.log(np.array([0, 0.75, 0.25, 0]) + SMOOTHING)
    assert np.allclose(log_ratio(target, corpus), expected, rtol=1e-12)


def test_targets_are_lines_or_texts(tmp_path: Path) -> None:
    ctx = Context("dsir", 1, open_file)
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.compress(b'{"body": "One"}\n\n{"body": ""}\n'))
    (tmp_path / "b.txt").write_text("\ufeffTwo\n\nthree", encoding="utf-8")
    paths = [str(tmp_path / "a.jsonl.zst"), str(tmp_path / "b.txt")]
    assert list(target_texts(paths, "body", ctx)) == ["One", "", "Two\n\nthree"]
    for content, expected in (
        (b'{"text": 1}\n', "line 1 has no text in the field text; it has text: name it by `field`"),
        (b'{"text": "a"}\n[]\n', "line 2 has no text in the field text; it is no object"),
        (b"{\n", "line 1 is not valid JSON"),
    ):
        (tmp_path / "c.json").write_bytes(content)
        with pytest.raises(RecipeError, match=expected):
            list(target_texts([str(tmp_path / "c.json")], "text", ctx))
    (tmp_path / "d.txt").write_bytes(b"a\xff")
    with pytest.raises(RecipeError, match="byte 1 is not UTF-8"):
        list(target_texts([str(tmp_path / "d.txt")], "text", ctx))
    (tmp_path / "e.txt.gz").write_bytes(b"no gzip")
    with pytest.raises(RecipeError, match="cannot be read"):
        list(target_texts([str(tmp_path / "e.txt.gz")], "text", ctx))


def test_targets_are_columns(tmp_path: Path, runs: Runs) -> None:
    ctx = Context("dsir", 1, open_file)
    texts = ["One, two", 'a "quoted"\nline', "", "Ünï 文"]
    pq.write_table(pa.table({"n": range(5), "body": [*texts, None]}), tmp_path / "a.parquet")
    with (tmp_path / "b.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["body", "n"], *([text, n] for n, text in enumerate(texts))])
    with gzip.open(tmp_path / "c.tsv.gz", "wt", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([["n", "body"], *([n, text] for n, text in enumerate(texts))])
    for name in ("a.parquet", "b.csv", "c.tsv.gz"):
        assert list(target_texts([str(tmp_path / name)], "body", ctx)) == texts
    (tmp_path / "d.parquet").write_bytes(b"no Parquet")
    runs.jsonl("in/a.jsonl", [])
    recipe = RECIPE.format(more="")
    for name, field, said in (
        ("a.parquet", "text", "a.parquet: has no column text, but n, body: name it by `field`"),
        ("a.parquet", "n", "a.parquet: the column n is int64, expected texts"),
        ("b.csv", "text", "b.csv: has no column text, but body, n"),
        ("d.parquet", "text", "d.parquet: cannot be read: Parquet magic bytes not found"),
    ):
        with pytest.raises(RecipeError, match=said):
            compile_text(recipe.replace("target.jsonl", f"{name}, field: {field}"), runs.folder)


@pytest.mark.parametrize("action", ["drop", "tag"])
def test_only_where_asked(action: str, runs: Runs, target: str) -> None:
    """Rows outside `where` are neither counted nor drawn nor dropped."""
    rows = [{"id": f"w{i}", "text": text, "lang": "en" if i % 2 else "de"} for i, text in enumerate(sample("web", 60))]
    runs.jsonl("in/a.jsonl", rows)
    manifest = runs(RECIPE.format(more="").replace("0.3}", f"0.3, where: {{lang: [en]}}, action: {action}}}"))
    batch = batch_of([row["text"] for row in rows if row["lang"] == "en"])
    weights = verdict_of(batch, target=target, keep=0.3).scores[WEIGHT]
    found = runs.table("data")
    assert {row["id"] for row in found} >= {row["id"] for row in rows if row["lang"] == "de"}
    by_id = dict(zip([row["id"] for row in rows if row["lang"] == "en"], weights.tolist(), strict=True))
    assert all(row[WEIGHT] == by_id.get(row["id"]) for row in found)
    drawn = [row for row in found if row["lang"] == "en" and (action == "drop" or row["dsir.keep"])]
    assert len(drawn) == 9
    assert manifest["rows_written"] == (60 if action == "tag" else 39)


@pytest.mark.parametrize("size", [{}, {"keep": 0.1, "count": 3}, {"keep": 0}, {"count": 0}])
def test_wrong_sizes_are_refused(size: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Dsir.model_validate({"target": "a.txt", **size})


RECIPE = """
seed: 4
max_error_rate: 0.1
{more}
read: {{jsonl: "in/*.jsonl"}}
steps: [{{dsir: {{target: target.jsonl, keep: 0.3}}}}]
write: {{path: out}}
"""


def test_runs_give_equal_bytes(runs: Runs, target: str, digests: Callable[[Path], dict[str, str]]) -> None:
    """Whatever the workers and the cut of inputs; a row whose id was read twice counts for nothing."""
    rows = [{"id": f"w{i}", "text": text} for i, text in enumerate(sample("web", 120))]
    runs.jsonl("in/a.jsonl", rows[:50])
    runs.jsonl(
        "in/b.jsonl", [*rows[50:], {"id": "w3", "text": rows[3]["text"]}, {"id": "w60", "text": "science " * 900}]
    )
    manifest = runs(RECIPE.format(more=""))
    data, ledger = runs.table("data"), runs.table("ledger")
    assert len(data) == 36
    assert len(ledger) == 84
    assert {row["reason"] for row in ledger} <= {"too_short", "not_drawn"}
    assert manifest
    batch = pa.RecordBatch.from_pydict({**{ADDR: pa.array(np.arange(120, dtype=np.uint64))},
                                        **{c: pa.array([r[c] for r in rows]) for c in ("id", "text")}})  # fmt: skip
    weights = dict(zip([r["id"] for r in rows], verdict_of(batch, target=target, keep=0.3).scores[WEIGHT], strict=True))
    assert all(row[WEIGHT] == weights[row["id"]] for row in data)
    assert len(runs.table("quarantine")) == 2
    runs(RECIPE.format(more="input_split: 30kB"), out="other", workers=2)
    assert {n: d for n, d in digests(runs.folder / "other").items() if n.startswith("data")} == {
        n: d for n, d in digests(runs.folder / "out").items() if n.startswith("data")
    }


def test_a_target_without_words_and_an_empty_corpus(runs: Runs) -> None:
    runs.jsonl("target.jsonl", [{"text": ""}])
    runs.jsonl("in/a.jsonl", [])
    with pytest.raises(DatapipeError, match="no text; expected documents as the corpus should become"):
        runs(RECIPE.format(more=""))
    runs.jsonl("target.jsonl", [{"text": "words"}])
    runs(RECIPE.format(more=""), fresh=True)
    assert runs.table("data") == []
