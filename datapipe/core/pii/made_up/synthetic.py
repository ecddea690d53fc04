"""Made-up values of the form of real ones: from ranges reserved for it, or marked so that nobody takes them for real.

How many different ones there are: e-mail, user names and URLs 2^40; IPv4 762, MAC 256 (the ranges of RFC 5737 and 7042
are that small); cards 10^5; IBAN 10^6; persons 256 a script of letters. In the small ranges different values of a large
corpus share a replacement; `hash` keeps them apart.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from datapipe.core.pii.catalog import parent
from datapipe.core.pii.made_up.draw import CONSONANTS, Draw
from datapipe.core.pii.made_up.fictional import fictional
from datapipe.core.pii.made_up.names import made_up_address, made_up_person
from datapipe.core.pii.made_up.numbers import made_up_card, made_up_iban, made_up_id

MARK = "madeup"  # ends secrets and wallets; in capitals where the value has some
KEY_MARK = "MADEUPKEY"
KEY_BODY = re.compile(r"-----BEGIN [^-]{0,60}-----(.*?)(?:-----END [^-]{0,60}-----|\Z)", re.DOTALL)
KEY_GAP = re.compile(r"((?:\\[rn]|\s)+)")  # between the words of a body: line ends, real or escaped ones
HANDLE = 10  # consonants of a made-up user: 2^40 of them


def synthetic(kind: str, value: str, digest: str) -> str:
    """A value of the same form that belongs to nobody; equal values (by their digest) get equal ones.

    Every one of them is known again by `reserved.is_made_up`.
    """
    return _MAKERS[parent(kind)](value, Draw(digest, parent(kind)))


def _email(value: str, draw: Draw) -> str:
    return f"user-{draw.signs(CONSONANTS, HANDLE)}@example.com"  # RFC 2606


def _user_name(value: str, draw: Draw) -> str:
    return f"@user_{draw.signs(CONSONANTS, HANDLE)}"


def _url(value: str, draw: Draw) -> str:
    scheme = value.partition("://")[0] if "://" in value else "https"
    return f"{scheme}://user-{draw.signs(CONSONANTS, HANDLE)}:{MARK}@example.com"


def _ip(value: str, draw: Draw) -> str:
    if ":" not in value:
        new = f"{draw.one(('192.0.2', '198.51.100', '203.0.113'))}.{1 + draw.below(254)}"  # RFC 5737
        return new.replace(".", "[.]") if "[.]" in value else new
    groups = [f"{draw.below(65536):x}" for _ in range(6)]
    try:
        long = ipaddress.IPv6Address(value.split("%")[0].strip("[]")).exploded == value.lower()
    except ValueError:
        long = False
    if long:
        new = ":".join(["2001", "0db8", *(group.zfill(4) for group in groups)])
    else:
        new = "2001:db8:" + (f"{groups[0]}::{groups[1]}" if "::" in value else ":".join(groups))  # RFC 3849
    return new.upper() if value.upper() == value and value.lower() != value else new


def _mac(value: str, draw: Draw) -> str:
    """RFC 7042, 2.1.2: 00-00-5E-00-53-00 to FF; of eight bytes 02-00-5E-10-00-00-00-00 to FF."""
    digits = sum(sign.isalnum() for sign in value)
    new = ("02005e10000000" if digits == 16 else "00005e0053") + draw.signs("0123456789abcdef", 2)
    new = new.upper() if value != value.lower() else new
    signs = iter(new)
    return "".join(next(signs, "") if sign.isalnum() else sign for sign in value) if digits in (12, 16) else new


def _secret(value: str, draw: Draw) -> str:
    """Length and classes of the value (12 signs at least: a shorter one has no room for the mark), and the mark."""
    form = value.ljust(12, "x")
    mark = MARK.upper() if any("A" <= sign <= "Z" for sign in form) else MARK
    return "".join(_of_class(sign, draw) for sign in form[: -len(mark)]) + mark


def _of_class(sign: str, draw: Draw) -> str:
    if sign.isdecimal():
        return draw.digits(1)
    if sign.isalpha():
        letter = draw.one(CONSONANTS)
        return letter.upper() if sign.isupper() else letter
    return sign if sign in "+/=._-" else "-"


def _wallet(value: str, draw: Draw) -> str:
    """The beginning that tells the currency, and signs that no checksum fits; of hexadecimal addresses the lowest ones.

    Base58 and bech32 have the letters of the mark. An address of 24 zeros after 0x would need a key nobody can find.
    """
    if value[:2].lower() == "0x":
        return "0x" + "0" * 24 + draw.signs("0123456789abcdef", 16)
    prefix = re.match(r"(?:[a-z]{2,12}:)?(?:[a-z]{2,4}1[qp]?|[13LMDXrT48]|ltc1q?|addr1)?", value)
    head = prefix.group() if prefix else ""
    mark = MARK.upper() if value != value.lower() else MARK
    letters = "23456789" + CONSONANTS.replace("b", "")
    return head + draw.signs(letters, max(8, len(value) - len(head) - len(mark))) + mark


def _private_key(value: str, draw: Draw) -> str:
    """The block with its lines, real or escaped ones; letters that say what they are in the place of its body."""
    body = KEY_BODY.search(value)
    start, end = body.span(1) if body else (0, len(value))
    seal = iter([draw.signs(CONSONANTS.upper(), 12)])
    parts = [
        part if i % 2 or not part else KEY_MARK + next(seal, KEY_MARK * (len(part) // 9))
        for i, part in enumerate(KEY_GAP.split(value[start:end]))
    ]
    return value[:start] + ("".join(parts) if any(parts[::2]) else KEY_MARK + next(seal)) + value[end:]


def _date(value: str, draw: Draw) -> str:
    """The thirtieth of February, written as the value is where that has digits only; ISO 8601 otherwise."""
    year = f"{1900 + draw.below(100)}"
    groups = re.findall(r"\d+", value)
    if len(groups) != 3 or any(sign.isalpha() for sign in value):
        return f"{year}-02-30"
    if len(groups[0]) == 4:
        new = [year, "02", "30"]
    else:
        new = ["02", "30", year] if int(groups[1]) > 12 else ["30", "02", year]
        new[2] = new[2][-max(2, len(groups[2])) :]
    parts = iter(new)
    return re.sub(r"\d+", lambda _: next(parts), value)


def _coordinates(value: str, draw: Draw) -> str:
    """A place within two kilometres of 0°N 0°E, where there is only sea: degrees and minutes 0, the last digits free."""

    def at_sea(number: re.Match[str]) -> str:
        whole, point, decimals = number.group().partition(".")
        if not point:
            return "0" * len(whole)
        return "0" * len(whole) + "." + "00" + draw.digits(max(2, len(decimals) - 2))

    return re.sub(r"\d+(?:\.\d+)?", at_sea, value)


_MAKERS: dict[str, Callable[[str, Draw], str]] = {
    "email": _email,
    "phone": fictional,
    "ip": _ip,
    "mac": _mac,
    "credit_card": made_up_card,
    "iban": made_up_iban,
    "crypto_wallet": _wallet,
    "national_id": made_up_id,
    "url_credentials": _url,
    "password": _secret,
    "api_key": _secret,
    "private_key": _private_key,
    "user_name": _user_name,
    "person": made_up_person,
    "street_address": made_up_address,
    "date_of_birth": _date,
    "coordinates": _coordinates,
}
