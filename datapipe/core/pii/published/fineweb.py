"""FineWeb's e-mail and IPv4 addresses."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.published.policy import Found, Policy, Rows, run_start
from datapipe.core.pii.recognizer import Page
from datapipe.core.pii.replacing.settling import Change

_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)"
IPV4 = re.compile(rb"(?:" + _OCTET + rb"\.){3}" + _OCTET)
THREE_DOTS = re.compile(rb"\.(?=[0-9]{1,3}\.[0-9]{1,3}\.[0-9])")  # no IPv4 address is without; begins with a plain byte
_NUMBERS = re.compile(rb"[0-9.]*")
_LABEL = rb"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_DOMAIN = re.compile(
    rb"(?:(?:" + _LABEL + rb"\.)+" + _LABEL + rb"|\[(?:" + _OCTET + rb"\.){3}(?:" + _OCTET + rb"|[A-Za-z0-9-]*[A-Za-z0-9]:)\])"
)  # fmt: skip
_LOCAL = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~-."
_FIRST = re.compile(r"\b[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]")
EMAILS = ("email@example.com", "firstname.lastname@example.org")
ADDRESSES = (
    "22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168",
)  # fmt: skip


class FineWeb(Policy):
    """datatrove `pipeline/formatters/pii.py`, PIIFormatter, by its defaults (Penedo et al. 2024, FineWeb, section 3.6)."""

    types: ClassVar[tuple[str, ...]] = ("email", "ip")
    faults: ClassVar[tuple[str, ...]] = (
        "fineweb finds no phone numbers, IPv6 addresses or others; it takes version strings (1.2.3.4) for addresses, "
        "and writes addresses of real networks in their place",
        "fineweb chooses among its replacements by a counter of the process; here the value's hash chooses",
        "scrubbing twice: an IPv4 or e-mail address that touches what stands beside it may change again",
    )

    def find(self, page: Page) -> Found:
        """E-mail addresses first; IPv4 addresses in what is left."""
        emails = list(self._emails(page))
        return Found(sorted([*emails, *self._addresses(page, emails)]), [])

    def _emails(self, page: Page) -> Iterator[Change]:
        rows, end = Rows(page), 0
        for at in re.finditer(b"@", page.data):
            row = rows(at.start())
            first, last = page.offsets[row], page.offsets[row + 1]
            domain = _DOMAIN.match(page.data, at.end(), last)
            if domain is None or at.start() < end:
                continue
            start = self._local(page.data, max(first, end), at.start(), first)
            if start >= 0:
                end = domain.end()
                yield from self._change(page, row, start, end, "email", EMAILS)

    @staticmethod
    def _local(data: bytes, start: int, stop: int, first: int) -> int:
        """Where the local part before the at sign begins: at a border of words, without two dots in a row; -1 if nowhere."""
        begin = run_start(data, start, stop, _LOCAL)
        begin = max(begin, data.rfind(b"..", begin, stop) + 2) if b".." in data[begin:stop] else begin
        if begin == stop or data[stop - 1] == ord("."):
            return -1
        before = data[max(first, begin - 4) : begin].decode("utf-8", "ignore")[-1:]
        found = _FIRST.search(before + data[begin:stop].decode(), len(before))
        return -1 if found is None else begin + found.start() - len(before)

    def _addresses(self, page: Page, emails: list[Change]) -> Iterator[Change]:
        gone = iter(emails)
        email = next(gone, None)
        for row, start, end in ipv4_runs(page):
            here = start
            while email is not None and email.start < end:
                yield from self._in_run(page, row, here, min(end, email.start))
                here = max(here, email.end)
                if email.end > end:
                    break
                email = next(gone, None)
            yield from self._in_run(page, row, here, end)

    def _in_run(self, page: Page, row: int, start: int, end: int) -> Iterator[Change]:
        for match in IPV4.finditer(page.data, start, max(start, end)):
            if _is_global(match.group().decode()):
                yield from self._change(page, row, *match.span(), "ip.v4", ADDRESSES)

    def _change(
        self, page: Page, row: int, start: int, end: int, kind: str, choices: tuple[str, ...]
    ) -> Iterator[Change]:
        value = page.data[start:end].decode()
        if value not in choices:
            new = choices[int(self.key.digest(kind, value)[:8], 16) % len(choices)]
            yield Change(row, start, end, kind, 1.0, "replace", new)


def ipv4_runs(page: Page) -> Iterator[tuple[int, int, int]]:
    """Row, start and end of the runs of digits and dots in which an IPv4 address may be."""
    rows, end = Rows(page), 0
    for dots in THREE_DOTS.finditer(page.data):
        if dots.start() < end:
            continue
        row = rows(dots.start())
        stop = page.offsets[row + 1]
        run = _NUMBERS.match(page.data, dots.start(), stop)
        assert run is not None
        start = run_start(page.data, max(page.offsets[row], end), dots.start(), b"0123456789.")
        end = run.end()
        yield row, start, end


def _is_global(value: str) -> bool:
    try:
        return ipaddress.ip_address(value).is_global
    except ValueError:  # a zero before an octet
        return False
