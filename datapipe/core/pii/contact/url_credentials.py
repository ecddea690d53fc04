"""URLs that hold a user and a password."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import AT

MAX_USERINFO, MAX_REST = 256, 2048  # bytes
LOW, SURE = 0.4, 1.0

_HEAD = re.compile(rb"([A-Za-z][A-Za-z0-9+.-]{0,30})://([^\s/?#:@\"'<>]{0,100}):([^\s/?#\"<>]{1,150})@")
_SCHEME = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]{0,30}\Z")
_HOST = re.compile(  # letters of other scripts, but no signs: the blocks of U+2000 and U+3000 end it
    rb"(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9_.-]|[\xc3-\xdf][\x80-\xbf]|[\xe0\xe1\xe4-\xed][\x80-\xbf]{2}"
    rb"|\xe3[\x81-\xbf][\x80-\xbf])+)(?::\d{1,5})?"
)
_REST = re.compile(rb"[/?#](?:[^\s\"'<>\\`{}|^\x80-\xff]|\xc3[\x80-\xbf]|[\xc4-\xdf][\x80-\xbf])*")
_VARIABLE = re.compile(rb"\$[{(]|\{\{|<[\w -]+>|\{\w*\}|\A(?:\$\w+|%\w+%|%[sd]|\[.*\]|\*+|\.+|x+|X+|_+|-+)\Z")
_WORD = re.compile(
    rb"(?:(?:my|your|the|some|user|db|secret|smtp|proxy|ftp|http|imap)?[_-]?)"
    rb"(?:pass|passwd|password|passwort|pw|pwd|secret|token|key|credentials?|foo|bar|baz|abc|xyz|anoncvs|anonymous|clave|contrase\xc3\xb1a|clau|senha|mdp"
    rb"|motdepasse|wachtwoord|l\xc3\xb6senord|has\xc5\x82o|heslo|parola|sifre|katasandi|salasana|kodeord)(?:\d|%\d\d\w*)?|.",
    re.IGNORECASE,
)


class UrlCredentials(Recognizer):
    """`scheme://user:password@host…` (RFC 3986, 3.2.1): the whole URL; where a placeholder stands for the password, less."""

    types: ClassVar[tuple[str, ...]] = ("url_credentials",)
    kinds: ClassVar[tuple[int, ...]] = (AT,)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """From each at sign back to `://`, then on to the end of the URL."""
        reached = -1
        for at in candidates:
            if at.start < reached:
                continue
            begin, stop = page.offsets[at.row], page.offsets[at.row + 1]
            mark = page.data.rfind(b"://", max(begin, at.start - MAX_USERINFO), at.start)
            if mark < 0:
                continue
            scheme = _SCHEME.search(page.data, max(begin, mark - 31), mark)
            if scheme is None:
                continue
            # The last at sign before the path parts host and user: passwords with a bare one are seen, too.
            head = _HEAD.match(page.data, scheme.start(), min(stop, at.end + MAX_USERINFO))
            host = _HOST.match(page.data, head.end(), min(stop, head.end() + 255)) if head else None
            if head is None or host is None:
                continue
            reached = _end(page, host.end(), stop)
            yield Hit(at.row, scheme.start(), reached, "url_credentials", _score(head[2], head[3]))


def _end(page: Page, host: int, stop: int) -> int:
    """Where the URL ends: without the marks of the sentence, without a bracket that it did not open."""
    rest = _REST.match(page.data, host, min(stop, host + MAX_REST))
    if rest is None:
        return host - (page.data[host - 1] in b".-_")
    tail = rest.group()
    while tail and (tail[-1] in b".,;:!?*_" or _unopened(tail, b"()") or _unopened(tail, b"[]")):
        tail = tail[:-1]
    return host + len(tail)


def _unopened(tail: bytes, pair: bytes) -> bool:
    return tail[-1] == pair[1] and tail.count(pair[1]) > tail.count(pair[0])


def _score(user: bytes, password: bytes) -> float:
    if _VARIABLE.search(password) or _VARIABLE.search(user):
        return LOW
    if _WORD.fullmatch(password) or password == user:
        return LOW
    return SURE
