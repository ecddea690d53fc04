"""The sample a tokenizer learns from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datapipe.core.tokenizer_training.sample import WINDOW, Quotas, Share, drawn, shares, windows

KB = 1000


def test_as_in_the_corpus() -> None:
    found = shares({("web", "en"): 600 * KB, ("web", "de"): 300 * KB, ("books", "en"): 100 * KB}, 100 * KB, 1, {}, {})
    assert [share.sample for _, share in sorted(found.items())] == [10 * KB, 30 * KB, 60 * KB]


def test_temperature_lifts_the_rare() -> None:
    found = shares({("", "en"): 810 * KB, ("", "sw"): 10 * KB}, 10 * KB, 2, {}, {})
    assert found[("", "en")].sample == 9 * found[("", "sw")].sample == 9 * KB  # sqrt(81) to 1


def test_what_one_lacks_others_give() -> None:
    sizes = {("a", ""): 900 * KB, ("b", ""): 80 * KB, ("c", ""): 20 * KB, ("d", ""): 0}
    found = shares(sizes, 300 * KB, 1e9, {}, {})
    assert {source: share.sample for (source, _), share in found.items()} == {"a": 200 * KB, "b": 80 * KB, "c": 20 * KB}
    assert sum(share.sample for share in shares(sizes, 9000 * KB, 3, {}, {}).values()) == 1000 * KB
    weighted = shares(sizes, 30 * KB, 1, {"a": 0, "b": 1}, {})
    assert {source: share.sample for (source, _), share in weighted.items()} == {"a": 0, "b": 24 * KB, "c": 6 * KB}
    assert shares({}, 30 * KB, 1, {}, {}) == {}


@given(st.lists(st.sampled_from(["a", " ", "\n", "é", "漢", "👩", "word " * 300, "x" * 3999, "\n" * 500])))
def test_windows_are_the_text(parts: list[str]) -> None:
    text = "".join(parts)
    found = list(windows(text))
    assert b"".join(found) == text.encode()
    assert all(0 < len(window) <= WINDOW for window in found)
    for window in found:
        window.decode()


def test_what_is_drawn_depends_on_the_text_alone() -> None:
    texts = [f"document {n} " * 30 for n in range(2000)]
    limit = int(0.105 * 2**64)
    one = {window for _, _, window in drawn(((n, t, limit) for n, t in enumerate(texts)), 5)}
    two = {window for _, _, window in drawn(((0, t, limit) for t in reversed(texts)), 5)}
    assert one == two
    assert 140 < len(one) < 280  # 210 of 2,000, give or take 5 standard deviations
    assert one != {window for _, _, window in drawn(((0, t, limit) for t in texts), 6)}
    assert not list(drawn([(0, None, 1 << 64), (1, "", 1 << 64), (2, "text", 0)], 5))


def test_a_rare_language_has_its_share() -> None:
    """Of 14 windows luck would leave out some, were no more drawn than wanted; what is over goes by count."""
    for seed in range(60):
        texts = [f"{seed} {n} ".ljust(WINDOW, "x") for n in range(140)]
        share = Share(140 * WINDOW, 14 * WINDOW)
        found = drawn(((0, text, share.limit) for text in texts), seed)
        rows = [(("", "sw"), share, window.decode()) for _, _, window in found]
        assert len(list(Quotas().taken_of(rows))) == 14


def test_quotas() -> None:
    quotas = Quotas()
    rows = [(("web", "en"), Share(1000, 25), "ten bytes.")] * 5 + [(("web", ""), Share(50, 50), "é")]
    for _ in range(2):  # each reading begins anew
        assert len(list(quotas.taken_of(rows))) == 4
    assert quotas.rows() == [
        {"source": "web", "lang": "", "corpus_bytes": 50, "sample_bytes": 2},
        {"source": "web", "lang": "en", "corpus_bytes": 1000, "sample_bytes": 30},
    ]


@pytest.mark.parametrize(("corpus", "sample"), [(0, 0), (10, 10), (10, 100)])
def test_all_of_what_there_is(corpus: int, sample: int) -> None:
    assert Share(corpus, sample).limit == (1 << 64 if corpus else 0)
