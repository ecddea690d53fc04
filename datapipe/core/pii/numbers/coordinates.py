"""Geographic coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import DECIMAL

_CUE = cue(
    *("gps", "coordinates", "coordinate", "coords", "coord", "lat", "latitude", "lon", "lng", "long", "longitude", "location"),
    *("position", "geo", "waypoint", "map", "maps", "ll", "latlng", "lonlat", "point", "koordinaten", "standort", "karte"),
    *("coordonnées", "emplacement", "coordenadas", "ubicación", "posición", "coordinate", "posizione", "localização"),
    *("coördinaten", "współrzędne", "координаты", "координат", "إحداثيات", "निर्देशांक", "坐标", "座標", "좌표", "พิกัด"),
)  # fmt: skip
_PAIR = re.compile(
    rb"([1-9][0-9]{0,2}|0)\.([0-9]{4,15})([ ,;/]{1,4})([-+]?[0-9]{1,3})\.([0-9]{4,15})(?![0-9A-Za-z]|\.[0-9])"
)
_MORE = re.compile(rb"[ ]*[,;/ ][ ]*[-+]?[0-9]+\.?[0-9]*(?![0-9zm])")  # an array goes on; `,17z` of a map does not
_ARRAY = re.compile(rb"[0-9][ ]*[,;/ ][ ]*[-+]?\Z")
# `[48.8584, 2.2945]`, `f(48.8584, 2.2945)`, and `d="M 48.8584,2.2945 L …` of an image
_CODE = re.compile(rb"[\[{]\(?\Z|[A-Za-z0-9_]\(\Z|(?:\A|[\s\"'0-9])[MLHVCSQTAZmlhvcsqtaz][0-9]?[ ]?\Z")
_SIGNED = r"[-+\u2212]?\d{1,3}\.\d{4,15}"
_IS = r"""["'°]?[ ]?(?:[:=：]|is|of|为|為|は)?[ ]?["'(\[]?[ ]?"""
_EAST = "lon|lng|long|longitude|longitud|longitudine|länge|längengrad|długość|долгота|boylam|经度|經度|経度|경도"
_NAMED = re.compile(
    rf"""{_IS}(?P<lat>{_SIGNED})°?[ ]?[NSns]?["'\])]?[ ]?[,;&，、]?\s{{0,12}}"""
    rf"""(?:and[ ])?["'(]?(?:{_EAST}){_IS}(?P<lon>{_SIGNED})""",
    re.IGNORECASE,
)
_NUMBER = r"\d{1,3}(?:\.\d{1,8})?"
_MINUTES = r"(?:[ ]?\d{1,2}(?:\.\d{1,8})?[ ]?['′’´](?:[ ]?\d{1,2}(?:\.\d{1,8})?[ ]?(?:[\"″”“]|''|′′|’’))?)?"
_DEGREES = re.compile(
    rf"(?<![\d.,])(?P<lat>{_NUMBER})[ ]?[°º]{_MINUTES}[ ]?[NSns](?![^\W\d_])[ ]?[,;/]?[ ]?"
    rf"(?P<lon>{_NUMBER})[ ]?[°º]{_MINUTES}[ ]?[EWOewo](?![^\W\d_])"
)
_GEO = re.compile(r"[-+]?(?P<lat>\d{1,2}(?:\.\d{2,15})?),[-+]?(?P<lon>\d{1,3}(?:\.\d{2,15})?)")
_WINDOW = 140  # bytes: a latitude and a longitude with their names


class Coordinates(Recognizer):
    """A latitude and a longitude in decimals with four places or more, one after the other or each after its name.

    Four decimals tell a house (11 m). The same digits are all over tables, so a pair counts less in a row of numbers and
    in brackets of code, and more beside a word.
    """

    types: ClassVar[tuple[str, ...]] = ("coordinates",)
    kinds: ClassVar[tuple[int, ...]] = (DECIMAL,)
    words: ClassVar[tuple[str, ...]] = (
        *("lat", "latitude", "latitud", "latitudine", "breite", "breitengrad", "szerokość", "широта", "enlem"),
    )

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Pairs of decimals, and what follows words for a latitude."""
        for place in candidates:
            named = place.kind == LITERAL
            hit = _after(page, place.row, place.end, _NAMED, 0.85) if named else _pair(page, place)
            if hit is not None:
                yield hit


class Degrees(Recognizer):
    """Coordinates in degrees with N or S and E or W, and geo: URIs (RFC 5870)."""

    types: ClassVar[tuple[str, ...]] = ("coordinates",)
    words: ClassVar[tuple[str, ...]] = (
        "°",
        "º",
        "geo:",
        "纬度",
        "緯度",
        "위도",
    )  # signs and digits may stand beside them
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """What stands around degree signs and follows the words."""
        for place in candidates:
            data, row = page.data, place.row
            if place.word > 1:
                hit = _after(page, row, place.end, *((_GEO, 1.0) if place.word == 2 else (_NAMED, 0.85)))
            elif not data[place.start - 1 : place.start].isdigit() and data[place.start - 1 : place.start] != b" ":
                continue
            else:
                hit = _after(page, row, max(page.offsets[row], place.start - 14), _DEGREES, 0.85)
            if hit is not None:
                yield hit


def _pair(page: Page, place: Candidate) -> Hit | None:
    first = max(page.offsets[place.row], place.start - 1)
    start = first if page.data[first : place.start] in (b"-", b"+") else place.start
    stop = page.offsets[place.row + 1]
    match = _PAIR.match(page.data, place.start, min(stop, place.start + 80))
    if match is None or not _on_earth(
        f"{match[1].decode()}.{match[2].decode()}", f"{match[4].decode()}.{match[5].decode()}"
    ):
        return None
    end = match.end()
    left = page.data[max(page.offsets[place.row], start - 12) : start]
    on_map = left.endswith(b"@")  # `/@48.8584,2.2945,17z`
    if not on_map and (_ARRAY.search(left) or _MORE.match(page.data, end, min(stop, end + 24))):
        score = 0.2
    elif on_map or _CUE.search(page.before(place.row, start)):
        score = 0.85
    elif _CODE.search(left) or not match[1].strip(b"0") or not match[4].strip(b"+-0") or match[3].strip() != b",":
        score = 0.4  # values in code; numbers below one are shares and weights
    elif match[2] == match[5]:
        score = 0.4  # twice the same number: no place
    else:
        score = 0.6
    return Hit(place.row, start, end, "coordinates", score)


def _after(page: Page, row: int, first: int, pattern: re.Pattern[str], score: float) -> Hit | None:
    """What the pattern matches from there on; degrees may begin some characters later."""
    data, stop = page.data, page.offsets[row + 1]
    while first < stop and data[first] & 0xC0 == 0x80:
        first += 1  # to the border of a character
    window = data[first : min(stop, first + _WINDOW)].decode("utf-8", "ignore")
    match = pattern.search(window, 0, 60) if pattern is _DEGREES else pattern.match(window)
    if match is None or not _on_earth(match["lat"], match["lon"]):
        return None
    begin = match.start() if pattern is _GEO else match.start("lat")
    return Hit(
        row, first + len(window[:begin].encode()), first + len(window[: match.end()].encode()), "coordinates", score
    )


def _on_earth(latitude: str, longitude: str) -> bool:
    return abs(float(latitude.replace("\u2212", "-"))) <= 90 and abs(float(longitude.replace("\u2212", "-"))) <= 180
