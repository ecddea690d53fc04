"""E-mail addresses that are spelled for people, not for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.contact.top_level_domains import TOP_LEVEL_DOMAINS
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer

_BRACKETED = (
    "[at]", "(at)", "{at}", "<at>", "[@]", "(@)", "{@}", "[ at ]", "( at )", "(arroba)", "[arroba]", "(собака)", "[собака]",
    "(ät)", "[ät]", "(chiocciola)", "[chiocciola]", "(arobase)", "[arobase]", "＠", "&#64;", "&#x40;", "%40",
)  # fmt: skip
_SPOKEN = " DOT "  # any case; only capitals are enough
_DOT = r"(?:\s?[\[({<]\s?(?:dot|punkt|punto|ponto|point|точка|\.)\s?[\])}>]\s?|\.|．| DOT )"
_LOCAL = re.compile(rf"[A-Za-z0-9_](?:[A-Za-z0-9_+-]|{_DOT}(?=[A-Za-z0-9_])){{0,63}}\s?\Z")
_DOMAIN = re.compile(rf"\s?[A-Za-z0-9](?:[A-Za-z0-9-]|{_DOT}(?=[A-Za-z0-9])){{1,80}}")
_DOTS = re.compile(_DOT)


class ObfuscatedEmail(Recognizer):
    """`name [at] host [dot] org`, `name(at)host.org`, `name AT host DOT org`, also with the full-width at sign."""

    types: ClassVar[tuple[str, ...]] = ("email",)
    words: ClassVar[tuple[str, ...]] = (*_BRACKETED, _SPOKEN)
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """A name before, a domain that exists behind."""
        for mark in candidates:
            start, end = mark.start, mark.end
            spoken = mark.word == len(_BRACKETED)
            if spoken:
                at = page.data.rfind(b" AT ", max(page.offsets[mark.row], start - 70), start)
                if at < 0 or page.data[start:end] != b" DOT ":
                    continue
                start, end = at, at + 4
            before, after = page.before(mark.row, start, 100), page.after(mark.row, end, 120)
            local, domain = _LOCAL.search(before), _DOMAIN.match(after)
            if local is None or domain is None:
                continue
            size = _known(domain.group())
            if size:
                first = start - len(local.group().encode())
                score = 0.85 if spoken or page.data[start] in b"[({<" or page.data[start] > 127 else 0.6
                yield Hit(mark.row, first, end + len(after[:size].encode()), "email", score)


def _known(domain: str) -> int:
    """Signs of `domain` up to a top-level domain that exists; 0 if it has none behind another label."""
    borders = [dot.start() for dot in _DOTS.finditer(domain)] + [len(domain)]
    labels = [label.strip().lower() for label in _DOTS.split(domain)]
    for count in range(len(labels), 1, -1):
        if labels[count - 1] in TOP_LEVEL_DOMAINS:
            return borders[count - 1]
    return 0
