"""The written form of a number: its picture, with 0 for a digit and A for a letter, and where such pictures stand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator

from datapipe.core.pii.recognizer import Candidate, Page
from datapipe.kernels.candidates import MIXED

_LONGEST = 24  # bytes of a number as it is written
_SIGNS = bytes(48 if 48 <= b <= 57 else 65 if chr(b).isascii() and chr(b).isalpha() else b for b in range(256))
_FOREIGN_SIGN = re.compile(rb"\xe2\x80[\x90\x91\x93]|\xc2\xa0|\xe2\x80\xaf")  # hyphens, en dash, spaces without break
_SUFFIX = re.compile(rb"[ -]?[A-Za-z](?![A-Za-z0-9])")
_PREFIX = re.compile(rb"(?<![A-Za-z0-9])[XYZxyz]-\Z")
_PART = re.compile(rb"[0-9][0-9./-]{8,}")
_GROUP = re.compile(rb"[0-9]+")


def written(page: Page, place: Candidate, known: Collection[bytes], cued: bool) -> Iterator[tuple[int, int, bytes]]:
    """Start, end and picture of the numbers of known pictures in a candidate.

    Numbers side by side are one candidate: what of it has no spaces within is looked at, and beside a cue the groups
    that it begins with.
    """
    start, end, data = place.start, place.end, page.data
    if end - start <= _LONGEST:
        picture = data[start:end].translate(_SIGNS)
        if not picture.isascii():
            picture = _FOREIGN_SIGN.sub(lambda sign: b"-" if sign[0][-1] in b"\x90\x91\x93" else b" ", picture)
        first, last = page.offsets[place.row], page.offsets[place.row + 1]
        prefix = _PREFIX.search(data, max(first, start - 3), start)
        suffix = _SUFFIX.match(data, end, min(last, end + 3))
        if prefix or suffix:
            wide = (prefix.start() if prefix else start, suffix.end() if suffix else end)
            longer = data[wide[0] : wide[1]].translate(_SIGNS)
            if longer in known:
                yield *wide, longer
                return
        if picture in known:
            yield start, end, picture
            return
    if place.kind == MIXED:
        return
    if place.digits == end - start:
        return
    if cued:
        for group in _GROUP.finditer(data, start, min(end, start + _LONGEST)):
            picture = data[start : group.end()].translate(_SIGNS)
            if b" " in picture and picture in known:
                yield start, group.end(), picture
    for part in _PART.finditer(data, start, end):
        picture = part[0].translate(_SIGNS) if part.end() - part.start() <= _LONGEST else b""
        if picture in known:
            yield part.start(), part.end(), picture


def western(value: str) -> str:
    """Letters and digits of full width, and digits of other scripts, as those of ASCII."""
    signs = unicodedata.normalize("NFKC", value)
    return "".join(str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in signs)


def plain(value: str, keep: str = "") -> str:
    """Letters and digits alone, in capitals, and the signs to keep."""
    return "".join(sign for sign in value.upper() if (sign.isascii() and sign.isalnum()) or sign in keep)


def plain_picture(value: str) -> bytes:
    """The picture of a value without its separators."""
    return plain(value).encode().translate(_SIGNS)
