"""Numbers of persons: social security, identity cards, tax numbers of natural persons."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import ClassVar, NamedTuple

from datapipe.core.pii.lookalikes import is_named
from datapipe.core.pii.national_id_forms import ANY, FORMS, Form
from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer
from datapipe.kernels.candidates import MIXED, NUMBER

ALONE, FORMED, BARE = range(3)
_TIERS = ("alone", "formed", "bare")
_BEFORE, _AFTER = 60, 30  # bytes between a cue and a number that follows it, that stands before it
_FOREIGN = re.compile(r"(?:[Ａ-Ｚ]{0,2}(?![0-9])\d)[\d .\-‐‑–－/]{5,22}[0-9０-９Ａ-ＺX٠-٩۰-۹०-९০-৯๐-๙]")
_TIME = re.compile(
    r"[0-9]{6,8}-(?:[01][0-9]|2[0-3])[0-5][0-9]"
)  # 20050612-2013 is a day and an hour to most who write it
_LONGEST = 24  # bytes of a number as it is written

_PICTURE = bytes(48 if 48 <= b <= 57 else 65 if chr(b).isascii() and chr(b).isalpha() else b for b in range(256))
_SIGNS = re.compile(rb"\xe2\x80[\x90\x91\x93]|\xc2\xa0|\xe2\x80\xaf")
_SUFFIX = re.compile(rb"[ -]?[A-Za-z](?![A-Za-z0-9])")
_PREFIX = re.compile(rb"(?<![A-Za-z0-9])[XYZxyz]-\Z")
_PART = re.compile(rb"[0-9][0-9./-]+")
_GROUPS = re.compile(rb"[0-9]+")
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
        self._bare = [
            {
                re.sub(rb"[^A0]", b"", picture)
                for picture, forms in self._pictures.items()
                if known in (k for _, k in forms)
            }
            for known in self._known
        ]
        of: dict[str, set[int]] = {word: set() for word in self.words}
        for number, form in enumerate(FORMS):
            for word in filter(None, form.cues.split("|")):
                of[word].add(number)
        self._of = [frozenset(of[word]) for word in self.words]
        self._any = frozenset(k for k, word in enumerate(self.words) if word in ANY.split("|"))

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Pictures first: a number with a picture that no country has costs one look-up."""
        places = list(candidates)
        cues = [place for place in places if place.kind == LITERAL]
        starts = [place.start for place in cues]
        for place in places:
            if place.kind == LITERAL:
                yield from self._after(page, place)
                continue
            for start, end, picture in self._written(page, place):
                hit = self._judge(page, place.row, start, end, picture, cues, starts)
                if hit is not None and end < place.end and hit.score < 0.85 and b" " in picture:
                    continue  # the first numbers of a row of a table
                if hit is not None:
                    yield hit

    def _written(self, page: Page, place: Candidate) -> Iterator[tuple[int, int, bytes]]:
        """Where a candidate, or a part of it, has a picture that is known."""
        start, end, data = place.start, place.end, page.data
        stop = page.offsets[place.row + 1]
        if end - start <= _LONGEST:
            picture = data[start:end].translate(_PICTURE)
            if place.kind == MIXED:
                if picture in self._pictures:
                    yield start, end, picture
                return
            if not picture.isascii():
                picture = _SIGNS.sub(lambda sign: b"-" if sign[0][-1] in b"\x90\x91\x93" else b" ", picture)
            suffix = _SUFFIX.match(data, end, min(stop, end + 3))
            if suffix is not None:
                prefix = _PREFIX.search(data, max(page.offsets[place.row], start - 3), start)
                first = start if prefix is None else prefix.start()
                longer = data[first : suffix.end()].translate(_PICTURE)
                if longer in self._pictures:
                    yield first, suffix.end(), longer
                    return
            if picture in self._pictures:
                yield start, end, picture
                return
        elif place.kind == MIXED:
            return
        # Numbers side by side are one candidate: the first groups of it, and what has no spaces within.
        if place.digits == end - start:
            return
        for group in _GROUPS.finditer(data, start, min(end, start + _LONGEST)):
            picture = data[start : group.end()].translate(_PICTURE)
            if group.end() < end and picture in self._pictures and b" " in picture:
                yield start, group.end(), picture
        for part in _PART.finditer(data, start, end):
            if 9 <= part.end() - part.start() <= 20:
                picture = part[0].translate(_PICTURE)
                if picture in self._pictures:
                    yield part.start(), part.end(), picture

    def _judge(
        self, page: Page, row: int, start: int, end: int, picture: bytes, cues: list[Candidate], starts: list[int]
    ) -> Hit | None:
        """The best that this number can be."""
        cued: set[int] = set()
        general = False
        for k in range(bisect_left(starts, start - _BEFORE - 64), len(cues)):
            one = cues[k]
            if one.start > end + _AFTER:
                break
            if one.row == row and (start - _BEFORE <= one.end <= start or end <= one.start):
                cued |= self._of[one.word]
                general = general or one.word in self._any
        value = page.data[start:end].decode()
        first, last = page.offsets[row], page.offsets[row + 1]
        glued = (
            value != value.upper()
            or _GLUED_BEFORE.search(page.data, max(first, start - 3), start) is not None
            or _GLUED_AFTER.match(page.data, end, min(last, end + 2)) is not None
        )
        lang = (page.langs[row] or "").replace("_", "-").partition("-")[0]
        named: bool | None = None
        best, name = 0.0, ""
        for tier, known in self._pictures[picture]:
            native = lang in known.langs
            sure = 1.0 if known.form.proven else 0.85
            near = known.number in cued or (
                known.short is not None and known.short.search(page.data, max(first, start - 24), start) is not None
            )
            if near:
                score = sure
            elif general:
                score = 0.85 if native else 0.6
            elif glued or tier == BARE:
                continue
            elif tier == ALONE and _TIME.fullmatch(value) is None:
                score = sure - (0.15 if known.form.proven else 0.25)
            else:
                score = 0.6 if native else 0.4
            if not near and score > 0.4:
                named = is_named(page, row, start) if named is None else named
                score = 0.4 if named and not general else score
            # Of forms that share a picture the one of the language is right.
            if score + native * 0.01 > best and _is_valid(known, value):
                best, name = score + native * 0.01, known.form.name
        return Hit(row, start, end, f"national_id.{name}", round(min(best, 1.0), 2)) if name else None

    def _after(self, page: Page, cue: Candidate) -> Iterator[Hit]:
        """What follows a cue and has the shape of no candidate: letters and digits in groups, digits of other scripts."""
        window = page.after(cue.row, cue.end, 2 * _BEFORE)
        foreign = None if window.isascii() else _FOREIGN.search(window)
        for number in self._of[cue.word]:
            known = self._known[number]
            found: list[re.Match[str]] = []
            if foreign is not None and _picture(foreign[0]) in self._bare[number]:
                found.append(foreign)
            if known.form.written is not None:
                found += known.form.written.finditer(window[:_BEFORE])
            for match in found:
                around = window[match.start() - 1 : match.start()] + window[match.end() : match.end() + 1]
                if not re.search(r"[A-Za-z0-9_]", around) and _is_valid(known, _western(match[0])):
                    start = cue.end + len(window[: match.start()].encode())
                    end = start + len(match[0].encode())
                    yield Hit(cue.row, start, end, f"national_id.{known.form.name}", 1.0 if known.form.proven else 0.85)


def _is_valid(known: _Known, value: str) -> bool:
    value = _plain(value, known.form.keep)
    return known.like.match(value) is not None and known.check(value)


def _western(value: str) -> str:
    """Digits and letters of full width, digits of other scripts as those of ASCII."""
    signs = unicodedata.normalize("NFKC", value)
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in signs)


def _picture(value: str) -> bytes:
    """The picture without separators."""
    return _plain(_western(value), "").encode().translate(_PICTURE)


def _plain(value: str, keep: str) -> str:
    return "".join(sign for sign in value.upper() if (sign.isascii() and sign.isalnum()) or sign in keep)


def _abbreviations(short: str) -> re.Pattern[bytes] | None:
    words = "|".join(re.escape(word) for word in short.split("|") if word)
    return re.compile(rf"(?<![A-Za-z])(?:{words})(?![A-Za-z])".encode()) if words else None
