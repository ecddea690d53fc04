from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from datapipe.core.context import Context
from datapipe.core.verdict import Verdict
from datapipe.engine.build import open_file
from datapipe.ops.url_filter import UrlFilter, plain_host, split_url
from tests.conftest import Runs
from tests.ops.texts import PIECE


def judge(rows: list[str | None], /, **parameters: Any) -> Verdict:
    operator = UrlFilter(**parameters)
    operator.setup(Context("a", 0, open_file))
    return operator.judge(pa.RecordBatch.from_pydict({"url": pa.array(rows, pa.string())}))


@pytest.mark.parametrize(
    ("url", "host", "rest"),
    [
        ("http://Example.COM:80/a?b#c", "example.com", "/a?b#c"),
        ("https://user:pa@ss@example.com./x", "example.com", "/x"),
        ("//example.com", "example.com", ""),
        ("example.com/http://other.org", "example.com", "/http://other.org"),
        ("http://[2001:DB8::1]:8080/", "[2001:db8::1]", "/"),
        ("http://[broken", "[broken]", ""),
        ("https://bücher.example", "xn--bcher-kva.example", ""),
        ("https://xn--bcher-kva.example\\@evil", "xn--bcher-kva.example", "\\@evil"),
        ("http://ex。ample。com/", "ex.ample.com", "/"),
        ("no url at all", "no url at all", ""),
        ("http://", "", ""),
        ("", "", ""),
    ],
)
def test_anything_has_a_host(url: str, host: str, rest: str) -> None:
    written, after = split_url(url)
    assert (plain_host(written), after) == (host, rest)


@pytest.mark.parametrize("domain", ["example.com", "Example.COM.", "*.example.com", "http://example.com/"])
def test_a_domain_takes_all_below_it(domain: str) -> None:
    urls = [
        "http://example.com",
        "https://a.B.example.com:443/x",
        "http://notexample.com",
        "http://example.com.org/",
        None,
    ]
    verdict = judge(urls, domains=[domain])
    assert verdict.reason == ["banned_domain", "banned_domain", None, None, None]


def test_idn_and_punycode_are_one() -> None:
    urls: list[str | None] = ["http://BÜCHER.example/", "http://www.xn--bcher-kva.example/"]
    assert judge(urls, domains=["bücher.example"]).reason == ["banned_domain"] * 2
    assert judge(urls, domains=["xn--bcher-kva.example"]).reason == ["banned_domain"] * 2


def test_a_subdomain_is_exact() -> None:
    urls: list[str | None] = ["http://blog.example.com/x", "http://a.blog.example.com", "http://example.com"]
    assert judge(urls, subdomains=["blog.example.com"]).reason == ["banned_subdomain", None, None]


def test_a_url_is_exact_but_for_scheme_and_www() -> None:
    urls: list[str | None] = [
        "https://www.Example.com/a/", "example.com/a#top", "http://example.com/A", "http://example.com/a/b", "x.example.com/a",
    ]  # fmt: skip
    assert judge(urls, urls=["http://example.com/a"]).reason == ["banned_url", "banned_url", None, None, None]


def test_words_substrings_and_soft_words() -> None:
    urls: list[str | None] = [
        "http://a.com/free-casino", "http://casinos.com/", "http://a.com/CA%53INO", "http://onlinecas-ino.com", "казино.рф/x",
    ]  # fmt: skip
    assert judge(urls, words=["casino", "казино"]).keep.tolist() == [False, True, False, True, False]
    assert judge(urls, substrings=["cas_ino"]).reason == [*["banned_substring"] * 4, None]
    soft: list[str | None] = ["http://poker.com/poker", "http://poker.com/chips", "http://a.com/poker", None]
    verdict = judge(soft, soft_words=["poker", "chips"])
    assert verdict.reason == ["soft_banned_words", "soft_banned_words", None, None]
    assert verdict.scores["soft_words"].tolist() == [2, 2, 1, 0]
    assert judge(soft, soft_words=["poker"], max_soft_words=0).keep.tolist() == [False, False, False, True]
    assert judge(soft, soft_words=["poker"], max_soft_words=None).keep.all()


def test_all_reasons_in_order() -> None:
    verdict = judge(
        ["http://a.com/x", " ", None], domains=["com"], subdomains=["a.com"], urls=["a.com/x"], words=["x"], substrings=["comx"],
        soft_words=["a", "x"], missing="drop",
    )  # fmt: skip
    assert verdict.reasons(np.arange(3)) == [
        ["banned_domain", "banned_subdomain", "banned_url", "banned_word", "banned_substring", "soft_banned_words"],
        ["no_url"],
        ["no_url"],
    ]


PARTS = ["http://", "://", "//", "www.", "example", ".com", "@", ":", "[", "]", "/", "#", "%", "%ff"]
URL = st.lists(st.one_of(PIECE, st.sampled_from(PARTS))).map("".join)


@settings(deadline=None, max_examples=30)  # each example builds its automata
@given(st.lists(st.one_of(st.none(), URL), max_size=5), URL)
def test_nothing_is_too_broken_and_no_url_minds_its_neighbours(urls: list[str | None], entry: str) -> None:
    parameters: dict[str, Any] = {
        "domains": ["com"], "subdomains": ["www.example.com"], "urls": ["example.com/5"], "words": ["word"],
        "substrings": ["wordword"], "soft_words": ["word", "example"],
    }  # fmt: skip
    if any(c.isalnum() and c.isascii() for c in split_url(entry)[0]):
        parameters["domains"].append(entry)
    whole = judge(urls, **parameters).reason
    assert whole == [judge([url], **parameters).reason[0] for url in urls]


def test_lists_from_files(runs: Runs) -> None:
    Path(runs.folder, "lists").mkdir()
    Path(runs.folder, "lists/d.txt.gz").write_bytes(gzip.compress(b"# bad\r\nbad.com\r\n\r\n"))
    Path(runs.folder, "lists/w.txt").write_text("casino\n")
    urls = ["http://x.bad.com", "http://good.com", "http://good.com/casino", None]
    runs.jsonl("a.jsonl", [{"id": str(i), "text": "x", "url": url} for i, url in enumerate(urls)])
    step = "url_filter: {domain_files: lists/d.txt.gz, word_files: [lists/w.txt]}"
    runs(f"read: {{jsonl: a.jsonl}}\nsteps:\n  - {step}\nwrite: {{path: out}}\n")
    assert [row["id"] for row in runs.table("data")] == ["1", "3"]
    assert {row["id"]: row["reason"] for row in runs.table("ledger")} == {"0": "banned_domain", "2": "banned_word"}


@pytest.mark.parametrize(
    "bad", [{}, {"domains": []}, {"words": ["--"]}, {"domains": ["."]}, {"soft_words": ["a"], "max_soft_words": -1},
            {"missing": "keep"}, {"domains": ["a.com"], "missing": "maybe"}],
)  # fmt: skip
def test_impossible_parameters_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        UrlFilter(**bad)
