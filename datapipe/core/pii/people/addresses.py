"""Street addresses: a word for a street, a name and a house number; with the unit, the postcode and the city after it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.people.address_words import APART, BOXES, DIGITS, ENDS, FIRST, LABELS, LAST, NOT_ENDS, UNITS
from datapipe.core.pii.people.persons import LETTERS, UPPER
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer

_WORD = rf"[{UPPER}][{LETTERS}.'’-]*"
_SMALL = r"(?:d[aeo]s?|del|della|dei|du|l[ae]s?|el|of|the|van|von|de[mnr]|het|zum?|zur|am|im|i|y|e|st\.|la|д\.|дом|имени|им\.)"
_STEP = rf"(?:{_WORD}|{_SMALL}|\d{{1,3}}(?:st|nd|rd|th)|\d{{1,2}}(?=[ ][{UPPER}]))"
_NUMBER = r"\d{1,5}(?:[-/]\d{1,4})?(?: ?[a-zA-Zа-я](?![^\W\d_]))?"
_NAME = rf"(?:{_SMALL} ){{0,2}}(?!{_SMALL} ){_STEP}(?: {_STEP}){{0,4}}"
_GAP = (
    r"(?:\.?,? |\.?,?[ ]?(?:\n[ \t>?]{0,6}){1,2},?[ ]?)"  # between the parts of an address, over the end of a line, too
)
_UNIT = (
    r"(?:(?:Apt|Apartment|Suite|Ste|Unit|Floor|Fl|Room|Rm|Flat|Whg|Wohnung|Appt|Apto?|Piso|Bus|lok|m|кв|оф|bt|esc|int|Box)\.?"
    r" ?#?[0-9A-Z-]{1,6}\b|#[0-9A-Z-]{1,6}\b|\d{1,2}\. ?(?:OG|Stock|Etage|kerros|em(?:elet)?)\b\.?|[EDU]G\b|\d{1,2}[ºª°]\w{0,4})"
)
_POSTCODE = (
    r"(?:(?:[A-Z]{1,2}-)?\d{5}(?:-\d{3,4})?|\d{2}-\d{3}|\d{3} \d{2}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|"
    r"\d{4} [A-Z]{2}|\d{4}|\d{6})(?![\w-]|[.,]\d)"
)
_CITY = rf"(?:{_WORD}|[A-Z]{{2}}\b)(?:[ -](?:{_WORD}|{_SMALL})){{0,3}}"
_TAIL = re.compile(
    rf"(?P<unit>{_GAP}{_UNIT})?(?P<place>(?:{_GAP}{_CITY}){{0,3}}{_GAP}{_POSTCODE}(?: {_CITY}|,? [A-Z]{{2}}\b)?)?"
)
_LAST = re.compile(rf"(?<![\w.,-])(?:{_NUMBER}(?: \d{{1,4}})?,? {_NAME}) ?\Z")
_AFTER_LAST = re.compile(r"\.?(?: (?:NE|NW|SE|SW|N|S|E|W|North|South|East|West)\b\.?)?(?: \d{1,5}(?![\d%.]))?")
_FIRST = re.compile(
    rf"\.?[ ]{_NAME}(?:,? (?:n[°º.o]{{1,2}} ?|nr\.? ?|č\. ?|д(?:ом|\.)? ?|№ ?|No\.? ?)?{_NUMBER})(?![\w%]|[.,]\d)"
)
_FIRST_NUMBERED = re.compile(rf"(?<![\w.,-]){_NUMBER}(?: ?(?:bis|ter|quater))?,? \Z")
_FIRST_NAME = re.compile(
    rf"\.?[ ](?:{_SMALL} ){{0,3}}{_WORD}(?:[ -](?:{_WORD}|{_SMALL} {_WORD})){{0,3}}(?: \d{{1,4}}(?![\w%]))?"
)
_ENDS = re.compile(
    rf"(?<![{LETTERS}])(?:{_STEP} ){{0,3}}[{UPPER}][{LETTERS}.'’-]*\Z|(?<![{LETTERS}])(?:{_STEP} ){{1,3}}\Z"
)
_SMALL_START = re.compile(rf"^(?:{_SMALL} |\d{{1,2}} )+")
_HOUSE = re.compile(rf"{_NUMBER}(?![\w%]|[.,]\d| ?(?:km|kg|m|cm|mm|GB|MB|%|€|\$)\b)")
_BOX = re.compile(r"(?:\.|:)?(?: n[°º.o]{1,2})? ?#?(?:\d[\d .-]{0,9}\d|\d)(?!\w)(?:, ?Box \d{1,6})?")
_UNIT_WORD = re.compile(rf"[{LETTERS}\d.'’/-]{{1,24}}")
_UNIT_AFTER = re.compile(r"\.? ?#?\d{1,6}[A-Z]?\b")
_LABELLED = re.compile(
    rf"\s{{0,6}}(?:\d{{1,6}},? (?:\d{{1,4}} )?{_NAME}(?:,? {_NUMBER}(?!\w))?|{_NAME},? {_NUMBER}(?!\w))"
)
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d\b")
_OPEN = re.compile(rb"\.?[ ](?:[A-Z0-9\xc3-\xf0]|d[aeiou]|l|van|von)")
BEHIND, AHEAD = 90, 260  # bytes of a window: the street, and what follows it

_IS_LAST, _IS_FIRST, _IS_END, _IS_BOX, _IS_UNIT, _IS_LABEL = range(6)
_KINDS = (
    *((word, _IS_LAST) for word in LAST),
    *((word, _IS_FIRST) for word in FIRST),
    *((word, _IS_BOX) for word in BOXES),
    *((word, _IS_UNIT) for word in UNITS),
    *((word, _IS_LABEL) for word in LABELS),
)


class StreetAddress(Recognizer):
    """A word for a street beside a name and a number (.6), with a unit or a postcode (.85); boxes of a post office (.6).

    Street words of some forty languages. Without a number ("Wall Street") there is no address; a year before the street
    ("in 1968 Abbey Road") makes it .4.
    """

    types: ClassVar[tuple[str, ...]] = ("street_address",)
    words: ClassVar[tuple[str, ...]] = tuple(word for word, _ in _KINDS)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """At each word for a street, a box, a unit, and after each label."""
        done = 0
        for place in candidates:
            kind = _KINDS[place.word][1]
            if kind == _IS_UNIT and place.start < done:
                continue
            if kind == _IS_LAST and page.data[place.start : place.start + 1].islower():
                continue
            if kind == _IS_FIRST and _OPEN.match(page.data, place.end) is None:
                continue
            before = page.before(place.row, place.start, BEHIND)
            word = page.data[place.start : place.end].decode()
            after = page.after(place.row, place.end, AHEAD)
            found = _core(kind, before, word, after)
            if found is not None:
                hit = _whole(place.row, place.start, before, word, after, *found)
                done = hit.end
                yield hit


class StreetAddressByEnding(Recognizer):
    """Streets whose word is the end of their name or follows it, with the number after it: Hauptstraße 5, Petőfi utca 5."""

    types: ClassVar[tuple[str, ...]] = ("street_address",)
    # With the digit in the word: the bare endings stand in every other word of some language.
    words: ClassVar[tuple[str, ...]] = tuple(
        f"{end} {digit}" for end in (*ENDS, *(f" {w}" for w in APART)) for digit in DIGITS
    )
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """At each ending with a number."""
        for place in candidates:
            after = page.after(place.row, place.end - 1, AHEAD)
            house = _HOUSE.match(after)
            if house is None:
                continue
            before = page.before(place.row, place.start, BEHIND)
            word = page.data[place.start : place.end - 1].decode()
            name = _ENDS.search(before)
            street = (name[0] if name else "") + word
            street = _SMALL_START.sub("", street)
            last = street.split()[-1]
            # `place.word` past the endings: a word of its own, after a name
            named = len(street.split()) > 1
            glued = last[0].isupper() and len(last) > len(word.rstrip()) + 2 and last.lower() not in NOT_ENDS
            if street[0].isupper() and (
                named if place.word >= len(ENDS) * len(DIGITS) else glued or (named and last[0].isupper())
            ):
                start = len(before) + len(word) - len(street)
                yield _whole(place.row, place.start, before, word, after, start, house.end(), 0.6)


def _core(kind: int, before: str, word: str, after: str) -> tuple[int, int, float] | None:
    """Where the address begins in `before`, where its street ends in `after`, and the score."""
    if kind == _IS_LAST:
        name = _LAST.search(before)
        if name is None:
            return None
        end = _AFTER_LAST.match(after)
        year = _YEAR.match(name[0]) is not None
        return name.start(), end.end() if end else 0, 0.4 if year else 0.6
    if kind == _IS_FIRST:
        street = _FIRST.match(after)
        number = _FIRST_NUMBERED.search(before)
        if street is not None and number is None:
            return len(before), street.end(), 0.6
        name = _FIRST_NAME.match(after)
        if number is not None and name is not None:
            return number.start(), name.end(), 0.4 if _YEAR.match(number[0]) else 0.6
        return None
    if kind == _IS_BOX:
        box = _BOX.match(after)
        short = word.lower() in ("bp", "psc", "p.k.", "apartado")
        return (
            None
            if box is None or (short and not word[0].isupper())
            else (len(before), box.end(), 0.4 if short else 0.6)
        )
    if kind == _IS_UNIT:
        unit = _UNIT_AFTER.match(after)
        start = None if unit is None else _number_before(before)
        return None if unit is None or start is None else (start, unit.end(), 0.6)
    labelled = _LABELLED.match(after)
    if labelled is None:
        return None
    start = len(labelled[0]) - len(labelled[0].lstrip())
    return len(before) + len(word) + start, labelled.end(), 0.6


def _number_before(before: str) -> int | None:
    """Where the number begins that, with a name, stands before a unit: 12 Some Name [34]."""
    end = len(before.rstrip(" \t\n>?,"))
    if len(before) - end > 10:
        return None
    start, named = None, False
    for _ in range(8):
        at = before.rfind(" ", 0, end) + 1
        at = max(at, before.rfind("\n", at, end) + 1)
        while at < end and before[at] in ">?":  # quoted mail
            at += 1
        word = before[at:end]
        if _UNIT_WORD.fullmatch(word) is None:
            break
        if not word.isdecimal():
            named = True
        elif named and len(word) <= 6:
            start = at
        if at < 2 or before[at - 1] != " ":
            break
        end = at - 1
    return start


def _whole(row: int, at: int, before: str, word: str, after: str, start: int, end: int, score: float) -> Hit:
    """The hit with what follows its street, in bytes: `start` in before + word + after, `end` in after."""
    tail = _TAIL.match(after, end)
    if tail is not None and tail.end() > end:
        end = tail.end()
        score = 0.85 if score > 0.5 or tail["place"] else score
    base = at - len(before.encode())
    text = before + word + after
    first = base + len(text[:start].encode())
    rest = after[:end].rstrip(" ,")
    if rest.endswith(".") and (rest != "." or len(word) > 4):  # the end of a sentence, not of "Ave."
        rest = rest[:-1]
    return Hit(row, first, at + len(word.encode()) + len(rest.encode()), "street_address", score)
