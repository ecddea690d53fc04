"""Forms of phone numbers: how digits are grouped, before anyone asks whether a country has such a number."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import NamedTuple

MOST_DIGITS = 15  # ITU-T E.164
LONGEST = 64  # bytes of a form that is worth remembering; longer ones are tables, or many numbers in a row
DIGITS = bytes(100 if 48 <= byte < 58 else byte for byte in range(256))  # every digit a `d`

_SEPARATOR = rb"(?:[ .-]|\xc2\xa0|\xe2\x80[\x90\x91\x93\xaf])"
_AMERICAN = re.compile(
    rb"(?<!d)(?<![d./-])(?:d{1,3}(?:S|(?=\()))?(?:\(?ddd\)S?dddS?|dddSdddS)dddd(?!d)(?![./-]d)".replace(
        b"S", _SEPARATOR
    )
)
_SPLIT = re.compile(rb" ?/ ?|  +| [-\xe2\x80\x93]+ ")  # between numbers, where they are too many digits for one
_DATE = re.compile(rb"(?<!d)dddd([./-])dd?\1dd?(?!d)|(?<!d)dd?([./-])dd?\2dddd(?!d)")
_GROUPED = re.compile(
    rb"\(?d{1,5}\)?(?:(?:" + _SEPARATOR + rb"|/| ?\(|\) ?|\)-|-\(| [-/] |\xe2\x80\xaf){1,2}d{2,8}){1,6}(?:\)|-d)?"
)
_NEVER = re.compile(  # US SSN, cards, IP addresses, ISBN, ranges
    rb"ddd-dd-dddd|dddd(?:[ -]dddd){3}|dddd[ -]dddddd[ -]ddddd|d{1,3}(?:\.d{1,3}){3}|d+-d+-d+-d|ddd-d+-d+-d+-d|d{1,5} - d{1,5}"
)
_LOOSE = re.compile(  # a ZIP, versions, amounts, columns of tables, ranges
    rb"ddddd[ -]dddd|d{1,3}(?:\.d{1,3}){2,3}|d{1,3}(?:[ .]ddd)+|d{1,4} d{1,4}(?: d{1,4})?|d{1,4}-d{1,4}"
)


class Form(IntEnum):
    """American (NANP, 3-3-4); groups as other countries write them; groups that much else has, too; digits alone."""

    AMERICAN = 1
    GROUPED = 2
    LOOSE = 3
    PLAIN = 4


class Part(NamedTuple):
    """A part of a candidate: bytes from its start."""

    start: int
    end: int
    form: Form


@lru_cache(4096)
def parts(form: bytes) -> tuple[Part, ...]:
    """The parts of a run of digits and separators that may be phone numbers; `form` has a `d` for each digit.

    Nearly all numbers of technical texts go here, at the price of a look-up: dates, versions, columns of tables, cards.
    """
    american = tuple(Part(*found.span(), Form.AMERICAN) for found in _AMERICAN.finditer(form))
    if american:
        return american
    count = form.count(b"d")
    if count > MOST_DIGITS and len(form) <= LONGEST and _SPLIT.search(form):
        edges = [0, *(edge for found in _SPLIT.finditer(form) for edge in found.span()), len(form)]
        pieces = [(edges[k], parts(form[edges[k] : edges[k + 1]])) for k in range(0, len(edges), 2)]
        return tuple(Part(at + part.start, at + part.end, part.form) for at, found in pieces for part in found)
    if _DATE.search(form) or b"  " in form or not 7 <= count <= MOST_DIGITS:
        return ()
    if count == len(form):
        return (Part(0, len(form), Form.PLAIN),)
    if not _GROUPED.fullmatch(form) or _NEVER.fullmatch(form):
        return ()
    return (Part(0, len(form), Form.LOOSE if _LOOSE.fullmatch(form) else Form.GROUPED),)
