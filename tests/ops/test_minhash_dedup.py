"""Near de-duplication: candidates as datasketch's, clusters as brute force finds them, who stays and who is named."""

from __future__ import annotations

import io
import time
from collections import defaultdict
from itertools import combinations
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
import zstandard
from datasketch import MinHash, MinHashLSH
from datasketch.lsh import _optimal_param
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.dedup.banding import plan_bands
from datapipe.engine.asking import ask
from datapipe.ops.minhash_dedup import MinhashDedup
from tests.conftest import SAMPLE
from tests.reference import shingles as twin

WORDS = ["amber", "brook", "cedar", "delta", "ember", "frost", "grove", "haven", "inlet", "jetty", "knoll", "larch"]


def sample() -> list[str]:
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO((SAMPLE / "web/web.jsonl.zst").read_bytes())) as stream:
        return [orjson.loads(line)["text"] for line in stream.read().splitlines()]


def batch_of(texts: list[str | None], **more: list[Any]) -> pa.RecordBatch:
    n = len(texts)
    columns = {ADDR: pa.array(range(n), pa.uint64()), "id": pa.array([f"d{i}" for i in range(n)]),
               "text": pa.array(texts, pa.large_string()), **{k: pa.array(v) for k, v in more.items()}}  # fmt: skip
    return pa.RecordBatch.from_pydict(columns)


def dropped(batch: pa.RecordBatch, **parameters: Any) -> dict[str, str]:
    """Who is dropped for whom."""
    operator = MinhashDedup.model_validate(parameters)
    verdict = ask(operator.rounds(), [batch])[1].judge(batch)  # type: ignore[union-attr]
    return {f"d{row}": verdict.duplicate_of[int(row)].as_py() for row in np.flatnonzero(~verdict.keep)}


def text(seed: int, words: int = 200) -> list[str]:
    random = np.random.default_rng(seed)
    return [
        WORDS[i] + str(j) for i, j in zip(random.integers(0, 12, words), random.integers(0, 50, words), strict=True)
    ]


def edited(words: list[str], *places: int) -> str:
    return " ".join("other" if i in places else word for i, word in enumerate(words))


def bucket_pairs(operator: MinhashDedup, batch: pa.RecordBatch) -> set[tuple[int, int]]:
    buckets = defaultdict(list)
    sketch = operator.sketch(batch)
    for address, key in zip(sketch.column(ADDR).to_pylist(), sketch.column("key").to_pylist(), strict=True):
        buckets[key].append(address)
    return {pair for rows in buckets.values() for pair in combinations(rows, 2)}


def test_candidates_are_datasketchs() -> None:
    texts = sample()[:600]
    batch = batch_of(list(texts))
    operator = MinhashDedup()
    shingles = operator.shingles(batch)
    lsh = MinHashLSH(num_perm=112, params=(14, 8))
    known = MinHash(num_perm=112, seed=1)
    theirs = set()
    for row, values in enumerate(operator.signatures(shingles)):
        if len(shingles.values[shingles.offsets[row] : shingles.offsets[row + 1]]):
            signature = MinHash(num_perm=112, hashvalues=values, permutations=known.permutations, scheme="affine32")
            theirs |= {(other, row) for other in lsh.query(signature)}
            lsh.insert(row, signature)
    assert len(theirs) > 50
    assert bucket_pairs(operator, batch) == theirs


@pytest.mark.parametrize("verify", [False, True])
def test_clusters_equal_brute_force(verify: bool) -> None:
    texts = sample()[:500]
    batch = batch_of(list(texts))
    pairs = bucket_pairs(MinhashDedup(), batch)
    sets = {row: words_of(texts[row]) for pair in pairs for row in pair}
    candidates = components(pairs)
    if verify:
        inside = {pair for cluster in candidates for pair in combinations(sorted(cluster), 2)}
        candidates = components({(a, b) for a, b in inside if jaccard(sets[a], sets[b]) >= 0.7})
    expected = {}
    for cluster in candidates:
        kept = max(cluster, key=lambda row: (len(texts[row].encode()), -row))
        expected |= {f"d{row}": f"d{kept}" for row in cluster - {kept}}
    assert len(expected) > 20
    assert dropped(batch, verify=verify) == expected


def words_of(document: str) -> set[tuple[str, ...]]:
    words = twin.words(document)
    return {tuple(words[i : i + 5]) for i in range(len(words) - 4)}


def jaccard(a: set[tuple[str, ...]], b: set[tuple[str, ...]]) -> float:
    return len(a & b) / len(a | b)


def components(pairs: set[tuple[int, int]]) -> list[set[int]]:
    found: list[set[int]] = []
    for a, b in pairs:
        touched = [cluster for cluster in found if a in cluster or b in cluster]
        found = [cluster for cluster in found if cluster not in touched] + [{a, b}.union(*touched)]
    return found


def test_estimates_lie_around_the_similarity() -> None:
    """Over many pairs, the share of equal MinHash values is within three standard errors of the exact Jaccard."""
    base = [text(seed) for seed in range(40)]
    texts: list[str | None] = []
    for seed, words in enumerate(base):
        texts += [" ".join(words), edited(words, *np.random.default_rng(seed).integers(0, 200, seed).tolist())]
    operator = MinhashDedup.model_validate({"bands": 64, "rows": 8})
    values = operator.signatures(operator.shingles(batch_of(texts)))
    errors = []
    for i in range(0, len(texts), 2):
        exact = jaccard(words_of(str(texts[i])), words_of(str(texts[i + 1])))
        error = (values[i] == values[i + 1]).mean() - exact
        assert abs(error) <= 3 * np.sqrt(exact * (1 - exact) / 512) + 1e-12
        errors.append(error)
    assert abs(np.mean(errors)) < 3 * 0.5 / np.sqrt(512 * len(errors))


def test_bands_are_planned_as_datasketch_plans_them() -> None:
    for threshold, drawn in ((0.6, 32), (0.7, 128), (0.85, 64)):
        assert plan_bands(threshold, drawn) == _optimal_param(threshold, drawn, 0.5, 0.5)
    operator = MinhashDedup.model_validate({"threshold": 0.7})
    assert (operator.bands, operator.rows, operator.permutations) == (14, 9, 128)
    assert operator.verify_threshold == 0.7
    assert "14 bands of 9 rows (126 permutations), knee at Jaccard 0.746" in operator.remarks()[0]
    assert "0.8: 92.4%" in MinhashDedup().remarks()[1]
    values = operator.signatures(operator.shingles(batch_of(["one two three four five six seven"])))
    theirs = MinHash(num_perm=128, seed=1, scheme="affine32", hashfunc=int)
    theirs.update_batch(operator.shingles(batch_of(["one two three four five six seven"])).values.tolist())
    np.testing.assert_array_equal(values[0], theirs.hashvalues[:126])


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"threshold": 0.7, "bands": 20}, "leave bands and rows out"),
        ({"bands": 20, "rows": 8, "permutations": 128}, "20 bands of 8 rows need 160"),
        ({"threshold": 1.5}, "less than 1"),
        ({"ngram": 0}, "greater than or equal to 1"),
        ({"unit": "lines"}, "'words', 'chars' or 'tokens'"),
        ({"keep": {"a": "asc", "b": "asc"}}, "one column"),
    ],
)
def test_wrong_parameters(parameters: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        MinhashDedup.model_validate(parameters)


def test_short_documents_are_compared_whole() -> None:
    texts: list[str | None] = ["", None, "!!!", "word", "Word.", "one two three four five", "One two, three four five",
                               "one two three four", "words", "漢", "漢", "漢字", " "]  # fmt: skip
    assert dropped(batch_of(texts)) == {"d3": "d4", "d5": "d6", "d10": "d9"}
    assert dropped(batch_of(texts), verify=True, keep="first") == {"d4": "d3", "d6": "d5", "d10": "d9"}
    assert dropped(batch_of([None, "", " ", "..."])) == {}
    assert dropped(batch_of([])) == {}


def test_who_stays() -> None:
    words = text(1)
    texts: list[str | None] = [edited(words), edited(words, 7) + " longer", edited(words, 90), " ".join(text(2))]
    batch = batch_of(texts, score=[1.0, 2.0, None, 4.0], source=["web", "books", "news", "web"])
    assert dropped(batch) == {"d0": "d1", "d2": "d1"}
    assert dropped(batch, keep="first") == {"d1": "d0", "d2": "d0"}
    assert dropped(batch, keep={"score": "asc"}) == {"d1": "d0", "d2": "d0"}
    assert dropped(batch, prefer=["news", "web"]) == {"d0": "d2", "d1": "d2"}
    for verify in (False, True):
        assert dropped(batch, against=["news"], verify=verify) == {"d0": "d2", "d1": "d2"}
        assert dropped(batch, against=["web"], verify=verify) == {"d1": "d0", "d2": "d0"}
    assert dropped(batch, against=["news"], verify=True, verify_threshold=0.97) == {}


def test_against_is_not_transitive() -> None:
    """B holds one end of a chain of edits: what is near that end goes, what is near the next link stays."""
    words = text(3, 400)
    chain: list[str | None] = [edited(words, *range(0, 10 * n, 10)) for n in (0, 6, 12, 18, 24)]
    batch = batch_of(chain, source=["B", "A", "A", "A", "A"])
    parameters = {"bands": 40, "rows": 4, "verify": True, "verify_threshold": 0.8}
    assert dropped(batch, keep="first", **parameters) == {f"d{i}": "d0" for i in range(1, 5)}
    assert dropped(batch, against=["B"], **parameters) == {"d1": "d0"}


def test_verification_parts_what_only_a_neighbour_joined() -> None:
    words = text(4, 300)
    texts: list[str | None] = [
        edited(words),
        edited(words, *range(0, 300, 20)),
        edited(words, *range(10, 300, 20)),
        "x",
    ]
    operator = MinhashDedup.model_validate({"bands": 60, "rows": 3, "verify": True, "verify_threshold": 0.55})
    verdict = ask(operator.rounds(), [batch_of(texts)])[1].judge(batch_of(texts))  # type: ignore[union-attr]
    assert verdict.duplicate_of.to_pylist() == [None, "d0", "d0", None]  # type: ignore[union-attr]
    assert verdict.columns["cluster_size"].to_pylist() == [3, 3, 3, 1]
    exact = [jaccard(words_of(str(texts[0])), words_of(str(other))) for other in texts[1:3]]
    np.testing.assert_allclose(verdict.scores["similarity"], [np.nan, *exact, np.nan])
    assert np.isnan(verdict.scores["cluster"][3])
    assert dropped(batch_of(texts), bands=60, rows=3) == {"d1": "d0", "d2": "d0"}
    assert dropped(batch_of(texts), bands=60, rows=3, verify=True, verify_threshold=0.9) == {}


@pytest.mark.parametrize("verify", [False, True])
def test_a_hundred_thousand_copies_and_a_crowded_bucket_are_linear(verify: bool) -> None:
    words = text(5, 12)
    copies: list[str | None] = [" ".join(words)] * 100_000
    page = text(6, 60)
    crowd: list[str | None] = [edited(page, i % 60) + f" page{i}" for i in range(6000)]
    batch = batch_of(copies + crowd)
    dropped(batch.slice(0, 2), verify=verify)  # compiled
    start = time.process_time()
    gone = dropped(batch, verify=verify, verify_threshold=0.6, bands=20, rows=4)
    assert time.process_time() - start < 10
    assert len(gone) == 99_999 + 5999
