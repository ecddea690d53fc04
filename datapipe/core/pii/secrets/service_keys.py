"""Keys of services by the prefix that the service gives them, and tokens of a form that nothing else has."""

from __future__ import annotations

import json
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer
from datapipe.core.pii.secrets.placeholders import is_example
from datapipe.core.pii.secrets.randomness import changes, entropy
from datapipe.core.pii.secrets.services import FORMS, SERVICES
from datapipe.core.pii.secrets.tokens import value_start
from datapipe.kernels.candidates import TOKEN

_BASE62 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALNUM = frozenset(_BASE62)
_APART = rb"(?![0-9A-Za-z_]|-[0-9A-Za-z])"
MOST = 7600  # bytes of the longest key, a JSON Web Token

_FORM = re.compile(b"|".join(b"(?P<%s>%s)" % (name.encode(), form) for name, form in FORMS))
_IN_PARTS = (
    ("airtable", re.compile(rb"pat[0-9A-Za-z]{14}\.[0-9a-f]{64}" + _APART)),
    ("discord", re.compile(rb"[MNO][0-9A-Za-z_-]{23,27}\.[0-9A-Za-z_-]{6}\.[0-9A-Za-z_-]{27,38}" + _APART)),
)
_TELEGRAM = re.compile(rb"AA[0-9A-Za-z_-]{33}\Z")
_TELEGRAM_ID = re.compile(rb"(?<![0-9A-Za-z])[0-9]{8,11}:\Z")


class ServiceKeys(Recognizer):
    """Keys by prefix and form (`services.py`): `api_key.SERVICE`; the header of a JSON Web Token must be JSON (RFC 7519).

    A wrong check sum (GitHub and npm: CRC-32 in base 62, the last six signs) takes away certainty and nothing else: what
    differs from a key by a sign, or is made up well, is a key for whoever learns from it.
    """

    types: ClassVar[tuple[str, ...]] = tuple(
        f"api_key.{name}"
        for name in sorted(
            {s.name for s in SERVICES} | {name for name, _ in FORMS} | {"airtable", "discord", "telegram"}
        )
    )
    kinds: ClassVar[tuple[int, ...]] = (TOKEN,)
    words: ClassVar[tuple[str, ...]] = tuple(service.prefix for service in SERVICES)
    whole: ClassVar[bool] = False

    _prefixes: ClassVar[tuple[bytes, ...]] = tuple(service.prefix.encode() for service in SERVICES)
    _rests: ClassVar[tuple[re.Pattern[bytes], ...]] = tuple(
        re.compile(rb"(?:" + service.rest + rb")" + _APART) for service in SERVICES
    )
    _lefts: ClassVar[tuple[re.Pattern[bytes] | None, ...]] = tuple(
        re.compile(service.left + rb"\Z") if service.left else None for service in SERVICES
    )

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """One match after each prefix, and of each token with the forms."""
        reached = -1
        for at in candidates:
            if at.start < reached:
                continue
            hit = self._by_prefix(page, at) if at.kind == LITERAL else _by_form(page, at)
            if hit is not None:
                reached = hit.end
                yield hit

    def _by_prefix(self, page: Page, at: Candidate) -> Hit | None:
        data, begin = page.data, page.offsets[at.row]
        prefix = self._prefixes[at.word]
        if data[at.start : at.end] != prefix:
            return None
        start = at.start
        before = self._lefts[at.word]
        if before is not None:
            left = before.search(data, max(begin, start - 64), start)
            if left is None:
                return None
            start = left.start()
        elif start > begin and prefix[0] in _ALNUM:
            # A prefix of letters alone comes up in base64 by chance, one of four letters once in 17 MB.
            beside = data[start - 1]
            if beside in _ALNUM or (beside in b"+/" and prefix[-1] in _ALNUM):
                return None
        rest = self._rests[at.word].match(data, at.end, min(page.offsets[at.row + 1], at.end + MOST))
        if rest is None:
            return None
        if rest.lastindex:
            start = rest.start(1)
        end = rest.end(rest.lastindex or 0)
        name = SERVICES[at.word].name
        return Hit(at.row, start, end, f"api_key.{name}", _score(name, data[at.end : end]))


def _score(name: str, rest: bytes) -> float:
    """How sure it is that what follows a prefix was drawn; in the words of `Hit.score`."""
    if name == "jwt":
        return 1.0 if _is_header(b"eyJ" + rest.partition(b".")[0]) else 0.3
    if name in ("github", "npm") and _is_checked(rest):
        return 1.0
    if is_example(rest) or entropy(rest) < 2.5 or (rest.isalpha() and rest.islower()):
        return 0.3
    return 0.95


def _is_header(part: bytes) -> bool:
    try:
        header = json.loads(urlsafe_b64decode(part + b"=" * (-len(part) % 4)))
    except ValueError:
        return False
    return isinstance(header, dict) and ("alg" in header or "typ" in header or "enc" in header)


def _is_checked(rest: bytes) -> bool:
    """Whether the last six signs are the CRC-32 of those before them, in base 62."""
    value = 0
    for sign in rest[-6:]:
        digit = _BASE62.find(sign)
        if digit < 0:
            return False
        value = value * 62 + digit
    return len(rest) == 36 and value == zlib.crc32(rest[:-6])


def _by_form(page: Page, at: Candidate) -> Hit | None:
    """A token that is a key of a service from end to end, or the first part of one."""
    data, begin, stop = page.data, page.offsets[at.row], page.offsets[at.row + 1]
    start, end = value_start(data, at.start, at.end), at.end
    size = end - start
    if size < 17 or size > 47:
        return None
    if end < stop and data[end] == 46:
        for name, pattern in _IN_PARTS:
            parts = pattern.match(data, start, min(stop, start + 120))
            if parts is not None and changes(parts[0]) > 0.2:
                return Hit(at.row, start, parts.end(), f"api_key.{name}", 0.95)
    if size == 35 and _TELEGRAM.match(data, start, end):
        bot = _TELEGRAM_ID.search(data, max(begin, start - 13), start)
        if bot is not None:
            return Hit(at.row, bot.start(), end, "api_key.telegram", 0.95)
    form = _FORM.fullmatch(data, start, end) if size > 32 else None
    if form is None or form.lastgroup is None or is_example(form[0]):
        return None
    return Hit(at.row, start, end, f"api_key.{form.lastgroup}", 0.95)
