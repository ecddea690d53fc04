"""Keep rates: domains, buckets, what lengths explain; outliers found where they are and not where they are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import hypergeom

from datapipe.core.bias.counts import DIMENSIONS, JUDGED, bucket_name, buckets, counted, domains, summed
from datapipe.core.bias.outliers import ERROR, KeepRate, chance, keep_rates, outliers

HOSTS = {
    "https://www.Example.org/x": "example.org",
    "HTTP://user:p@ss@Boards.example.:80/t?q=//no.example": "boards.example",
    "//x.example": "x.example",
    " https://a.example\\b\n": "a.example",
    "https://www.Ä.example#top": "ä.example",
    "http://[2001:db8::1]:8080/": "[2001:db8::1]",
    "https://wwwx.example": "wwwx.example",
    "mailto:a@b.example": None,
    "file:///etc/hosts": None,
    "x.example/y": None,
    "http:///y": None,
    "http://two words/": "two",
    "http://" + "a" * 254 + ".example/": None,
    "": None,
}


def test_a_domain_is_the_host() -> None:
    assert dict(zip(HOSTS, domains(pa.array(list(HOSTS))).to_pylist(), strict=True)) == HOSTS
    assert domains(pa.nulls(2, pa.string())).to_pylist() == [None, None]
    assert domains(pa.array([], pa.string())).to_pylist() == []


def test_buckets_are_powers_of_four() -> None:
    lengths = np.array([0, 1, 3, 4, 15, 16, 255, 256, 4**13 - 1, 4**13, 2**40])
    assert buckets(lengths).tolist() == [0, 1, 1, 4, 4, 16, 64, 256, 4**12, 4**13, 4**20]
    assert [bucket_name(start) for start in (0, 1, 256)] == ["0", "1-3", "256-1023"]


def test_chance_is_fishers_or_a_little_more() -> None:
    rng = np.random.default_rng(0)
    ratios = []
    for _ in range(2000):
        every, kept_of_all, rows = (int(rng.integers(60, 20_000)) for _ in range(3))
        kept_of_all, rows = kept_of_all % (every + 1), rows % every
        least, most = max(0, rows + kept_of_all - every), min(rows, kept_of_all)
        drawn = int(rng.hypergeometric(kept_of_all, every - kept_of_all, rows)) + int(rng.integers(-30, 31))
        kept = min(max(drawn, least), most)
        draws = hypergeom(every, kept_of_all, rows)
        exact = min(1.0, 2 * min(draws.cdf(kept), draws.sf(kept - 1)))
        told = chance(kept, rows, kept_of_all, every)
        assert exact * (1 - 1e-6) <= told <= 1
        if 1e-12 < exact < 0.01:
            ratios.append(told / exact)
    assert len(ratios) > 200
    assert max(ratios) < 1.25
    assert chance(400_000_000, 10**9, 5 * 10**9, 10**10) == 0
    assert chance(500_000_000, 10**9, 5 * 10**9, 10**10) == 1


def documents(n: int, rng: np.random.Generator, **columns: Any) -> pa.Table:
    """Judged documents: four languages, two sources, 60 domains, lengths of several buckets; all kept alike."""
    host = rng.zipf(1.3, n) % 60
    given = {
        "lang": rng.choice(["en", "de", "sw", None], n, p=[0.6, 0.25, 0.05, 0.1]),
        "source": rng.choice(["web", "books"], n),
        "url": [f"https://www.site{at}.example/{row}" for row, at in enumerate(host)],
        "length": np.exp(rng.normal(6, 2, n)).astype(np.int64),
        "bytes": np.full(n, 7),
        "kept": rng.random(n) < 0.4,
        **columns,
    }
    return pa.table({field.name: pa.array(given[field.name], field.type) for field in JUDGED}, schema=JUDGED)


def audit(judged: pa.Table) -> tuple[dict[str, list[KeepRate]], int]:
    """The rates of each dimension, and how many values were compared."""
    table = summed(pa.Table.from_batches([counted("step", judged)]))
    parts = {d: table.filter(pa.compute.equal(table.column("dimension"), d)) for d in DIMENSIONS}
    rates = {d: keep_rates(part, parts["length"], d != "length") for d, part in parts.items()}
    return rates, sum(map(len, rates.values()))


def named(judged: pa.Table) -> list[tuple[str, str | None]]:
    """The outliers of all dimensions."""
    rates, tested = audit(judged)
    return [(dimension, rate.value) for dimension, found in rates.items() for rate in outliers(found, tested)]


def test_equal_rates_name_no_outlier() -> None:
    """Of 201 corpora in which all values are kept alike, less than ERROR have any outlier."""
    rng = np.random.default_rng(17)
    n, shares = 1500, [0.02, 0.4, 0.97] * 67
    assert sum(bool(named(documents(n, rng, kept=rng.random(n) < share))) for share in shares) < ERROR * len(shares)


def test_a_planted_bias_is_found_and_its_size_told() -> None:
    rng = np.random.default_rng(3)
    plain = documents(20_000, rng)
    of = np.array(plain.column("lang").to_pylist(), object) == "sw"
    kept = rng.random(20_000) < np.where(of, 0.1, 0.4)
    rates, tested = audit(documents(20_000, np.random.default_rng(3), kept=kept))
    (found,) = outliers(rates["lang"], tested)
    assert (found.value, found.rows, found.kept) == ("sw", of.sum(), kept[of].sum())
    assert found.rest == pytest.approx(kept[~of].mean())
    assert found.missing == pytest.approx(0.3 * of.sum(), rel=0.1)
    assert not any(outliers(rates[dimension], tested) for dimension in ("source", "domain", "length"))


def test_a_filter_that_drops_little_is_uneven_where_it_drops_twice_as_often() -> None:
    rates = [KeepRate("dialect", 1000, 850, 0.97, 970, 1e-9), KeepRate("x", 10**6, 985_000, 0.99, 990_000, 0)]
    assert [rate.value for rate in outliers(rates, 10)] == ["dialect"]  # 0.88 of the rest's rate, 5 times its drops


def test_what_lengths_explain_is_told() -> None:
    """Posts of a board are short, and short documents are dropped wherever they are from."""
    rng = np.random.default_rng(5)
    n = 20_000
    board = rng.random(n) < 0.2
    length = np.where(board | (rng.random(n) < 0.3), 100, 2000)
    kept = rng.random(n) < np.where(length == 100, 0.2, 0.8)
    rates, tested = audit(documents(n, rng, source=np.where(board, "board", "news"), length=length, kept=kept))
    found = {rate.value: rate for rate in outliers(rates["source"], tested)}
    assert found["board"].ratio < 0.5
    assert found["board"].expected == pytest.approx(kept[~board & (length == 100)].mean() * board.sum())
    assert found["board"].explained
    assert abs(found["board"].missing) < 0.1 * found["board"].kept
    assert {rate.value for rate in outliers(rates["length"], tested)} == {"64-255", "1024-4095"}


def test_expected_is_the_rests_rate_of_each_length() -> None:
    """By hand: of x, 40 documents of bucket 4 and 20 of bucket 16, which no other has."""
    rows = [("x", 5, 10, 40), ("x", 20, 0, 20), ("y", 5, 30, 60), ("y", 1, 50, 100)]
    columns: dict[str, list[Any]] = {"source": [], "length": [], "kept": []}
    for source, length, kept, all_of_them in rows:
        columns["source"] += [source] * all_of_them
        columns["length"] += [length] * all_of_them
        columns["kept"] += [True] * kept + [False] * (all_of_them - kept)
    rates, _ = audit(documents(220, np.random.default_rng(0), **columns))
    x, y = sorted(rates["source"], key=lambda rate: rate.value or "")
    assert (x.rows, x.kept, x.rest, x.rate) == (60, 10, 0.5, 10 / 60)
    assert x.expected == pytest.approx(40 * 30 / 60 + 20 * 0.5)
    assert y.expected == pytest.approx(60 * 10 / 40 + 100 * (10 / 60))
    assert x.missing == pytest.approx(x.expected - 10)


def test_few_documents_and_a_lone_value_say_nothing() -> None:
    rng = np.random.default_rng(1)
    lang = ["xx"] * 29 + ["en"] * 971
    kept = np.array([False] * 29 + [True] * 971)
    rates, _ = audit(documents(1000, rng, lang=lang, kept=kept, source=["web"] * 1000, url=[None] * 1000))
    assert [rate.value for rate in rates["lang"]] == ["en"]
    assert rates["source"] == rates["domain"] == []
