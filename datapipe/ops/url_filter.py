"""Documents by where they come from: lists of hosts, URLs and words in URLs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar, Literal
from urllib.parse import unquote

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, PrivateAttr, field_validator, model_validator

from datapipe.arrow.text import text_of
from datapipe.core.context import Context
from datapipe.core.path_parameters import FilePath
from datapipe.core.threshold_filter import ThresholdFilter
from datapipe.core.verdict import Verdict
from datapipe.kernels.keywords import Automaton, automaton, count_found

Mask = npt.NDArray[np.bool_]
KINDS = ("domain", "subdomain", "url", "word", "substring", "soft_word")
PATH = re.compile(r"[/?#\\]")  # what ends a host; browsers read \ as /
SIGNS = str.maketrans({chr(c): " " for c in range(128) if not chr(c).isalnum()})
LONGEST_HOST = 253  # characters, by RFC 1035; anything longer is no host, and costly to encode


class UrlFilter(ThresholdFilter):
    """Drop documents by the host, the URL or words of the URL, from lists given here and in files.

    Each list stands in the recipe (`domains: [example.com]`), in files of one entry a line with # comments
    (`domain_files: [lists/domains.txt.gz]`), or both. Hosts are compared in lower case, as punycode, without user, port
    and trailing dot. For words the URL's %-escapes are resolved and its signs part words; for substrings the signs are
    left out, so that `free-stuff` is found in `free_stuff` and `freestuff`. What is no URL is only text in which words
    may be found. The method of RefinedWeb (Penedo et al. 2023, arXiv:2306.01116, G.1) and DCLM, as in datatrove.
    """

    name: ClassVar[str] = "url_filter"
    bounds: ClassVar[Mapping[str, tuple[str, str]]] = {"soft_banned_words": ("max_soft_words", "soft_words")}
    reads: ClassVar[tuple[str, ...]] = ("url",)
    examples: ClassVar[tuple[dict[str, Any], ...]] = (
        {"domains": ["example.org"], "missing": "drop"},
        {"domains": ["example.com"]},
        {"urls": ["example.com/4"], "words": ["5"], "substrings": ["com/7"], "soft_words": ["www", "com"]},
    )

    domains: tuple[str, ...] = Field((), description="hosts that are dropped with all hosts below them")
    domain_files: tuple[FilePath, ...] = Field((), description="lists of domains")
    subdomains: tuple[str, ...] = Field((), description="hosts that are dropped, but not those below them")
    subdomain_files: tuple[FilePath, ...] = Field((), description="lists of subdomains")
    urls: tuple[str, ...] = Field(
        (), description="URLs that are dropped; scheme, www., fragment and a last slash make no difference"
    )
    url_files: tuple[FilePath, ...] = Field((), description="lists of urls")
    words: tuple[str, ...] = Field((), description="words one of which, whole, in the URL is enough")
    word_files: tuple[FilePath, ...] = Field((), description="lists of words")
    substrings: tuple[str, ...] = Field((), description="strings one of which anywhere in the URL is enough")
    substring_files: tuple[FilePath, ...] = Field((), description="lists of substrings")
    soft_words: tuple[str, ...] = Field((), description="words of which it takes more than max_soft_words")
    soft_word_files: tuple[FilePath, ...] = Field((), description="lists of soft_words")
    max_soft_words: int | None = Field(
        1, ge=0, description="soft words in a URL, each place counted, that are still kept; null: not looked at"
    )
    missing: Literal["keep", "drop"] = Field("keep", description="what happens to documents without a URL")

    _hosts: dict[str, set[str]] = PrivateAttr(default_factory=dict)
    _urls: set[str] = PrivateAttr(default_factory=set)
    _words: dict[str, Automaton] = PrivateAttr(default_factory=dict)

    @field_validator(*(f"{kind}s" for kind in KINDS), *(f"{kind}_files" for kind in KINDS), mode="before")
    @classmethod
    def _one_is_a_list(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value

    @model_validator(mode="after")
    def _says_something(self) -> UrlFilter:
        lists = [getattr(self, name) for kind in KINDS for name in (f"{kind}s", f"{kind}_files")]
        if not any(lists) and self.missing == "keep":
            raise ValueError("expected a list, such as domains: [example.com], or missing: drop")
        for kind in KINDS:
            for entry in getattr(self, f"{kind}s"):
                if not _spaced(entry).strip():
                    raise ValueError(f"{kind}s: {entry!r} holds no letter or digit")
        return self

    def setup(self, ctx: Context) -> None:
        """Read the lists; the words become automata."""
        lists = {
            kind: [*getattr(self, f"{kind}s"), *(e for path in getattr(self, f"{kind}_files") for e in ctx.lines(path))]
            for kind in KINDS
        }
        for kind in ("domain", "subdomain"):
            self._hosts[kind] = {plain_host(split_url(entry)[0].lstrip("*")) for entry in lists[kind]} - {""}
        self._urls = {_plain_url(*split_url(entry)) for entry in lists["url"]} - {""}
        for kind, whole, form in (
            ("word", True, _spaced),
            ("substring", False, _squeezed),
            ("soft_word", True, _spaced),
        ):
            if lists[kind]:
                self._words[kind] = automaton(map(form, lists[kind]), case=False, whole=whole)

    def measure(self, batch: pa.RecordBatch) -> Verdict:
        """Each distinct host is judged once a batch; words are found by the kernel in all URLs at once."""
        n = batch.num_rows
        urls = [(url or "").strip() for url in batch.column("url").to_pylist()]
        failed: dict[str, Mask] = {}
        if self.missing == "drop":
            failed["no_url"] = np.fromiter((not url for url in urls), np.bool_, n)
        if self._hosts["domain"] or self._hosts["subdomain"] or self._urls:
            failed |= self._by_host(urls)
        for kind, reason in (("word", "banned_word"), ("substring", "banned_substring")):
            if kind in self._words:
                failed[reason] = self._count(kind, urls) > 0
        if "soft_word" not in self._words:
            return Verdict(n, failed)
        soft = self._count("soft_word", urls)
        return Verdict(n, failed, {"soft_words": soft.astype(np.float64)})

    def rules(self, measured: Verdict) -> dict[str, Mask]:
        """Without a list of soft words none were counted."""
        return super().rules(measured) if measured.scores else {}

    def _by_host(self, urls: list[str]) -> dict[str, Mask]:
        domain, subdomain, whole = (np.zeros(len(urls), np.bool_) for _ in range(3))
        known: dict[str, tuple[bool, bool, str]] = {}
        for row, url in enumerate(urls):
            written, rest = split_url(url)
            if written not in known:
                host = plain_host(written)
                known[written] = (_is_below(host, self._hosts["domain"]), host in self._hosts["subdomain"], host)
            domain[row], subdomain[row], host = known[written]
            if self._urls:
                whole[row] = _plain_url(host, rest) in self._urls
        return {"banned_domain": domain, "banned_subdomain": subdomain, "banned_url": whole}

    def _count(self, kind: str, urls: list[str]) -> npt.NDArray[np.int64]:
        form = _squeezed if kind == "substring" else _spaced
        text = text_of(pa.array(map(form, urls), pa.large_string(), size=len(urls)))
        return count_found(text.offsets, text.data, self._words[kind])[0]


def split_url(url: str) -> tuple[str, str]:
    """Host as written and what follows it, of anything: nothing is too broken. User and port are left out."""
    start = url.find("://") + 3
    rest = url[start:] if start > 2 and not PATH.search(url, 0, start - 2) else url.removeprefix("//")
    end = PATH.search(rest)
    authority, rest = (rest[: end.start()], rest[end.start() :]) if end else (rest, "")
    host = authority.rpartition("@")[2]
    return (host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0]), rest


def plain_host(host: str) -> str:
    """Lower case, punycode, no dots at the ends; what cannot be a host stays as it is."""
    if not host.isascii() and len(host) <= LONGEST_HOST:
        with suppress(UnicodeError):  # no host then, but words may be found in it
            host = host.encode("idna").decode("ascii")
    return host.lower().strip(".")


def _plain_url(host: str, rest: str) -> str:
    return plain_host(host).removeprefix("www.") + rest.partition("#")[0].rstrip("/")


def _is_below(host: str, domains: set[str]) -> bool:
    while host and host not in domains:
        host = host.partition(".")[2]
    return bool(host)


def _spaced(url: str) -> str:
    """Words between spaces, without the scheme."""
    return unquote("".join(split_url(url))).translate(SIGNS)


def _squeezed(url: str) -> str:
    return _spaced(url).replace(" ", "")
