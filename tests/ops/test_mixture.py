"""The laws of `mixture`, on streams made in memory: budgets, copies, windows, orders, and what does not matter."""

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import xxhash
from pydantic import ValidationError

from datapipe.core.columns import ADDR
from datapipe.core.context import Context
from datapipe.core.errors import RunFailed
from datapipe.core.mixing import circle, survey
from datapipe.core.registry import operators
from datapipe.engine.by_key import by_key
from datapipe.io.opening import open_file
from tests.mixing import bound, corpus, stream, tokens_by

SIZES = {"web": 3000, "books": 300, "code": 900}
WEIGHTS = {"web": 0.5, "books": 0.3, "code": 0.2}


def docs_by_group(rows: pa.Table, column: str) -> dict[str, Counter]:
    found: dict[str, Counter] = {}
    for group, value in zip(rows.column("source").to_pylist(), rows.column(column).to_pylist(), strict=True):
        found.setdefault(group, Counter())[value] += 1
    return found


def test_each_group_gives_its_share_but_for_half_a_document() -> None:
    rows = corpus(SIZES)
    there = tokens_by(pa.Table.from_batches([rows]), "source")
    largest = max(rows.column("n_tokens").to_pylist())
    budget = 1_000_000
    found = stream("mixture", [rows], weights=WEIGHTS, budget=budget, max_epochs=4)
    for group, taken in tokens_by(found, "source").items():
        assert abs(taken - WEIGHTS[group] * budget) <= largest / 2
    # fractional epochs: copies differ by one at most, and the epochs of a document are 1, 2, …
    for group, copies in docs_by_group(found, "id").items():
        expected = WEIGHTS[group] * budget / there[group]
        assert set(copies.values()) <= {int(expected), int(expected) + 1}
    assert max(docs_by_group(found, "id")["books"].values()) == 2
    pairs = list(zip(found.column("id").to_pylist(), found.column("epoch").to_pylist(), strict=True))
    assert len(set(pairs)) == len(pairs)
    assert set(found.column("epoch").to_pylist()) == {1, 2}
    assert set(found.column("stage").to_pylist()) == {"mixture"}


def test_no_document_comes_again_before_all_of_its_group_have_come() -> None:
    for order in ("shuffled", "interleaved", "grouped"):
        found = stream("mixture", [corpus(SIZES)], weights=WEIGHTS, budget=1_000_000, max_epochs=4, order=order)
        for group in SIZES:
            mine = np.array(found.column("epoch"))[np.array(found.column("source").to_pylist()) == group]
            assert (np.diff(mine) >= 0).all()


def test_every_window_has_the_mixture() -> None:
    rows = corpus({"web": 30_000, "books": 3000, "code": 9000}, mean=100)
    means = {g: t / {"web": 30_000, "books": 3000, "code": 9000}[g] for g, t in
             tokens_by(pa.Table.from_batches([rows]), "source").items()}  # fmt: skip
    rates = {group: WEIGHTS[group] / means[group] for group in WEIGHTS}  # documents of a group, in proportion
    for order in ("shuffled", "interleaved", {"by": "score"}):
        found = stream("mixture", [rows], weights=WEIGHTS, budget="3M", max_epochs=3, order=order)
        source = np.array(found.column("source").to_pylist())
        for group in WEIGHTS:
            p = rates[group] / sum(rates.values())
            counts = np.add.reduceat(source == group, np.arange(0, len(source) - 999, 1000))[:-1].astype(float)
            spread = np.sqrt(1000 * p * (1 - p))
            assert abs(counts - 1000 * p).max() < 4.5 * spread  # 20 windows a group: 1 in 10,000 is further out
            if order == "interleaved":
                assert abs(counts - 1000 * p).max() < 3.2 * spread
        if order == "interleaved":  # in tokens it is exact but for a document at each end
            end = np.cumsum(np.array(found.column("n_tokens")))
            size = np.array(found.column("n_tokens"))
            for group in WEIGHTS:
                mine = np.cumsum(np.where(source == group, size, 0))
                assert abs(mine - WEIGHTS[group] * end).max() < 2 * size.max()


def test_by_score_is_exactly_sorted_within_each_group() -> None:
    rows = corpus(SIZES)
    for descending in (False, True):
        found = stream("mixture", [rows], weights=WEIGHTS, budget=900_000, max_epochs=4,
                       order={"by": "score", "descending": descending})  # fmt: skip
        scores, source = np.array(found.column("score")), np.array(found.column("source").to_pylist())
        for group in SIZES:
            steps = np.diff(scores[source == group])
            assert ((steps <= 0) if descending else (steps >= 0)).all()


def walked(rows: pa.RecordBatch, group: str, budget: float, seed: int = 7) -> list[tuple[str, int]]:
    """By hand: the documents of a group in the order of their hashes, round after round, while their middle is within."""
    ids, source, tokens = (rows.column(name).to_pylist() for name in ("id", "source", "n_tokens"))
    own = sorted(
        (xxhash.xxh3_64_intdigest(i.encode(), seed=seed), i, n)
        for i, s, n in zip(ids, source, tokens, strict=True)
        if s == group
    )
    found, start, epoch = [], 0, 1
    while True:
        for _, name, size in own:
            if start + size / 2 >= budget:
                return found
            found.append((name, epoch))
            start += size
        epoch += 1


def test_documents_are_those_of_a_walk_round_the_circle() -> None:
    rows = corpus(SIZES)
    found = stream("mixture", [rows], weights=WEIGHTS, budget=1_000_000, max_epochs=4)
    columns = [found.column(name).to_pylist() for name in ("source", "id", "epoch")]
    for group, weight in WEIGHTS.items():
        mine = sorted((i, e) for s, i, e in zip(*columns, strict=True) if s == group)
        assert mine == sorted(walked(rows, group, weight * 1_000_000))


def test_a_stage_sorted_as_one() -> None:
    rows = corpus(SIZES)
    found = stream(
        "mixture", [rows], weights=WEIGHTS, budget=900_000, max_epochs=4, order={"by": "score", "within": "stage"}
    )
    assert (np.diff(np.array(found.column("score"))) >= 0).all()
    at = np.array(found.column("at")) / 2.0**64
    assert abs(at - np.linspace(0, 1, len(at))).max() < 0.05


def test_equal_scores_are_spread_and_missing_ones_come_last() -> None:
    rows = corpus({"web": 2000})
    level = pa.array([None if i % 10 == 9 else i % 3 for i in range(2000)], pa.int8())
    rows = rows.append_column("level", level)
    found = stream("mixture", [rows], unit="documents", order={"by": "level"})
    assert found.num_rows == 2000
    got = found.column("level").to_pylist()
    assert got == sorted(x for x in got if x is not None) + [None] * 200
    assert len(set(found.column("at").to_pylist())) == 2000
    at = np.array(found.column("at")) / 2.0**64
    assert abs(np.sort(at) - np.linspace(0, 1, 2000)).max() < 0.05  # shards cut by places are of equal length


def test_batches_shards_and_order_of_rows_do_not_matter() -> None:
    rows = corpus(SIZES)
    order = np.random.default_rng(5).permutation(rows.num_rows)
    mixed = rows.take(pa.array(order))
    for said in ({"order": "shuffled"}, {"order": {"by": "score"}}):
        asked = {"weights": WEIGHTS, "budget": 700_000, "max_epochs": 3, **said}
        one = stream("mixture", [rows], **asked)
        other = stream("mixture", [mixed.slice(i * 600, 600) for i in range(7)], **asked)
        assert one.drop_columns([ADDR]).equals(other.drop_columns([ADDR]))
        assert not one.equals(stream("mixture", [rows], seed=8, **asked))


def test_partitions_and_arcs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Groups too large for a point a document: the same answer by any partition, and shares to one arc."""
    monkeypatch.setattr(survey, "EXACT", 1 << 9)
    monkeypatch.setattr(survey, "MOST_BITS", 9)
    monkeypatch.setattr(survey, "SCORED", 128)
    monkeypatch.setattr(circle, "MOST_BITS", 9)
    rows = corpus({"web": 20_000, "books": 300}, mean=100)
    operator = operators.get("mixture").model_validate(
        {"weights": {"web": 0.5, "books": 0.5}, "order": {"by": "score"}, "budget": 60_000}
    )
    operator.setup(Context("test.01", 7, open_file))
    sketch = by_key(pa.Table.from_batches([operator.sketch(rows)]), "key")
    whole = operator.combine([operator.reduce(sketch)])
    key = sketch.column("key").to_numpy()
    for of in (2, 64):
        cuts = np.searchsorted(key, np.arange(of, dtype=np.uint64) * np.uint64(2**64 // of)).tolist()
        parts = [sketch.slice(a, b - a) for a, b in zip(cuts, [*cuts[1:], len(key)], strict=True)]
        assert operator.combine([operator.reduce(part) for part in parts]).equals(whole)
    assert whole.num_rows < 2 + 512 + 300 + 128 + 300 + 1
    found = stream(
        "mixture", [rows], weights={"web": 0.5, "books": 0.5}, budget=60_000, order={"by": "score"}, max_epochs=3
    )
    taken = tokens_by(found, "source")
    assert abs(taken["web"] - 30_000) < 2 * 20_000 * 100 * 1.4 / 512
    web = np.array(found.column("source").to_pylist()) == "web"
    assert (np.diff(np.array(found.column("score"))[web]) >= 0).all()  # sorted without exception, from a sample of 128
    at = np.array(found.column("at"))[web] / 2.0**64
    assert abs(np.sort(at) - np.linspace(0, 1, len(at))).max() < 0.25
    asked = {"weights": {"web": 0.5, "books": 0.5}, "budget": 60_000, "max_epochs": 3}
    found = stream("mixture", [rows], **asked, order={"by": "score", "descending": True, "within": "stage"})
    assert (np.diff(np.array(found.column("score"))) <= 0).all()  # books, of which all is known, lie between


def test_dropped_rows_say_why_and_tallies_tell_all() -> None:
    rows = corpus(SIZES)
    order = bound("mixture", [rows], weights={"web": 1, "books": 0}, budget=100_000, others="drop")
    placed = order.place(rows)
    source = np.array(rows.column("source").to_pylist())
    none = placed.verdict.failed["no_weight"]
    assert (none == (source != "web")).all()
    assert placed.verdict.failed["not_sampled"].sum() == 3000 - len(placed.parents)
    assert set(placed.tallies) == {"web", "books", "code"}
    assert placed.tallies["books"]["stages"] == {}
    web = placed.tallies["web"]
    assert web["rows"] == 3000
    assert web["tokens"] == tokens_by(pa.Table.from_batches([rows]), "source")["web"]
    assert web["stages"]["mixture"]["rows"] == len(placed.parents)
    assert web["stages"]["mixture"]["tokens"] == sum(rows.column("n_tokens").take(pa.array(placed.parents)).to_pylist())


def test_a_shortfall_fails_with_the_table_and_is_capped_when_told() -> None:
    rows = corpus(SIZES)
    with pytest.raises(RunFailed) as failed:
        stream("mixture", [rows], weights=WEIGHTS, budget=1_000_000)
    assert "books: 1.57 epochs" in str(failed.value)
    assert "shortfall: cap" in str(failed.value)
    assert "mixture  web" in str(failed.value)
    there = tokens_by(pa.Table.from_batches([rows]), "source")
    found = tokens_by(stream("mixture", [rows], weights=WEIGHTS, budget=1_000_000, shortfall="cap"), "source")
    assert found["books"] == there["books"]
    assert abs(sum(found.values()) - 1_000_000) < 20_000
    rest = 1_000_000 - there["books"]
    assert found["web"] == pytest.approx(rest * 5 / 7, rel=0.01)


def test_the_largest_stream_is_the_default() -> None:
    rows = corpus(SIZES)
    assert stream("mixture", [rows]).num_rows == rows.num_rows  # natural weights: everything, once
    there = tokens_by(pa.Table.from_batches([rows]), "source")
    found = tokens_by(stream("mixture", [rows], weights=WEIGHTS), "source")
    total = min(there[g] / WEIGHTS[g] for g in WEIGHTS)
    assert sum(found.values()) == pytest.approx(total, rel=0.01)


def test_empty_corpora_and_other_groups() -> None:
    rows = corpus(SIZES)
    assert stream("mixture", [rows.slice(0, 0)]).num_rows == 0
    lang = pa.array([None if i % 4 == 0 else "de" for i in range(rows.num_rows)])
    found = stream("mixture", [rows.append_column("lang", lang)], by="lang", weights={"": 1, "de": 1}, unit="documents")
    assert found.column("lang").null_count == found.num_rows // 2


@pytest.mark.parametrize(
    ("said", "complaint"),
    [
        ({"budget": "much"}, "such as 2T"),
        ({"weights": {"unimax": 4}}, "unimax"),
        ({"order": "random"}, "expected shuffled, interleaved"),
        ({"order": {"way": "shuffled", "by": "score"}}, "expected shuffled"),
        ({"sizes": {"web": 1}, "sizes_from": "x"}, "expected one of them"),
        ({"max_epochs": {"web": 0}}, "above 0"),
        ({"preset": "gpt3", "names": {"web": "CommonCrawl"}}, "nothing here is Books1"),
    ],
)
def test_what_cannot_be_meant(said: dict, complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        operators.get("mixture").model_validate(said)
