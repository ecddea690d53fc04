"""Check digits of numbers."""

from __future__ import annotations

_DOUBLED = bytes(2 * digit - 9 * (digit > 4) for digit in range(10)).ljust(256)
_TO_DIGITS = bytes.maketrans(b"0123456789", bytes(range(10)))


def luhn(digits: bytes) -> bool:
    """Whether ASCII digits end with the right Luhn digit (ISO/IEC 7812-1, annex B)."""
    values = digits.translate(_TO_DIGITS)
    return (sum(values[-1::-2]) + sum(values[-2::-2].translate(_DOUBLED))) % 10 == 0


def mod_97(text: str) -> bool:
    """Whether letters and digits, four of them moved to the end, leave 1 by 97 (ISO/IEC 7064, MOD 97-10)."""
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1
