"""Phone numbers that regulators keep for books and films, and numbers of other countries that cannot be dialled."""

from __future__ import annotations

import re

from datapipe.core.pii.made_up.draw import Draw

# By calling code: what a national number starts with, and how many free digits follow.
RANGES: dict[str, tuple[tuple[str, int], ...]] = {
    # Ofcom, "Telephone numbers for use in TV and radio drama programmes"
    # of its ranges those that examples seldom show: others' examples (020 7946 0xxx, 07700 900xxx) are found as numbers
    "44": (("1184960", 3), ("1914980", 3), ("1632960", 3), ("3069990", 3)),
    # ACMA, "Phone numbers for use in TV shows, films and creative works"
    "61": tuple((f"{area}{block}", 4) for area in (2, 3, 7, 8) for block in (7010,)),
    # ARCEP, décision 2018-0881, 2.5.12: numbers for audiovisual works
    "33": (("19900", 4), ("26191", 4), ("35301", 4), ("46571", 4), ("53649", 4), ("63998", 4)),
    # BNetzA, Mitteilung 148/2021: Rufnummern für Drehbücher
    "49": (("3023125", 3), ("6990009", 3), ("4066969", 3), ("2214710", 3), ("8999998", 3), ("17139200", 2)),
    # PTS, "Telefonnummer för användning i böcker och filmer"
    "46": (("3139006", 2), ("4062804", 2), ("8465004", 2), ("9803192", 2), ("7017406", 2)),
    # ComReg, "Numbering Conditions of Use": 020 91x xxxx
    "353": (("2091", 5),),
}  # fmt: skip
# 555-0100 to 555-0199 (ATIS-0300115) of the areas N9X, which are kept for longer numbers and given to nobody: examples
# of other people, with areas that exist, are told from ours by it.
_NANP = re.compile(r"1?[2-9]9\d55501\d\d")
_NOBODY = re.compile(r"0{2,}\d*55501\d\d|(?:0{0,2}55501\d\d)")  # no national number starts with 00
_EXTENSION = re.compile(r"\s*(?:,|;)?\s*(?:x|ext\.?|extension|ext=|#)\s*\d{1,7}\s*\Z", re.IGNORECASE)
_TRUNK = re.compile(r"\(0\)")
# ITU-T E.164: the calling codes of one and two digits; all others have three
_CODE = re.compile(r"1|7|2[07]|3[0123469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def calling_code(digits: str) -> str:
    """The calling code that the digits of an international number start with."""
    code = _CODE.match(digits)
    return code.group() if code else digits[:3]


def fictional_digits(country: str, n: int, draw: Draw) -> str:
    """A national number that nobody has, without trunk prefix; n digits where the country has no range of its own."""
    if country == "1":
        return f"{draw.one('23456789')}9{draw.digits(1)}55501{draw.digits(2)}"
    if country in RANGES:
        block, free = draw.one(RANGES[country])
        if block == "7017406":  # 070-1740605 to 1740699
            return f"{block}{5 + draw.below(95):02d}"
        return block + draw.digits(free)
    n = max(n, 7)
    return ("00" + draw.digits(max(0, n - 9)) if n > 8 else "0" * (n - 7)) + f"55501{draw.digits(2)}"


def is_fictional(number: str) -> bool:
    """Whether a phone number, written in any way, is one of those that `fictional` makes."""
    plain = _EXTENSION.sub("", number).strip()
    digits = "".join(sign for sign in _TRUNK.sub("", plain) if sign.isdecimal())
    if plain.startswith("+") or plain.startswith("(+"):
        return _is_of(calling_code(digits), digits[len(calling_code(digits)) :])
    if digits.startswith("00") and _is_of(calling_code(digits[2:]), digits[2 + len(calling_code(digits[2:])) :]):
        return True
    if _NANP.fullmatch(digits) or _NOBODY.fullmatch(digits):
        return True
    return digits.startswith("0") and any(_is_of(code, digits[1:]) for code in RANGES)


def _is_of(country: str, national: str) -> bool:
    if country == "1":
        return _NANP.fullmatch(national) is not None and len(national) == 10
    if country not in RANGES:
        return _NOBODY.fullmatch(national) is not None
    return any(national.startswith(start) and len(national) == len(start) + free for start, free in RANGES[country])


def fictional(value: str, draw: Draw) -> str:
    """A phone number nobody has, written as this one is: the same country where it is told, separators and brackets kept.

    NANP: 80 areas of 100 numbers; the ranges of RANGES have 500 to 100,000; other countries 100 and, from nine digits
    on, ten times as many a digit: different numbers of a large corpus may get the same one.
    """
    extension = _EXTENSION.search(value)
    plain = value[: extension.start()] if extension else value
    tail = "".join(draw.digits(1) if sign.isdecimal() else sign for sign in value[len(plain) :])
    trunk = _TRUNK.sub("", plain)
    digits = "".join(sign for sign in trunk if sign.isdecimal())
    if plain.lstrip("( ").startswith("+"):
        country, head = calling_code(digits), ""
    elif digits.startswith("00") and len(digits) > 9:
        country, head = calling_code(digits[2:]), "00"
    else:
        country, head = _country_by_form(plain, digits), "*"
    if head == "*":
        first = "1" if country == "1" and len(digits) == 11 else "0" if country in RANGES else ""
        new = first + fictional_digits(country, len(digits) - len(first), draw)
    else:
        new = head + country + fictional_digits(country, len(digits) - len(head) - len(country), draw)
    return _in_form(trunk, new) + tail


def _country_by_form(plain: str, digits: str) -> str:
    """The country that a national number is written like; "" where its form tells none."""
    if digits[:1] != "0":
        return "1" if len(digits) == 10 or (len(digits) == 11 and digits[0] == "1") else ""
    if re.fullmatch(r"0[1-9](?:[ .-]?\d\d){4}", plain):
        return "33"
    if len(digits) == 11 and digits[1] in "1237":
        return "44"
    if re.fullmatch(r"\(?0[23478]\)?[ -]?\d{4}[ -]?\d{4}", plain):
        return "61"
    return ""


def _in_form(form: str, digits: str) -> str:
    """The digits in the groups of a form, from its first to its last; what it has too few or too many of is at the end."""
    out, left = [], list(digits)
    for sign in form:
        if not sign.isdecimal():
            out.append(sign)
        elif left:
            out.append(left.pop(0))
    return "".join(out).rstrip(" -./(") + "".join(left)
