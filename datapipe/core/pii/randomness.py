"""Whether a string was drawn by a machine, or thought out by a person."""

from __future__ import annotations

import re
from collections import Counter
from math import log2

# Limits of detect-secrets 1.5 (plugins/high_entropy_strings.py) for strings in quotes: base64 4.5 bits a sign, hex 3.0.
# n signs have log2(n) bits at most, so short strings can not reach 4.5: there the limit is a share of what they can.
BASE64_LIMIT, HEX_LIMIT = 4.5, 3.0
SHARE = 0.85  # of log2(n); of 10,000 random strings of 16 to 40 letters and digits 99.7 % are above, `accessToken2Value` below

_HEX = re.compile(rb"(?:[0-9a-f]+|[0-9A-F]+)\Z")
_CHANGE = re.compile(rb"(?<=[a-z])[A-Z0-9]|(?<=[0-9])[A-Za-z]|(?<=[A-Z])[0-9]|(?<=[A-Z])[a-z]")
_PAIR = re.compile(rb"(?<=[A-Za-z0-9])[A-Za-z0-9]")
_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")


def entropy(value: bytes) -> float:
    """Shannon's entropy of the bytes of a string, in bits a byte."""
    size = len(value)
    return -sum(many / size * log2(many / size) for many in Counter(value).values()) if value else 0.0


def changes(value: bytes) -> float:
    """How often a neighbour is of another class (small letter, capital, digit), as a share of all neighbours.

    Drawn from 62 letters and digits it is .62, hexadecimal .47, from small letters and digits .40; of words, also of
    wordsInARow and of words with numbers, below .25. It tells gibberish without a model of any language.
    """
    pairs = len(_PAIR.findall(value))
    return len(_CHANGE.findall(value)) / pairs if pairs else 0.0


def is_hex(value: bytes) -> bool:
    """Whether it is hexadecimal digits only, in one case."""
    return _HEX.match(value) is not None


def is_uuid(value: bytes) -> bool:
    """Whether it has the form of RFC 9562: as a rule a name, no secret."""
    return _UUID.match(value) is not None


def looks_random(value: bytes) -> bool:
    """Whether a string of 16 bytes or more has the entropy and the changes of one that was drawn."""
    if len(value) < 16:
        return False
    if is_hex(value):
        return entropy(value) >= HEX_LIMIT and changes(value) >= 0.25
    return entropy(value) >= min(BASE64_LIMIT, SHARE * log2(len(value))) and changes(value) >= 0.25
