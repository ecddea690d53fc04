"""Names of persons in scripts with capitals, by titles and cues, and by lists of given names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar, NamedTuple

import numpy as np

from datapipe.core.pii.people.name_cues import AFTERWARDS, BESIDE, CAPITALS, DOTTED, SAID, TITLES, TITLES_OF
from datapipe.core.pii.people.names import names
from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.kernels.capitals import find_capitals
from datapipe.kernels.hashing import word_table

_POINTS = [*range(0x41, 0x250), *range(0x370, 0x590), *range(0x1E00, 0x2000)]  # Latin, Greek, Cyrillic, Armenian
UPPER = "".join(chr(p) for p in _POINTS if chr(p).isupper())
LETTERS = "".join(chr(p) for p in _POINTS if chr(p).isalpha()) + "\u0300-\u036f"
_UNCASED = "\u05d0-\u05ea\u0620-\u065f\u0671-\u06d3\u0900-\u0963"  # Hebrew, Arabic, Devanagari
WORD = rf"(?:[ODLN]['’])?[{UPPER}][{LETTERS}]+(?:['’][{UPPER}][{LETTERS}]+)?(?:[-‐][{UPPER}](?:[{LETTERS}]+|\.)?)*"
_PARTICLE = (
    r"van(?: de[nr]?| het| 't)?|von(?: de[rmn]| und zu)?|de(?: las?| los)?|do|dos|del|della|di|du|des|da|ter|ten|zur|zum|"
    "af|av|el|al|bin|ibn|bint|ben"
)
_CAPITAL_PARTICLES = {
    "van", "von", "de", "do", "dos", "del", "della", "di", "du", "des", "da", "der", "den", "la", "le", "el", "al",
}  # fmt: skip
_TOKEN = rf"(?:{WORD}|[{UPPER}]\.?(?![{LETTERS}0-9])|(?:{_PARTICLE})(?=[ \u00a0]))"
_REST = rf"(?:[ \u00a0]?(?<=[ .\u00a0])(?:{_TOKEN}))"
_NAME = re.compile(
    rf"(?:{WORD}|[{UPPER}]\.|(?:{_PARTICLE})(?=[ \u00a0])){_REST}{{0,5}}(?:,? (?:Jr|Sr)\b\.?| (?:II|III|IV)\b)?"
)
_TOKENS = re.compile(rf"{WORD}|[{UPPER}]\.?|[^\s]+")
_BEHIND = re.compile(rf"(?<![{LETTERS}0-9_-]){WORD}{_REST}{{1,4}}\Z")
_UNCASED_NAME = re.compile(rf"[{_UNCASED}]{{2,20}}(?: [{_UNCASED}]{{2,20}})?")
_TITLE_GAP = re.compile(r"[ \u00a0]{0,2}")
_DOTTED_GAP = re.compile(r"\.?[ \u00a0]{0,2}")
_CUE_GAP = re.compile(r"[,:]?[ \t\u00a0]{0,3}(?:\n[ \t]{0,3}){0,2}[\"“(]?")
_MAIL = re.compile(r",? ?(?:<[^<>\s]{1,64}@|\([^()\s]{1,64}@)")
_LAST = re.compile(r"[^\W\d_]+[.]?(?=[ \u00a0]\Z)")
_NEXT = re.compile(rf"[ \u00a0-]([{LETTERS}]+)")
_OPEN = re.compile(
    rb"[.,:]?[ \t\n\"(\xc2\xa0]{0,10}[A-Z\xc3-\xf0]"
)  # what most places fail at, before they are decoded
WINDOW = 160  # bytes: names are shorter, in UTF-8 too

_TITLE, _SAID, _BESIDE, _AFTERWARDS = range(4)
_CUES = (
    *((word, _TITLE) for word in (*TITLES, *TITLES_OF)),
    *((word, _SAID) for word in SAID),
    *((word, _BESIDE) for word in BESIDE),
    *((word, _AFTERWARDS) for word in AFTERWARDS),
)


class _Read(NamedTuple):
    """A name at the beginning of a text: its characters, how many words with a capital, whether the first is listed."""

    size: int
    words: int
    first: str


class Person(Recognizer):
    """Names after a title or a cue (.6; .85 where the given name is listed), and listed given names with a surname (.6).

    A listed given name alone is .4, and so is one that is a common word or a place, too ("Victoria Park").
    """

    types: ClassVar[tuple[str, ...]] = ("person",)
    words: ClassVar[tuple[str, ...]] = tuple(word for word, _ in _CUES)
    everywhere: ClassVar[bool] = True

    def __init__(self) -> None:
        self._names = names()
        self._table = word_table(self._names.given)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Beside each cue, and at each listed name."""
        for place in candidates:
            hit = self._beside(page, place)
            if hit is not None:
                yield hit
        listed = find_capitals(np.asarray(page.offsets, np.int64), np.frombuffer(page.data, np.uint8), self._table)
        done = 0
        for row, start, end, near in zip(*(column.tolist() for column in listed), strict=True):
            if start < done:
                continue
            if not near:
                yield Hit(row, start, end, "person", 0.4)
                continue
            hit = self._listed(page, row, start)
            yield hit
            done = hit.end

    def _beside(self, page: Page, place: Candidate) -> Hit | None:
        word, kind = _CUES[place.word]
        if kind == _AFTERWARDS:
            return self._before(page, place)
        langs = TITLES_OF.get(word)
        if langs is not None and page.langs[place.row] not in langs:
            return None
        if word in CAPITALS and page.data[place.start : place.start + 1].islower():
            return None
        if _OPEN.match(page.data, place.end, page.offsets[place.row + 1]) is None:
            return None
        text = page.after(place.row, place.end, WINDOW)
        gap = (_CUE_GAP if kind != _TITLE else _DOTTED_GAP if word in DOTTED else _TITLE_GAP).match(text)
        at = gap.end() if gap else 0
        read = self._read(text, at)
        if read is None:
            name = _UNCASED_NAME.match(text, at) if kind in (_TITLE, _SAID) and at else None
            if name is None:
                return None
            first = name[0].partition(" ")[0]
            if first in self._names.given:
                return _hit(page, place.row, place.end, text, at, name.end(), 0.85)
            # after "the doctor" in Arabic or Hebrew the sentence may go on; after श्री a name follows
            return _hit(page, place.row, place.end, text, at, at + len(first), 0.6 if first[0] > "\u08ff" else 0.4)
        if read.first.lower() in self._names.otherwise:
            return None
        known = read.first in self._names.given
        strong = kind in (_TITLE, _SAID)
        if not strong and not known and (read.words < 2 or text[at : at + read.size].isupper()):
            return None
        score = 0.85 if known and (strong or read.words > 1) else 0.6
        if not strong and self._otherwise(text, at, read):
            score = 0.4
        return _hit(page, place.row, place.end, text, at, at + read.size, score)

    def _before(self, page: Page, place: Candidate) -> Hit | None:
        text = page.before(place.row, place.start, WINDOW)
        found = _BEHIND.search(text.rstrip(" "))
        read = None if found is None else self._read(text, found.start())
        if found is None or read is None or read.words < 2 or found.start() + read.size < len(text.rstrip(" ")):
            return None
        base = place.start - len(text.encode())
        score = 0.85 if read.first in self._names.given else 0.6
        return _hit(page, place.row, base, text, found.start(), found.start() + read.size, score)

    def _listed(self, page: Page, row: int, start: int) -> Hit:
        text = page.after(row, start, WINDOW)
        read = self._read(text, 0)
        if read is None:
            end = _TOKENS.match(text)
            return _hit(page, row, start, text, 0, end.end() if end else 1, 0.3)
        last = _LAST.search(page.before(row, start, 24))
        before = last[0].lower().rstrip(".") if last else ""
        first = read.first
        if before in self._names.before or self._otherwise(text, 0, read):
            score = 0.3
        elif read.words < 2:
            score = 0.4
        elif _MAIL.match(text, read.size):
            score = 0.85
        elif first in self._names.weak or first.partition("-")[0] in self._names.weak:
            second = text[: read.size].rpartition(" ")[2]
            score = 0.6 if second in self._names.surnames else 0.4
        else:
            score = 0.6
        return _hit(page, row, start, text, 0, read.size, score)

    def _otherwise(self, text: str, at: int, read: _Read) -> bool:
        """Whether a word of the name or the one after it makes a place or a body of it."""
        words = text[at : at + read.size].lower().split()
        after = _NEXT.match(text, at + read.size)
        return any(word in self._names.otherwise for word in words[1:]) or (
            after is not None and after[1].lower() in self._names.otherwise and after[1][0].isupper()
        )

    def _goes_on(self, word: str, words: int, more: bool) -> bool:
        """Whether a word that a name stops at is a part of this one: a listed name, an initial, a particle."""
        if words == 0:
            return word in self._names.given
        return (
            (len(word) == 2 and word[1] == ".") or (more and word.lower() in _CAPITAL_PARTICLES) or word in ("Jr", "Sr")
        )

    def _read(self, text: str, at: int) -> _Read | None:
        """The name at this place, up to the first word that no name goes on with."""
        found = _NAME.match(text, at)
        if found is None:
            return None
        end, words, first = at, 0, ""
        upper = None
        for token in _TOKENS.finditer(text, at, found.end()):
            word = token[0]
            plain = word.rstrip(".").lower()
            if plain in self._names.stop and not self._goes_on(word, words, token.end() < found.end()):
                break
            if len(word) > 1 and word[0].isupper() and word[1] not in ".":
                if upper is None:
                    upper = word.isupper()
                elif word.isupper() != upper and word.rstrip(".") not in ("II", "III", "IV") and len(word) > 2:
                    break  # a heading or an acronym beside a name
                if words == 4:
                    break
                words += 1
                first = first or word
                end = token.end()
            elif words and token.end() == found.end() and word.endswith("."):
                end = token.end() - 1
        if not words:
            return None
        return _Read(end - at, words, first)


def _hit(page: Page, row: int, base: int, text: str, start: int, end: int, score: float) -> Hit:
    """From characters of `text`, which begins at the byte `base`, to bytes."""
    first = base + len(text[:start].encode())
    return Hit(row, first, first + len(text[start:end].encode()), "person", score)
