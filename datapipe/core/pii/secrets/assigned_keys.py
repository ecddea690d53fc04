"""Secrets without a prefix: random strings that code, settings and headers give to something called a key or a token."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.core.pii.secrets.placeholders import is_example
from datapipe.core.pii.secrets.randomness import is_hex, is_uuid, looks_random
from datapipe.core.pii.secrets.tokens import value_start
from datapipe.kernels.candidates import TOKEN

LEAST, LONGEST = 16, 512  # bytes of a value: a shorter one is found by words, a longer one is data
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_VALUE = _LETTERS + b"+/_.~-"
_NAME = _LETTERS + b"_.$-"
_BEFORE = b"\"'`=: \t>\\"  # what stands before a value that is given to a name
_ENDS = b" \n\r\t;,&<)}]\"'`"
_WORD = re.compile(rb"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_TYPED = re.compile(rb"[ \t]*:[ \t]*(?:&?'?str|[Ss]tring|bytes|text)[ \t]*\Z")
_UUID_KEY = re.compile(rb"(?:api|auth|access|secret)[-_]?(?:key|token)", re.IGNORECASE)
_SCHEME = re.compile(rb"[\"']?[ \t]?[:=,][ \t]?[\"']?(?:(?P<basic>basic)|token|apikey)[ \t]{1,2}", re.IGNORECASE)
_PUBLIC = (b"MIIBIj", b"MIGfMA", b"MFkwEw", b"MCowBQ")  # public keys: RSA of 2,048 and 1,024 bits, P-256, Ed25519
_BASIC = re.compile(rb"[A-Za-z0-9+/]{8,256}={0,2}")
_BEARER = re.compile(rb"[A-Za-z0-9._~+/-]{16,512}={0,2}")

# Words of names, as camelCase and snake_case part them.
_SECRET = frozenset(
    b"secret secrets token tokens apikey apikeys secretkey accesskey authkey authtoken accesstoken apitoken apisecret "
    b"clientsecret appsecret privatekey credential credentials auth bearer passkey sharedkey appkey".split()
)
_KEY = frozenset(
    b"api access secret private auth encryption account master signing service client app consumer shared storage "
    b"session application authentication hmac aes subscription admin security functions license webhook".split()
)
_OPEN = frozenset(
    b"public pub id ids name type kind file path url uri length size len hash digest sha md5 checksum integrity "
    b"fingerprint etag version class selector page next continuation cursor sync cache sort foreign partition primary "
    b"index row commit rev revision tree uuid guid expires ttl count limit format prefix suffix label title message "
    b"description csrf xsrf site theme form nonce vapid regex pattern issuer subject".split()
)


class AssignedKeys(Recognizer):
    """Random values of 16 to 512 bytes given to a name that says secret, token or key; `Authorization` headers.

    The limits of entropy are those of detect-secrets (`randomness.py`). Checksums, UUIDs, public keys and names stay.
    """

    types: ClassVar[tuple[str, ...]] = ("api_key",)
    kinds: ClassVar[tuple[int, ...]] = (TOKEN,)
    words: ClassVar[tuple[str, ...]] = ("bearer ", "authorization")
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """A look to the left of each token; where a name is given something, one at the name and one at the value."""
        reached = -1
        for at in candidates:
            if at.start < reached:
                continue
            hit = _assigned(page, at) if at.kind == TOKEN else _header(page, at)
            if hit is not None:
                reached = hit.end
                yield hit


def _assigned(page: Page, at: Candidate) -> Hit | None:
    data, begin, stop = page.data, page.offsets[at.row], page.offsets[at.row + 1]
    start, end = value_start(data, at.start, at.end), at.end
    if start == begin:
        return None
    if start == at.start and data[start - 1] in b"/.~":
        left = data[max(begin, start - LONGEST) : start]
        start -= len(left) - len(left.rstrip(_VALUE))
    if start == begin or data[start - 1] not in _BEFORE:
        return None
    before = data[max(begin, start - 100) : start]
    quote = before[-1:] if before[-1:] in (b'"', b"'", b"`") else b""
    name = _given_to(before, quote)
    if not name:
        return None
    likely = _likelihood(name)
    if likely == 0:
        return None
    if end < stop and data[end] in b"/.~":
        right = data[end : min(stop, end + LONGEST)]
        end += len(right) - len(right.lstrip(_VALUE + b"="))
    closed = data[end : min(stop, end + 2)]
    if quote:
        whole = closed[:1] == quote or closed == b"\\" + quote
    else:
        whole = not closed or closed[0] in _ENDS
        if closed[:1] != b"." and data[end - 1] == 46:
            end -= 1  # the end of a sentence
    if not whole or not LEAST <= end - start <= LONGEST:
        return None
    return Hit(at.row, start, end, "api_key", _score(name, data[start:end], likely, bool(quote)))


def _given_to(before: bytes, quote: bytes) -> bytes:
    """The name that is given the value after `before`: `name = "`, `"name": "`, `name=>`, `name("`; empty if there is none."""
    given = before[: len(before) - len(quote)].rstrip(b"\\")
    left = given.rstrip(b" \t")
    if not quote and len(given) - len(left) > 1:
        return b""  # the next column or, where a value was removed, the next word
    if left[-1:] == b"(" and quote:
        left = left[:-1]
    elif left[-2:] in (b"=>", b":=", b"=="):
        left = left[:-2]
    elif left[-1:] in (b"=", b":"):
        left = left[:-1]
    else:
        option = left[len(left.rstrip(_NAME)) :]
        return option if option[:1] == b"-" else b""
    left = _TYPED.sub(b"", left[-80:]).rstrip(b" \t").rstrip(b"\"'`])\\")
    name = left[len(left.rstrip(_NAME)) :][-64:]
    if left[: len(left) - len(name)][-2:] == b"::":
        return b""  # the name of a type
    if name.lower() in (b"key", b"token"):  # secret key: …
        left = left[: len(left) - len(name) - 1]
        name = left[len(left.rstrip(_NAME)) :][-64:] + b"_" + name
    return name


def _likelihood(name: bytes) -> int:
    """Whether a name is that of a secret: 2 yes, 1 a key of some kind, 0 no."""
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or not _OPEN.isdisjoint(words):
        return 0
    if not _SECRET.isdisjoint(words):
        return 2
    if words[-1] in (b"key", b"keys"):
        return 2 if not _KEY.isdisjoint(words) else 1
    return 0


def _score(name: bytes, value: bytes, likely: int, quoted: bool) -> float:
    if is_uuid(value):
        return 0.6 if _UUID_KEY.search(name) else 0.3  # keys of Heroku, old tokens of npm
    if is_example(value) or value.startswith(_PUBLIC) or not looks_random(value):
        return 0.3
    if likely == 2:
        return 0.85
    # `key` alone names entries of maps and parts of the data: digests above all, and short names with a random part.
    return 0.6 if quoted and len(value) >= 20 and not is_hex(value) else 0.4


def _header(page: Page, at: Candidate) -> Hit | None:
    """`Authorization: Bearer …` (RFC 6750), `Basic …` (RFC 7617) and `token …`."""
    data = page.data
    start, stop = at.end, min(page.offsets[at.row + 1], at.end + LONGEST)
    if at.word == 1:
        scheme = _SCHEME.match(data, start, stop)
        if scheme is None:
            return None
        start = scheme.end()
        if scheme["basic"]:
            return _basic(data, at.row, start, stop)
    token = _BEARER.match(data, start, stop)
    if token is None or is_example(token[0]) or not looks_random(token[0]):
        return None
    return Hit(at.row, token.start(), token.end(), "api_key", 0.85)


def _basic(data: bytes, row: int, start: int, stop: int) -> Hit | None:
    """User and password in base64."""
    given = _BASIC.match(data, start, stop)
    if given is None:
        return None
    try:
        user, colon, word = b64decode(given[0], validate=True).partition(b":")
    except ValueError:
        return None
    if not colon or not user or not word or is_example(word):
        return None
    return Hit(row, given.start(), given.end(), "api_key", 0.85)
