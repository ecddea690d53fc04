"""Dolma's e-mail addresses, US phone numbers and IPv4 addresses."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.published.fineweb import IPV4, ipv4_runs
from datapipe.core.pii.published.policy import Found, Policy, rows_with
from datapipe.core.pii.recognizer import Hit, Page
from datapipe.core.pii.replacing.settling import Change

_EMAIL = re.compile(r"[.\s@,?!;:)(]*([^\s@]+@[^\s@,?!;:)(]+?)[.\s@,?!;:)(]?[\s\n\r]")
_TAIL = re.compile(r"@[^\s@,?!;:)(]+?[.\s@,?!;:)(]?[\s\n\r]")  # what follows the local part
_WORD = re.compile(r"[^\s@]+")
_BEFORE = ".@,?!;:)(" + "".join(chr(i) for i in range(sys.maxunicode + 1) if chr(i).isspace())
# What follows the white space of a phone number; the space itself is found by looking back, in linear time.
_PHONE = re.compile(r"(?<=[^\S\n])\(?\d{3}\)?[-. ]*\d{3}[-. ]?\d{4}")
_SEVEN = re.compile(rb"[0-9]{3}[-. ]?[0-9]{4}")
_QUESTIONS = 10_000  # texts with more question marks are not looked at
# The published pattern goes back over the signs before an address; more of them than this change nothing but its time.
_WINDOW = 128
TAGS = {"email": " |||EMAIL_ADDRESS||| ", "phone": " |||PHONE_NUMBER||| ", "ip.v4": " |||IP_ADDRESS||| "}
_ORDER = {"email": 0, "phone": 1, "ip.v4": 2}


class Dolma(Policy):
    """Tagger `pii_regex_with_counts_fast_v2` (python/dolma/taggers/pii.py) and the mixing of configs/dolma-v1_6/mixing.

    Documents with more than five hits are dropped; of spans that overlap the first one is replaced (src/shard.rs).
    """

    types: ClassVar[tuple[str, ...]] = ("email", "phone", "ip")
    most: ClassVar[int | None] = 5
    faults: ClassVar[tuple[str, ...]] = (
        "dolma misses an e-mail address that no white space follows (at the end of a text), and its spans take the "
        "punctuation and space around an address; phone numbers are US ones after a space",
        "dolma takes version strings (1.2.3.4) for addresses, private ones included; no IPv6; texts with more than "
        "10,000 question marks are not looked at",
        "scrubbing twice: a phone number behind an address is found in the second pass only, for the first one's span "
        "takes the space between them",
    )

    def find(self, page: Page) -> Found:
        """All spans; of those that overlap the one that starts first is replaced."""
        hits = [hit for row in self._rows(page) for hit in _in_text(page, row)]
        asked = {row for row in range(len(page.offsets) - 1) if not _too_many_questions(page, row)}
        hits += [
            Hit(row, *match.span(), "ip.v4", 1.0)
            for row, start, end in ipv4_runs(page)
            for match in IPV4.finditer(page.data, start, end)
        ]
        changes: list[Change] = []
        besides: list[Hit] = []
        for hit in sorted(hits, key=lambda hit: (hit.start, _ORDER[hit.type])):
            if hit.row not in asked:
                continue
            if changes and hit.start < changes[-1].end:
                besides.append(hit)
            else:
                changes.append(Change(*hit, "mask", TAGS[hit.type]))
        return Found(changes, besides)

    @staticmethod
    def _rows(page: Page) -> list[int]:
        """The texts with an at sign or seven digits, or digits of other scripts."""
        found = set(rows_with(page, (match.start() for match in re.finditer(b"@", page.data))))
        found |= set(rows_with(page, (match.start() for match in _SEVEN.finditer(page.data))))
        if not page.data.isascii():
            found |= {
                row
                for row, (first, last) in enumerate(zip(page.offsets, page.offsets[1:], strict=False))
                if not page.data[first:last].isascii()
            }
        return sorted(found)


def _too_many_questions(page: Page, row: int) -> bool:
    first, last = page.offsets[row], page.offsets[row + 1]
    return last - first > _QUESTIONS and page.data.count(b"?", first, last) > _QUESTIONS


def _in_text(page: Page, row: int) -> Iterator[Hit]:
    first = page.offsets[row]
    text = page.data[first : page.offsets[row + 1]].decode()
    spans = sorted([*((*span, "email") for span in _emails(text)), *((*span, "phone") for span in _phones(text))])
    if text.isascii():
        yield from (Hit(row, first + start, first + end, kind, 1.0) for start, end, kind in spans)
        return
    here, place = 0, first
    for start, end, kind in spans:  # code points to bytes, each part of the text once
        place += len(text[here:start].encode()) if start >= here else -len(text[start:here].encode())
        here = start
        yield Hit(row, place, place + len(text[start:end].encode()), kind, 1.0)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    """Spans in code points; every line by itself, as the tagger does."""
    at = text.find("@")
    while at >= 0:
        start = text.rfind("\n", 0, at) + 1
        end = text.find("\n", at) + 1 or len(text)
        line = text[start:end]
        yield from ((start + a, start + b) for a, b in _in_line(line))
        at = text.find("@", end)


def _in_line(line: str) -> Iterator[tuple[int, int]]:
    here = 0
    for word in _WORD.finditer(line):
        begin, at = max(word.start(), here), word.end()
        if begin >= at or line[at : at + 1] != "@":
            continue
        tail = _TAIL.match(line, at)
        if tail is None:
            continue
        start = here + len(line[here:begin].rstrip(_BEFORE))
        match = _EMAIL.match(line, start, min(len(line), max(at + _WINDOW, tail.end())))
        if match is None:
            continue
        here = match.end()
        addressee, domain = match.group(1).split("@", 1)
        if addressee.strip() != "(" and "." in domain:
            yield match.span()


def _phones(text: str) -> Iterator[tuple[int, int]]:
    here = 0
    for match in _PHONE.finditer(text):
        line = max(here, text.rfind("\n", here, match.start()) + 1)
        yield line + len(text[line : match.start()].rstrip()), match.end()
        here = match.end()
