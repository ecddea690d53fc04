"""BLOOM's keys, e-mail addresses, user names and IP addresses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, NamedTuple

from datapipe.core.pii.published.bloom_keys import keys
from datapipe.core.pii.published.policy import Found, Policy
from datapipe.core.pii.recognizer import Page
from datapipe.core.pii.replacing.settling import Change

_V4 = r"(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)(?:\.(?:25[0-5]|2[0-4][0-9]|[01]?[0-9][0-9]?)){3}"
_H = r"[0-9a-fA-F]{1,4}"
_Q = r"(?:(?:25[0-5]|(?:2[0-4]|1{0,1}[0-9]){0,1}[0-9])\.){3,3}(?:25[0-5]|(?:2[0-4]|1{0,1}[0-9]){0,1}[0-9])"
_V6 = "|".join([
    f"(?:{_H}:){{7,7}}{_H}", f"(?:{_H}:){{1,7}}:", f"(?:{_H}:){{1,6}}:{_H}",
    *(f"(?:{_H}:){{1,{n}}}(?::{_H}){{1,{7 - n}}}" for n in (5, 4, 3, 2)), f"{_H}:(?:(?::{_H}){{1,6}})",
    f":(?:(?::{_H}){{1,7}}|:)", r"fe80:(?::[0-9a-fA-F]{0,4}){0,4}%[0-9a-zA-Z]{1,}",
    f"::(?:ffff(?::0{{1,4}}){{0,1}}:){{0,1}}{_Q}", f"(?:{_H}:){{1,4}}:{_Q}",
])  # fmt: skip
_LEFT = r"""(?:^|[\b\s@?,!;:'")(.\p{Han}])"""
_RIGHT = r"""(?:$|[\s@,?!;:'"(.\p{Han}])"""
_DATES = (
    r"([1-2][0-9]{3}[\p{Pd}/][1-2][0-9]{3})", r"([1-2][0-9]{3}[\p{Pd}/.][0-3][0-9][\p{Pd}/.][0-3][0-9])",
    r"([0-3][0-9][\p{Pd}/.][0-3][0-9][\p{Pd}/.](?:[0-9]{2}|[1-2][0-9]{3}))",
    r"([0-3][0-9][\p{Pd}/](?:[0-9]{2}|[1-2][0-9]{3}))", r"([1-2][0-9]{3}-[0-3][0-9])",
)  # fmt: skip


class Patterns(NamedTuple):
    """ip_line: lines with an address have one. local, before, domain: parts of an e-mail address and its border."""

    ip: Any
    ip_line: Any
    dates: tuple[Any, ...]
    local: Any
    before: Any
    domain: Any
    user: Any


@cache
def _patterns() -> Patterns:
    import regex

    lines = regex.MULTILINE
    return Patterns(
        regex.compile(f"{_LEFT}({_V4}|{_V6}){_RIGHT}", lines),
        regex.compile(r"::|\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]|(?::[0-9a-fA-F]{1,4}){7}"),
        tuple(regex.compile(_LEFT + dates + _RIGHT) for dates in _DATES),
        regex.compile(r"""[^\b\s@?!;,:)('"<]+"""),
        regex.compile(r"""^|(?<=[\b\s@,?!;:)('".\p{Han}<])""", lines),
        regex.compile(r"""@[^\b\s@!?;,/]*[^\b\s@?!;,/:)('">.]\.\p{L}\w{1,}(?=$|[\b\s@,?!;:)('".\p{Han}>])""", lines),
        regex.compile(r"""(?:^|(?<=[)(\s@,?!;:'"\p{Han}]))@[^)(\s@,?!;:'"]{3,}""", lines),
    )


_TYPES = {"KEY": "api_key", "EMAIL": "email", "USER": "user_name", "IP_ADDRESS": "ip"}
_MOST = 100  # different values of a text that are replaced wherever they stand; of more only where they were found


class Bloom(Policy):
    """data-preparation `preprocessing/training/02_pii/bigscience_pii_detect_redact.py` (Laurençon et al. 2022, ROOTS).

    What a pattern finds is replaced wherever the same signs stand in the text.
    """

    types: ClassVar[tuple[str, ...]] = ("api_key", "email", "user_name", "ip")
    faults: ClassVar[tuple[str, ...]] = (
        "bloom replaces what it finds as a string, everywhere in the text, also inside of longer words and numbers; the "
        "order of its four types was that of a Python set, here it is KEY, EMAIL, USER, IP_ADDRESS; in texts with more "
        f"than {_MOST} different values they are replaced only where they stand",
        "bloom takes long numbers in groups, words with many hyphens and paths for keys, version strings for addresses, "
        "and of two addresses with one space between them the first; it has no phone numbers",
        "scrubbing twice: what stood beside a value that was replaced may be found in the second pass",
    )

    def find(self, page: Page) -> Found:
        """Values by type; their occurrences in the order of the types, each place once."""
        changes: list[Change] = []
        for row, (first, last) in enumerate(pairwise(page.offsets)):
            text = page.data[first:last].decode()
            found = [("KEY", *span) for span in keys(text)]
            if "@" in text:
                found += [("EMAIL", *span) for span in _emails(text)]
                found += [("USER", *span) for span in _users(text)]
            found += [("IP_ADDRESS", *span) for span in addresses(text)]
            changes += _in_bytes(text, row, first, _everywhere(text, found))
        return Found(changes, [])


def _emails(text: str) -> Iterator[tuple[int, int]]:
    here = 0
    for word in _patterns().local.finditer(text):
        if text[word.end() : word.end() + 1] != "@" or word.end() < here:
            continue
        domain = _patterns().domain.match(text, word.end())
        start = _patterns().before.search(text, max(word.start(), here), word.end()) if domain else None
        if domain is not None and start is not None and start.start() < word.end():
            here = domain.end()
            yield start.start(), here


def _users(text: str) -> Iterator[tuple[int, int]]:
    at = text.find("@")
    while at >= 0:
        match = _patterns().user.match(text, at)
        if match is not None:
            yield match.span()
        at = text.find("@", match.end() if match is not None else at + 1)


def addresses(text: str) -> Iterator[tuple[int, int]]:
    """Spans of IP addresses in code points, dates left out."""
    done = 0
    for mark in _patterns().ip_line.finditer(text):
        if mark.start() < done:
            continue
        start, end = text.rfind("\n", 0, mark.start()) + 1, text.find("\n", mark.end())
        done = len(text) if end < 0 else end
        for match in _patterns().ip.finditer(text[start:done]):
            value = match.group(1)
            if any(sign.isdigit() for sign in value) and not any(date.match(value) for date in _patterns().dates):
                yield start + match.start(1), start + match.end(1)


def _everywhere(text: str, found: Iterable[tuple[str, int, int]]) -> list[tuple[int, int, str]]:
    """All places of the values found, those of earlier ones first; no two overlap."""
    taken: list[tuple[int, int, str]] = []
    free = [(0, len(text))]
    values = dict.fromkeys((text[start:end], tag) for tag, start, end in found)
    if len(values) > _MOST:
        for tag, start, end in sorted(found, key=lambda one: one[1:]):
            if not taken or start >= taken[-1][1]:
                taken.append((start, end, tag))
        return taken
    for value, tag in values:
        left: list[tuple[int, int]] = []
        for start, end in free:
            at = text.find(value, start, end)
            while at >= 0:
                left.append((start, at))
                taken.append((at, at + len(value), tag))
                start = at + len(value)
                at = text.find(value, start, end)
            left.append((start, end))
        free = left
    return sorted(taken)


def _in_bytes(text: str, row: int, first: int, spans: list[tuple[int, int, str]]) -> Iterator[Change]:
    here, place = 0, first
    for start, end, tag in spans:
        begin = place + len(text[here:start].encode())
        place = begin + len(text[start:end].encode())
        here = end
        yield Change(row, begin, place, _TYPES[tag], 1.0, "mask", f"PI:{tag}")
