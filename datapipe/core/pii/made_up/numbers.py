"""Made-up payment cards, bank accounts and numbers of persons."""

from __future__ import annotations

import re

from datapipe.core.pii.made_up.draw import Draw

LETTER = "Q"  # of made-up numbers of persons: no British, Italian or Mexican one is made of it


def made_up_card(value: str, draw: Draw) -> str:
    """A number with a right Luhn digit, in the groups of the value.

    16 digits: the family 4000 00cc c000 00xx of which payment processors publish test cards. Other lengths: a first
    digit 0, which ISO/IEC 7812 gives to no payment card.
    """
    n = sum(sign.isdecimal() for sign in value)
    free = min(6, max(0, n - 1))
    body = f"400000{draw.digits(3)}0000{draw.digits(2)}" if n == 16 else "0" * (n - 1 - free) + draw.digits(free)
    return _in_form(value, body + luhn(body))


def luhn(body: str) -> str:
    """The check digit of ISO/IEC 7812-1, annex B."""
    doubled = [int(d) * (2 - i % 2) for i, d in enumerate(reversed(body))]
    return str(-sum(d // 10 + d % 10 for d in doubled) % 10)


def made_up_iban(value: str, draw: Draw) -> str:
    """An account at a bank that does not exist, of the same country, with right check digits (ISO 13616).

    Bank and branch are zeros or the letter X, by the class of the sign; six digits are free.
    """
    plain = "".join(sign for sign in value.upper() if sign.isalnum() and sign.isascii())
    country, account = plain[:2].ljust(2, "X"), plain[4:]
    form = ["X" if sign.isalpha() else "0" for sign in account]
    for i in range(max(0, len(form) - 6), len(form)):
        if form[i] == "0":
            form[i] = draw.digits(1)
    account = "".join(form)
    number = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00"))
    new = f"{country}{98 - number % 97:02d}{account}"
    return _in_form(value, new.lower() if value == value.lower() else new)


def made_up_id(value: str, draw: Draw) -> str:
    """The form of the value with zeros at its start and Q for letters: no day, month, area or surname is written so.

    Nine digits in 3-2-4 groups: a US number of the area 000, which is never given (10^6 of them). Others: four zeros
    where there are eight digits or more, one beside two letters or more, otherwise two.
    """
    digits = [sign for sign in value if sign.isdecimal()]
    zeros = leading_zeros(value)
    new = "0" * min(zeros, len(digits)) + draw.digits(max(0, len(digits) - zeros))
    signs = iter(new)
    return "".join(
        next(signs)
        if sign.isdecimal()
        else (LETTER if sign != sign.lower() else LETTER.lower())
        if sign.isalpha()
        else sign
        for sign in value
    )


def leading_zeros(value: str) -> int:
    """How many zeros a made-up number of this form starts with."""
    digits = sum(sign.isdecimal() for sign in value)
    if re.fullmatch(r"\d{3}([- .]?)\d\d\1\d{4}", value):
        return 3
    if sum(sign.isalpha() for sign in value) > 1:
        return 1
    return 4 if digits >= 8 else 2


def _in_form(form: str, signs: str) -> str:
    left = iter(signs)
    return "".join(next(left, "") if sign.isalnum() and sign.isascii() else sign for sign in form)
