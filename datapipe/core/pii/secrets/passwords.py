"""Values given to a password in settings, code, command lines, queries and sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import Candidate, Hit, Page, Recognizer
from datapipe.core.pii.secrets.password_values import password_score
from datapipe.core.pii.secrets.password_words import CUES, IS

WINDOW = 240  # bytes after a word: the rest of a name, a sign and a value

# Commands and statements in which no word for a password stands before one; each with what leads to the value.
_COMMANDS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("identified by", re.compile(rb"[ \t]{1,4}(?:password[ \t]{1,4})?(?=['\"])", re.IGNORECASE)),
    ("sshpass ", re.compile(rb" {0,3}-p ?")),
    ("mysql", re.compile(rb"(?:dump|admin|import|show|check)?[ \t](?:[^\n|;]{0,100}?[ \t])?-p(?=[^\s-])")),
    (
        "curl ",
        re.compile(rb"(?:(?:[^\n|]|(?<=\\)\n){0,160}?[ \t])?(?:-u|--user)[ \t=]{0,2}['\"]?[^\s:'\"]{0,64}:(?=[^\s/])"),
    ),
)
# What is left of a name: password2, password_confirmation, passwords["x"], password[], `password`, password: str
_REST = re.compile(
    rb"(?:[_-]?(?:confirm(?:ation|ed)?|again|repeat(?:ed)?|[0-9]{1,2}))?(?:\[[0-9]{0,4}\])?[\\\"'`\])*]{0,3}"
    rb"(?: ?: ?(?:&?'?str|[Ss]tring|bytes|text)(?= ?=))?"
)
_SIGN = re.compile(
    rb"[ \t]{0,24}(?:=>|:=|={1,3}|!==?|:|\xef\xbc\x9a|\xef\xbc\x9d)(?P<gap>[ \t]{0,12})(?:[@fbruL](?=[\"']))?"
)
_IS = re.compile(
    rb" ?(?:" + "|".join(sorted(IS, key=len, reverse=True)).encode() + rb")(?P<gap> ?(?::|\xef\xbc\x9a)? ?)"
)
_CALL = re.compile(rb"(?:[(]| ?,) ?(?=[\"'`])")
_ELEMENT = re.compile(rb">(?P<value>[^<>\n]{1,100})</")
_QUOTED = re.compile(rb"\\?(?:\"([^\"\n\\]{1,100})\\?\"|'([^'\n\\]{1,100})\\?'|`([^`\n\\]{1,100})\\?`)")
_BARE = re.compile(rb"(?:[^\s\"'`<>;,\\]|\\(?![nrtu*(])){1,100}")
_TEXT = re.compile(r"[!-~\u00a1-\u058f\u0900-\u0dff]+")  # a bare value ends at signs and letters of East Asia
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|nbsp|#)")
_NETRC = re.compile(rb"(?P<machine>machine\s{1,8}[^\s]{1,80}\s{1,8})?(?:login|account)\s{1,8}[^\s:;,]{1,64}\s{1,8}\Z")
_OPTION = re.compile(rb"(?:^|[\s\"'])--?[a-z-]{0,24}\Z")
_STATEMENT = re.compile(rb"\b(?:create|alter|grant|user|role|to)\b", re.IGNORECASE)  # before IDENTIFIED BY
_RESULTS = re.compile(rb"\n(?:PASS|FAIL|XFAIL|XPASS|SKIP|ERROR|UNSUPPORTED|UNTESTED): ")  # of tests
_QUERY = re.compile(rb"[?&][A-Za-z0-9_.-]{0,32}\Z")
_INSIDE = 12  # the first of the words may be part of a name: PGPASSWORD, Benutzerpasswort


class Passwords(Recognizer):
    """The value, and only the value, that is given to a word for a password, in some fifty languages.

    Prose about passwords, prompts, variables, calls, types, masks and the examples of manuals score below .5.
    """

    types: ClassVar[tuple[str, ...]] = ("password",)
    words: ClassVar[tuple[str, ...]] = (*CUES, *(word for word, _ in _COMMANDS))
    whole: ClassVar[bool] = False

    _sizes: ClassVar[tuple[int, ...]] = tuple(len(word.rstrip("=:\"' ").encode()) for word in CUES)

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """One look behind each word."""
        for at in candidates:
            stop = min(page.offsets[at.row + 1], at.end + WINDOW)
            hit = _commanded(page, at, stop) if at.word >= len(CUES) else self._named(page, at, stop)
            if hit is not None:
                yield hit

    def _named(self, page: Page, at: Candidate, stop: int) -> Hit | None:
        data, begin = page.data, page.offsets[at.row]
        if data[at.start : at.start + 5] == b"PASS:":
            around = data[max(begin, at.start - 200) : at.start] + data[at.end : stop]
            if _RESULTS.search(around):
                return None
        if at.word >= _INSIDE and at.start > begin and _goes_on(data[at.start - 1], data[at.start : at.start + 4]):
            return None
        rest = _REST.match(data, at.start + self._sizes[at.word], stop)
        assert rest is not None, "every part may be missing"
        i = rest.end()
        if i >= stop:
            return None
        if sign := _SIGN.match(data, i, stop):
            lead = data[max(begin, at.start - 40) : at.start]
            if _QUERY.search(lead):
                return _bare(page, at, sign.end(), stop, b"&#", sure=True)
            # After more than one space stands the next column or, where a value was removed, the next word.
            tight = len(sign["gap"]) < 2
            return _quoted(page, at, sign.end(), stop) or (_bare(page, at, sign.end(), stop, b"") if tight else None)
        if element := _ELEMENT.match(data, i, stop):
            return _hit(page, at, *element.span("value"), quoted=True)
        if call := _CALL.match(data, i, stop):
            # .password("sesame") gives it; add_password("realm", …) and ("password", "label") may not
            hit = _quoted(page, at, call.end(), stop)
            only = hit is not None and data[i] == 40 and data[hit.end + 1 : hit.end + 2] == b")"
            return hit if only else _quoted(page, at, call.end(), stop, words=False)
        if data[i] > 127 or data[i] == 32:
            return _said(page, at, i, stop)
        return None


def _said(page: Page, at: Candidate, i: int, stop: int) -> Hit | None:
    """After a space, or a word such as `is`."""
    data, begin = page.data, page.offsets[at.row]
    said = _IS.match(data, i, stop)
    if said is not None and (said["gap"] or data[said.end() - 1] > 127):
        return _quoted(page, at, said.end(), stop, words=False) or _bare(page, at, said.end(), stop, b"")
    if data[i] != 32:
        return None
    lead = data[max(begin, at.start - 120) : at.start]
    if netrc := _NETRC.search(lead):
        return _bare(page, at, i + 1, stop, b"", sure=netrc["machine"] is not None)
    if _OPTION.search(lead[-40:]):
        return _quoted(page, at, i + 1, stop) or _bare(page, at, i + 1, stop, b"")
    # PASSWORD 'x' of SQL; in a sentence a word in quotes is quoted for other reasons
    return _quoted(page, at, i + 1, stop, words=data[at.start : at.end].isupper())


def _commanded(page: Page, at: Candidate, stop: int) -> Hit | None:
    """After an option of a command that takes a password."""
    lead = _COMMANDS[at.word - len(CUES)][1].match(page.data, at.end, stop)
    if lead is None:
        return None
    sql = at.word == len(CUES)  # "identified by 'netmap-1.pid'" is English
    if sql and not _STATEMENT.search(page.data[max(page.offsets[at.row], at.start - 120) : at.start]):
        return None
    words = not sql or page.data[at.start : at.end].isupper()
    return _quoted(page, at, lead.end(), stop, words) or _bare(page, at, lead.end(), stop, b"", sure=True)


def _quoted(page: Page, at: Candidate, i: int, stop: int, words: bool = True) -> Hit | None:
    match = _QUOTED.match(page.data, i, stop)
    return _hit(page, at, *match.span(match.lastindex or 0), quoted=True, words=words) if match else None


def _bare(page: Page, at: Candidate, i: int, stop: int, ends: bytes, sure: bool = False) -> Hit | None:
    """sure: nothing but a value can stand here."""
    match = _BARE.match(page.data, i, stop)
    if match is None:
        return None
    value = match[0]
    for end in ends:
        value = value.partition(bytes([end]))[0]
    text = _TEXT.match(_ENTITY.split(value.decode("utf-8", "ignore"))[0])
    if text is None:
        return None
    value = text[0].rstrip(".:)]}?").encode()
    return _hit(page, at, i, i + len(value), quoted=sure)


def _hit(page: Page, at: Candidate, start: int, end: int, quoted: bool, words: bool = True) -> Hit | None:
    score = password_score(page.data[start:end].decode("utf-8", "replace"), quoted, words)
    return Hit(at.row, start, end, "password", score) if score > 0.1 else None


def _goes_on(before: int, word: bytes) -> bool:
    """Whether a word goes on from the letter before it: `bypass:`, `KPW:`, but neither `dbPass =` nor `DBPASS=`."""
    small, capital = 97 <= before <= 122, 65 <= before <= 90
    begins = 65 <= word[0] <= 90
    return (small and not begins and word[0] < 128) or (capital and word[0] < 128 and word != b"PASS")
