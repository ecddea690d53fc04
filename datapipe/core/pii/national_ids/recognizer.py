"""Numbers of persons: social security, identity cards, tax numbers of natural persons."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import ClassVar, NamedTuple

from datapipe.core.pii.lookalikes import is_named
from datapipe.core.pii.national_ids.forms import ANY, FORMS, Form
from datapipe.core.pii.national_ids.pictures import plain, plain_picture, western, written
from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import MIXED, NUMBER

ALONE, FORMED, BARE = range(3)
_BEFORE, _AFTER = 60, 30  # bytes between a cue and a number that follows it, that stands before it
_LIST = 4  # bytes between a number with a cue and the next one of the same list
_ANY = -1  # what a word for the number of whatever country is a cue for
_WIDEST = 128  # bytes: more than the longest cue

# What a number is looked for after its cue where its digits are those of another script.
_FOREIGN = re.compile(r"(?:[Ａ-Ｚ]{0,2}(?![0-9])\d)[\d .\-‐‑–－/]{5,22}[0-9０-９Ａ-ＺX٠-٩۰-۹०-९০-৯๐-๙]")
# 20050612-2013 is a day and an hour to most who write it.
_TIME = re.compile(r"[0-9]{6,8}-(?:[01][0-9]|2[0-3])[0-5][0-9]")
# What a number without a cue must not be glued to: it is a part of a longer one, of a path, of an amount.
_GLUED_BEFORE = re.compile(rb"[\w./\\+$%&@^-]\Z|[0-9],\Z|\xc2\xa3\Z|\xe2\x82\xac\Z", re.ASCII)
_GLUED_AFTER = re.compile(rb"[\w/\\+%&@^-]|[.,:][0-9]", re.ASCII)


class _Known(NamedTuple):
    """A form, made ready."""

    number: int
    form: Form
    langs: frozenset[str]
    like: re.Pattern[str]
    short: re.Pattern[bytes] | None
    check: Callable[[str], bool]

    @property
    def sure(self) -> float:
        """The score beside a cue."""
        return 1.0 if self.form.proven else 0.85

    def is_valid(self, value: str) -> bool:
        """Whether the number begins as it must and its check digits are right."""
        value = plain(value, self.form.keep)
        return self.like.match(value) is not None and self.check(value)


class NationalId(Recognizer):
    """Numbers of persons in some sixty forms of fifty countries, by check digits (python-stdnum) or structure, and context."""

    types: ClassVar[tuple[str, ...]] = tuple(f"national_id.{form.name}" for form in FORMS)
    kinds: ClassVar[tuple[int, ...]] = (NUMBER, MIXED)
    words: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(word for cues in (ANY, *(form.cues for form in FORMS)) for word in cues.split("|") if word)
    )

    def __init__(self) -> None:
        self._known = [
            _Known(
                number,
                form,
                frozenset(form.langs.split()),
                re.compile(form.like),
                _abbreviations(form.short),
                import_module(f"stdnum.{form.check}").is_valid if isinstance(form.check, str) else form.check,
            )
            for number, form in enumerate(FORMS)
        ]
        self._pictures: dict[bytes, list[tuple[int, _Known]]] = {}
        for known in self._known:
            for tier, pictures in enumerate((known.form.alone, known.form.formed, known.form.bare)):
                for picture in filter(None, pictures.split("|")):
                    self._pictures.setdefault(picture.encode(), []).append((tier, known))
        self._plain: list[set[bytes]] = [set() for _ in FORMS]
        for form_of, forms in self._pictures.items():
            for _, known in forms:
                self._plain[known.number].add(plain_picture(form_of.decode()))
        self._of: list[set[int]] = [{_ANY} if word in ANY.split("|") else set() for word in self.words]
        for number, form in enumerate(FORMS):
            for word in filter(None, form.cues.split("|")):
                self._of[self.words.index(word)].add(number)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Pictures first: a number with a picture that no country has costs one look-up."""
        places = list(candidates)
        cues = [place for place in places if place.kind == LITERAL]
        starts = [place.start for place in cues]
        reached, passed_on = -_LIST - 1, set[int]()  # the last number that had a cue, and what the cue was for
        for place in places:
            if place.kind == LITERAL:
                yield from self._after(page, place)
                continue
            near: list[Candidate] = []
            if cues:
                first = bisect_left(starts, place.start - _BEFORE - _WIDEST)
                near = [one for one in cues[first : bisect_left(starts, place.end + _AFTER)] if one.row == place.row]
            for start, end, picture in written(page, place, self._pictures, bool(near)):
                cued = self._cued(near, start, end)
                if passed_on and page.offsets[place.row] < reached and start - reached <= _LIST:
                    cued = cued | passed_on
                hit = self._judge(page, place.row, start, end, picture, cued)
                if hit is not None:
                    reached, passed_on = end, cued
                    yield hit

    def _cued(self, near: list[Candidate], start: int, end: int) -> set[int]:
        """The forms that words before and after this number are for."""
        cued: set[int] = set()
        for one in near:
            if start - _BEFORE <= one.end <= start or end <= one.start <= end + _AFTER:
                cued |= self._of[one.word]
        return cued

    def _judge(self, page: Page, row: int, start: int, end: int, picture: bytes, cued: set[int]) -> Hit | None:
        """The best that this number can be."""
        value = page.data[start:end].decode()
        first, last = page.offsets[row], page.offsets[row + 1]
        glued = (
            value != value.upper()
            or _GLUED_BEFORE.search(page.data, max(first, start - 3), start) is not None
            or _GLUED_AFTER.match(page.data, end, min(last, end + 2)) is not None
        )
        lang = (page.langs[row] or "").replace("_", "-").partition("-")[0]
        best, name = 0.0, ""
        for tier, known in self._pictures[picture]:
            native = lang in known.langs
            short = known.short is not None and known.short.search(page.data, max(first, start - 24), start) is not None
            if short or known.number in cued:
                score = known.sure
            elif _ANY in cued and (native or known.form.proven):
                score = 0.85 if native else 0.6
            elif glued or tier == BARE:
                continue
            elif tier == ALONE and _TIME.fullmatch(value) is None:
                score = known.sure - (0.15 if known.form.proven else 0.25)
            else:
                score = 0.6 if native else 0.4
            # Of forms that share a picture the one of the language is right.
            score += native * 0.01
            if score > best and known.is_valid(value):
                best, name = score, known.form.name
        if not name:
            return None
        if not cued and best < 0.95 and is_named(page, row, start):
            best = 0.4
        return Hit(row, start, end, f"national_id.{name}", round(min(best, 1.0), 2))

    def _after(self, page: Page, cue: Candidate) -> Iterator[Hit]:
        """What follows a cue and has the shape of no candidate: letters and digits in groups, digits of other scripts."""
        window = page.after(cue.row, cue.end, 2 * _BEFORE)
        foreign = None if window.isascii() else _FOREIGN.search(window)
        for number in self._of[cue.word] - {_ANY}:
            known = self._known[number]
            found: list[re.Match[str]] = []
            if foreign is not None and plain_picture(western(foreign[0])) in self._plain[number]:
                found.append(foreign)
            if known.form.written is not None:
                found += known.form.written.finditer(window[:_BEFORE])
            for match in found:
                around = window[match.start() - 1 : match.start()] + window[match.end() : match.end() + 1]
                if not re.search(r"[A-Za-z0-9_]", around) and known.is_valid(western(match[0])):
                    start = cue.end + len(window[: match.start()].encode())
                    end = start + len(match[0].encode())
                    yield Hit(cue.row, start, end, f"national_id.{known.form.name}", known.sure)


def _abbreviations(short: str) -> re.Pattern[bytes] | None:
    words = "|".join(re.escape(word) for word in short.split("|") if word)
    return re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])".encode()) if words else None
