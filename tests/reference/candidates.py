"""What `datapipe.kernels.candidates` finds, by patterns over one text."""

from __future__ import annotations

import re

from datapipe.kernels.candidates import AT, COLONS, DECIMAL, HANDLE, MIXED, NUMBER, QUAD, TOKEN

_WORD = re.compile(rb"[A-Za-z0-9]+")
_LOCAL = re.compile(rb"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.\"\x80-\xff]")
_SIGN = rb"(?:[ \-./()]|\xc2\xa0|\xe2\x80[\x90\x91\x93\xaf])"
_CHAIN = re.compile(rb"[0-9]+(?:" + _SIGN + rb"{1,3}[0-9]+)*")
_QUADS = re.compile(rb"(?<![0-9])(?<![0-9]\.)[0-9]{1,3}(?:\.[0-9]{1,3}(?![0-9]))+")
_DECIMAL = rb"[-+]?[0-9]{1,3}\.[0-9]{4,}"
_PAIR = re.compile(rb"[0-9]{1,3}\.[0-9]{4,}[ ,;/]{1,4}" + _DECIMAL)
_TOKEN = re.compile(rb"[A-Za-z0-9+\-_=]+")
_YEARS = re.compile(rb"[0-2][0-9]{3}[^ 0-9][0-2][0-9]{3}")
_DATE = re.compile(rb"[0-9]{4}([^ 0-9])[0-9]{1,2}\1[0-9]{1,2}|[0-9]{1,2}([^ 0-9])[0-9]{1,2}\2[0-9]{4}")
_MAC = re.compile(
    rb"(?<![A-Za-z0-9])(?:[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2})(?![A-Za-z0-9])"
)
_COLONS = re.compile(rb"[0-9A-Fa-f]{0,4}:")

Found = tuple[int, int, int, int]  # kind, start, end, digits


def find(data: bytes) -> list[Found]:
    """The candidates of one text shorter than the longest token, sorted."""
    return sorted([*_at_signs(data), *_colons(data), *_words(data), *_numbers(data)])


def _at_signs(data: bytes) -> list[Found]:
    found = []
    for at in (m.start() for m in re.finditer(b"@", data)):
        after = data[at + 1 : at + 2]
        word = bool(re.match(rb"[A-Za-z0-9\x80-\xff]", after))
        if at and _LOCAL.match(data, at - 1) and (word or after == b"["):
            found.append((AT, at, at + 1, 0))
        elif word or after == b"_":
            found.append((HANDLE, at, at + 1, 0))
    return found


def _colons(data: bytes) -> list[Found]:
    found = [(COLONS, m.start(), m.end(), 0) for m in _mac(data)]
    at = 0
    while (colon := data.find(b":", at)) >= 0:
        start = colon
        while start > at and colon - start < 4 and chr(data[start - 1]) in "0123456789abcdefABCDEF":
            start -= 1
        head = re.compile(rb"[0-9A-Fa-f]*(?::[0-9A-Fa-f]*){1,2}").match(data, start)
        assert head is not None
        end = head.end()
        if head.group().count(b":") == 2:
            end = re.compile(rb"[0-9A-Fa-f:.]*").match(data, end).end()  # type: ignore[union-attr]
        named = start == colon or (start > 0 and _WORD.match(data, start - 1) is not None)
        inside = data[start:end]
        doubles = len(re.findall(b"(?=::)", inside))
        if named and data[colon + 1 : colon + 2] not in (b":", b""):
            start = colon + 1
        colons = data[start:end].count(b":")
        apart = not (start and _WORD.match(data, start - 1)) and not _WORD.match(data, end)
        if apart and 2 < end - start <= 64 and (doubles or 5 <= colons <= 7):
            found.append((COLONS, start, end, 0))
        at = end
    return found


def _mac(data: bytes) -> list[re.Match[bytes]]:
    found = [m for at in range(len(data)) if (m := _MAC.match(data, at)) is not None]
    return [m for m in found if re.search(rb"[0-9]", m.group())]


def _words(data: bytes) -> list[Found]:
    found = []
    for m in _TOKEN.finditer(data):
        token = m.group()
        if len(token) >= 16 and re.search(rb"[0-9]", token) and re.search(rb"[A-Za-z]", token):
            found.append((TOKEN, m.start(), m.end(), len(re.findall(rb"[0-9]", token))))
    for m in _WORD.finditer(data):
        word = m.group()
        digits = len(re.findall(rb"[0-9]", word))
        if 0 < digits < len(word) and (
            re.match(rb"[A-Za-z]{2}[0-9]{2}", word) or (digits >= 4 and 8 <= len(word) <= 64)
        ):
            found.append((MIXED, m.start(), m.end(), digits))
    return found


def _numbers(data: bytes) -> list[Found]:
    found = []
    at = 0
    for word in _WORD.finditer(data):
        start = word.start()
        if start < at or not word.group().isdigit():
            continue
        chain = _CHAIN.match(data, start)
        assert chain is not None
        text, at = chain.group(), chain.end()
        pair = _PAIR.match(data, start)
        if pair is not None:
            found.append((DECIMAL, start, pair.end(), 0))
        found += [(QUAD, start + first, start + last, 0) for first, last in _dotted(text)]
        groups = re.findall(rb"[0-9]+", text)
        digits = sum(map(len, groups))
        decimal = re.fullmatch(rb"[0-9]+\.[0-9]+", text) is not None
        if digits >= 7 and not (decimal or _YEARS.fullmatch(text) or _DATE.fullmatch(text)):
            found.append((NUMBER, start, at, digits))
    return found


def _dotted(chain: bytes) -> list[tuple[int, int]]:
    """Runs of four or more groups of up to three digits with single dots between."""
    four = re.compile(rb"(?<![0-9])[0-9]{1,3}(?![0-9])(?:\.[0-9]{1,3}(?![0-9])){3,}")
    return [
        (dotted.start() + run.start(), dotted.start() + run.end())
        for dotted in re.finditer(rb"[0-9]+(?:\.[0-9]+)*", chain)
        for run in four.finditer(dotted.group())
    ]
