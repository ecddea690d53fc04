"""Geographic coordinates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from datapipe.core.pii.recognizer import LITERAL, Candidate, Hit, Page, Recognizer, cue
from datapipe.kernels.candidates import DECIMAL

_NAMES = (
    *("lat", "latitude", "latitud", "latitudine", "breite", "breitengrad", "szerokość", "широта", "enlem", "خط العرض", "अक्षांश"),
    *("纬度", "緯度", "위도", "geo:"),
)  # fmt: skip
_CUE = cue(
    *("gps", "coordinates", "coordinate", "coords", "coord", "lat", "latitude", "lon", "lng", "long", "longitude", "location"),
    *("position", "geo", "waypoint", "map", "maps", "ll", "latlng", "lonlat", "point", "koordinaten", "standort", "karte"),
    *("coordonnées", "position", "emplacement", "coordenadas", "ubicación", "posición", "coordinate", "posizione", "localização"),
    *("coördinaten", "współrzędne", "координаты", "координат", "إحداثيات", "निर्देशांक", "坐标", "座標", "좌표", "พิกัด"),
)  # fmt: skip
_SIGNED = r"[-+\u2212]?\d{1,3}\.\d{4,15}"
_PAIR = re.compile(rb"([0-9]{1,3})\.([0-9]{4,15})([ ,;/]{1,4})([-+]?[0-9]{1,3})\.([0-9]{4,15})(?![0-9A-Za-z.])")
_MORE = re.compile(rb"[ ]*[,;/ ][ ]*[-+]?[0-9]+\.?[0-9]*(?![0-9zm])")  # an array goes on; `,17z` of a map does not
_ARRAY = re.compile(rb"[0-9][ ]*[,;/ ][ ]*[-+]?\Z")
_MAP = re.compile(rb"(?:[@=/(:]|%2C|loc:)[-+]?\Z")
_NAMED = re.compile(
    r"""["'°]?[ ]?(?:[:=]|is|of)?[ ]?["'(\[]?[ ]?(?P<lat>{0})°?[ ]?[NSns]?["'\])]?[ ]?[,;&\n]?\s{{0,12}}(?:and[ ])?["'(]?
    (?:lon|lng|long|longitude|longitud|longitudine|länge|längengrad|długość|долгота|boylam|经度|經度|経度|경도)["'°]?[ ]?(?:[:=]|is|of)?
    [ ]?["'(\[]?[ ]?(?P<lon>{0})""".format(_SIGNED),
    re.VERBOSE | re.IGNORECASE,
)
_NUMBER = r"\d{1,3}(?:\.\d{1,8})?"
_MINUTES = r"(?:[ ]?\d{1,2}(?:\.\d{1,8})?[ ]?['′’´](?:[ ]?\d{1,2}(?:\.\d{1,8})?[ ]?(?:[\"″”“]|''|′′|’’))?)"
_DEGREES = re.compile(
    rf"(?P<lat>{_NUMBER})[ ]?[°º]{_MINUTES}?[ ]?[NSns](?![^\W\d_])[ ]?[,;/]?[ ]?"
    rf"(?P<lon>{_NUMBER})[ ]?[°º]{_MINUTES}?[ ]?[EWOewo](?![^\W\d_])"
)
_GEO = re.compile(r"[-+]?(?P<lat>\d{1,2}(?:\.\d{2,15})?),[-+]?(?P<lon>\d{1,3}(?:\.\d{2,15})?)")


class Coordinates(Recognizer):
    """A latitude and a longitude: decimals with four places or more, degrees with N/S and E/W, geo: URIs (RFC 5870).

    Four decimals tell a house (11 m); the same digits are all over tables, so a pair counts by words or by its place.
    """

    types: ClassVar[tuple[str, ...]] = ("coordinates",)
    kinds: ClassVar[tuple[int, ...]] = (DECIMAL,)
    words: ClassVar[tuple[str, ...]] = (*_NAMES, "°", "º")
    whole: ClassVar[bool] = False

    def find(self, page: Page, candidates: Iterator[Candidate]) -> Iterator[Hit]:
        """Pairs of decimals, and what stands around words and degree signs."""
        for place in candidates:
            if place.kind != LITERAL:
                hit = _pair(page, place)
            elif place.word >= len(_NAMES):
                hit = _in_text(page, place, _DEGREES, max(page.offsets[place.row], place.start - 12), place.start)
            elif _NAMES[place.word] == "geo:":
                hit = _in_text(page, place, _GEO, place.end, place.end)
            else:
                hit = _in_text(page, place, _NAMED, place.end, place.end)
            if hit is not None:
                yield hit


def _pair(page: Page, place: Candidate) -> Hit | None:
    first = max(page.offsets[place.row], place.start - 1)
    start = first if page.data[first : place.start] in (b"-", b"+") else place.start
    stop = page.offsets[place.row + 1]
    match = _PAIR.match(page.data, place.start, min(stop, place.start + 80))
    if match is None or not _within(f"{match[1].decode()}.{match[2].decode()}", f"{match[4].decode()}.0"):
        return None
    end = match.end()
    left = page.data[max(page.offsets[place.row], start - 12) : start]
    if _ARRAY.search(left) or (_MORE.match(page.data, end, min(stop, end + 24)) and not left.endswith(b"@")):
        score = 0.3
    elif _CUE.search(page.before(place.row, start)) or left.endswith(b"@"):
        score = 0.85
    elif match[1].lstrip(b"0") == b"" or match[4].lstrip(b"+-0") == b"" or match[3].strip() != b",":
        score = 0.4  # numbers below one are shares and weights
    elif _MAP.search(left) or len(match[2]) == len(match[5]):
        score = 0.6
    else:
        score = 0.5
    return Hit(place.row, start, end, "coordinates", score)


def _in_text(page: Page, place: Candidate, pattern: re.Pattern[str], first: int, last: int) -> Hit | None:
    """What the pattern matches in the characters from `first` on, from a number to a number."""
    data = page.data
    window = data[first : min(page.offsets[place.row + 1], last + 140)].decode("utf-8", "ignore")
    match = pattern.match(window) if first == last else pattern.search(window)
    if match is None or not _within(match["lat"], match["lon"]):
        return None
    begin = match.start("lat") if pattern is not _GEO else match.start()
    skipped = len(data[first : last + 4]) - len(data[first : last + 4].decode("utf-8", "ignore").encode()) if first < last else 0
    start = first + skipped + len(window[:begin].encode())
    end = first + skipped + len(window[: match.end()].encode())
    return Hit(place.row, start, end, "coordinates", 1.0 if pattern is _GEO else 0.85)


def _within(latitude: str, longitude: str) -> bool:
    return abs(float(latitude.replace("\u2212", "-"))) <= 90 and abs(float(longitude.replace("\u2212", "-"))) <= 180
