"""Whether a string was drawn by a machine, or thought out by a person."""

from __future__ import annotations

import re
from collections import Counter
from math import log2

# Limits of detect-secrets 1.5 (plugins/high_entropy_strings.py): base64 4.5 bits a sign, hexadecimal 3.0. But n signs
# have log2(n) bits at most, and letters of one case log2(36): there the limit is a share of what a string can have.
BASE64_LIMIT, HEX_LIMIT, SHARE = 4.5, 3.0, 0.8
# Neighbours of different class in strings drawn from letters of both cases and digits .45, from hexadecimal digits .47,
# from small letters and digits .40, base32 .30; in names below .2. Of 4,000 drawn ones of 20 signs each 95 % pass
# all limits here (base32: 85), of 32 signs 99 % (base32: 92).
MIXED_CHANGES, CHANGES, WORDS = 0.22, 0.15, 0.77

_HEX = re.compile(rb"(?:[0-9a-f]+|[0-9A-F]+)\Z")
_CHANGE = re.compile(rb"(?<=[a-z])[A-Z0-9]|(?<=[0-9])[A-Za-z]|(?<=[A-Z])[0-9]")
_PAIR = re.compile(rb"(?<=[A-Za-z0-9])[A-Za-z0-9]")
_WORD = re.compile(rb"[A-Z]?[a-z]{2,}")
_LETTER = re.compile(rb"[A-Za-z]")
_UUID = re.compile(rb"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")


def entropy(value: bytes) -> float:
    """Shannon's entropy of the bytes of a string, in bits a byte."""
    size = len(value)
    return -sum(many / size * log2(many / size) for many in Counter(value).values()) if value else 0.0


def changes(value: bytes) -> float:
    """How often a letter or digit is followed by one of another class, as a share; a capital begins a word and ends none.

    It tells gibberish from names without a model of any language.
    """
    pairs = len(_PAIR.findall(value))
    return len(_CHANGE.findall(value)) / pairs if pairs else 0.0


def in_words(value: bytes) -> float:
    """The share of letters in runs of small ones, of two and more with a capital before them or not."""
    letters = len(_LETTER.findall(value))
    return sum(map(len, _WORD.findall(value))) / letters if letters else 0.0


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
        return entropy(value) >= HEX_LIMIT and changes(value) >= MIXED_CHANGES
    mixed = value.lower() != value != value.upper()
    limit = min(BASE64_LIMIT, SHARE * log2(min(len(value), 64 if mixed else 28)))
    if mixed and (changes(value) < MIXED_CHANGES or in_words(value) > WORDS):
        return False
    return changes(value) >= CHANGES and entropy(value) >= limit
