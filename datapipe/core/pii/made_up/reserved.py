"""What stands in texts for personal data already: placeholders, and values of exactly the forms that `synthetic` makes.

Nothing of it is ever a hit: a text that was scrubbed is not changed by scrubbing it again.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable

from datapipe.core.pii.catalog import parent
from datapipe.core.pii.made_up.draw import CONSONANTS
from datapipe.core.pii.made_up.fictional import is_fictional
from datapipe.core.pii.made_up.names import FIRST, LAST, SCRIPTS, STREET, STREETS
from datapipe.core.pii.made_up.numbers import leading_zeros, luhn
from datapipe.core.pii.made_up.synthetic import HANDLE, KEY_BODY, KEY_GAP, KEY_MARK, MARK
from datapipe.core.pii.made_up.tags import LONGEST, PLACEHOLDER
from datapipe.core.pii.recognizer import Hit, Page

_USER = rf"[{CONSONANTS}]{{{HANDLE}}}"
_PERSON = (
    rf"(?:(?:{'|'.join(FIRST)})\s)?(?:{'|'.join(LAST)})|"
    + "|".join(re.escape(name) for names in SCRIPTS.values() for name in names)
)  # fmt: skip
_STREET = "|".join(re.escape(form).replace(r"\{\}", r"\d{1,4}") for form in (*(form for _, form in STREETS), STREET))
_NETWORKS = [
    ipaddress.ip_network(net) for net in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
]
_FORMS = {
    "email": re.compile(rf"user-{_USER}@example\.com"),
    "user_name": re.compile(rf"@user_{_USER}"),
    "url_credentials": re.compile(rf"[A-Za-z][A-Za-z0-9+.-]*://user-{_USER}:{MARK}@example\.com"),
    "mac": re.compile(r"00005e0053[0-9a-f]{2}|02005e10000000[0-9a-f]{2}"),
    "iban": re.compile(r"[A-Z]{2}\d\d[0X]{5,24}[0-9X]{6}"),
    "crypto_wallet": re.compile(rf"0x0{{24}}[0-9a-f]{{16}}|[A-Za-z0-9:]{{8,120}}(?:{MARK}|{MARK.upper()})"),
    "password": re.compile(rf"[A-Za-z0-9+/=._-]{{6,}}(?:{MARK}|{MARK.upper()})"),
    "person": re.compile(_PERSON, re.IGNORECASE),
    "street_address": re.compile(_STREET),
    "coordinates": re.compile(r"[^\d.]*(?:0+(?:\.00\d{2,})?[^\d.]*)*0+\.00\d{2,}[^\d.]*(?:0+(?:\.00\d{2,})?[^\d.]*)*"),
}
# What a value may be whatever its hit is called, by what only such values have: to try all costs 60 us a hit.
_WITH_AT = ("email", "user_name", "url_credentials")
_MARKED = ("crypto_wallet", "password")
_WITH_DIGITS = ("ip", "mac", "credit_card", "iban", "crypto_wallet", "phone", "national_id", "date_of_birth")
_AROUND = 48  # bytes: more than the longest of these forms
_REGIONS = re.compile(
    rf"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{{0,20}}://user-{_USER}:{MARK}@example\.com(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
    rf"|(?<![A-Za-z0-9._%+-])user-{_USER}@example\.com(?![A-Za-z0-9-]|\.[A-Za-z0-9])"
    rf"|(?<![A-Za-z0-9_@])@user_{_USER}(?![A-Za-z0-9_])".encode()
)
_TOKEN = re.compile(rb"[A-Za-z0-9+/=._-]*")
_MARKS = (MARK.encode(), MARK.upper().encode())
_LONGEST_TOKEN = 1100  # bytes: candidates end at 1,024


def is_made_up(kind: str, value: str) -> bool:
    """Whether a value is exactly of a form that `synthetic` makes for its type."""
    name = parent(kind)
    if name in _OTHERS:
        return _OTHERS[name](value)
    plain = value
    if name == "mac":
        plain = "".join(sign for sign in value.lower() if sign.isalnum())
    elif name == "iban":
        plain = "".join(sign for sign in value.upper() if sign.isalnum())
    elif name in ("person", "street_address"):
        plain = " ".join(value.split())
    return _FORMS["password" if name == "api_key" else name].fullmatch(plain) is not None


class Reserved:
    """Knows the places in texts that are no hits.

    tags  what the recipe's own masks show, beside the house's placeholders
    """

    def __init__(self, tags: Iterable[str] = ()) -> None:
        self._tags = [tag.encode() for tag in tags if tag]

    def covers(self, page: Page, hit: Hit) -> bool:
        """Whether a hit lies in a placeholder or a made-up value, or is one."""
        first, last = page.offsets[hit.row], page.offsets[hit.row + 1]
        if hit.end - hit.start < 4096:
            value = page.data[hit.start : hit.end].decode("utf-8", "replace")
            if is_made_up(hit.type, value) or any(is_made_up(kind, value) for kind in _like(value)):
                return True
        elif parent(hit.type) == "private_key":
            return is_made_up(hit.type, page.data[hit.start : hit.end].decode("utf-8", "replace"))
        if hit.end - hit.start <= LONGEST:
            around = page.data[max(first, hit.start - LONGEST) : min(last, hit.end + LONGEST)]
            start = hit.start - max(first, hit.start - LONGEST)
            end = start + hit.end - hit.start
            if (b"<" in around and _inside(PLACEHOLDER, around, start, end)) or (
                b"user" in around and _inside(_REGIONS, around, start, end)
            ):
                return True
        return self._in_tag(page, hit, first, last) or _in_marked(page, hit, last)

    def _in_tag(self, page: Page, hit: Hit, first: int, last: int) -> bool:
        """Whether a hit lies in a tag of the recipe: the tag is looked for where it could cover the hit."""
        return any(
            page.data.find(tag, max(first, hit.end - len(tag)), min(last, hit.start + len(tag))) >= 0
            for tag in self._tags
        )


def _like(value: str) -> tuple[str, ...]:
    """The types whose made-up values this one may be."""
    if "@" in value:
        return _WITH_AT
    if MARK in value.lower():
        return _MARKED
    return _WITH_DIGITS if any(map(str.isdecimal, value)) else ()


def _inside(pattern: re.Pattern[bytes], around: bytes, start: int, end: int) -> bool:
    return any(match.start() <= start and match.end() >= end for match in pattern.finditer(around))


def _in_marked(page: Page, hit: Hit, last: int) -> bool:
    """Whether a hit lies in a word that ends with the mark of made-up secrets."""
    stop = min(last, hit.start + _LONGEST_TOKEN)
    for mark in _MARKS:
        at = page.data.find(mark, hit.start, stop)
        if at >= 0 and at + len(mark) >= hit.end:
            end = _TOKEN.match(page.data, hit.start, min(last, at + len(mark) + 1))
            if end is not None and end.end() == at + len(mark):
                return True
    return False


def _ip(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value.replace("[.]", ".").strip("[]").partition("%")[0])
    except ValueError:
        return False
    return any(address in net for net in _NETWORKS)


def _card(value: str) -> bool:
    digits = "".join(sign for sign in value if sign.isalnum())
    n = len(digits)
    if not digits.isdecimal() or not 12 <= n <= 19 or luhn(digits[:-1]) != digits[-1]:
        return False
    return re.fullmatch(r"400000\d{3}0000\d{3}", digits) is not None if n == 16 else digits.startswith("0" * (n - 7))


def _id(value: str) -> bool:
    digits = "".join(sign for sign in value if sign.isdecimal())
    letters = {sign.upper() for sign in value if sign.isalpha()}
    zeros = min(leading_zeros(value), len(digits))
    return (
        letters <= {"Q"} and digits.startswith("0" * zeros) and (len(digits) >= 8 or sum(map(str.isalpha, value)) > 1)
    )


def _date(value: str) -> bool:
    groups = [int(group) for group in re.findall(r"\d+", value)]
    return len(groups) == 3 and (sorted(groups[:2]) == [2, 30] or groups[1:] == [2, 30])


def _private_key(value: str) -> bool:
    body = KEY_BODY.search(value)
    words = [word for word in KEY_GAP.split(body.group(1) if body else value)[::2] if word]
    return bool(words) and all(re.fullmatch(KEY_MARK + "[A-Z]*", word) for word in words)


_OTHERS: dict[str, Callable[[str], bool]] = {
    "ip": _ip, "phone": is_fictional, "credit_card": _card, "national_id": _id, "date_of_birth": _date,
    "private_key": _private_key,
}  # fmt: skip
