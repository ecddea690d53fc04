"""Coordinates in decimals, in degrees and in links."""

from __future__ import annotations

import pytest

from datapipe.core.pii.numbers.coordinates import Coordinates, Degrees
from tests.recognized import found


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("GPS: 48.8584, 2.2945", "48.8584, 2.2945"),
        ("We met at -33.85678, 151.21530.", "-33.85678, 151.21530"),
        ("Koordinaten 48.8584 2.2945", "48.8584 2.2945"),
        ("坐标：48.8584,2.2945", "48.8584,2.2945"),
        ("https://maps.example.com/@48.8584,2.2945,17z", "48.8584,2.2945"),
        ("https://maps.example.com/?q=48.8584,2.2945&hl=en", "48.8584,2.2945"),
        ('{"lat": 48.85837, "lng": 2.294481}', '48.85837, "lng": 2.294481'),
        ("latitude=-48.8584&longitude=-2.2945", "-48.8584&longitude=-2.2945"),
        ("Latitude: 48.8584\nLongitude: 2.2945", "48.8584\nLongitude: 2.2945"),
        ("широта 48.8584, долгота 2.2945", "48.8584, долгота 2.2945"),
    ],
)
def test_decimals_are_found(text: str, value: str) -> None:
    assert found(Coordinates(), text) == [("coordinates", value)]


@pytest.mark.parametrize(
    "text",
    [
        "48.858, 2.294",
        "91.0001, 2.2945",
        "48.8584, 181.2945",
        "0.1234, 0.5678",
        'd="M 22.4566257,37.2056786 L -21.4456527,71.9511488 C 1 2 c0-5.2763672,4.2412109"',
        "6.0047, 06.0048; 05.0004, 6.0047",
        "1.414213562, 1.414213562",
        "[0.1234, 12.5678, 3.1415]",
        "3.1415, 2.7182, 1.6180, 1.4142",
        "f(20.3423, 3.1427)",
        "x = [20.3423, 3.1427]",
        "48.8584 2.2945",
        "relation 48.8584",
        "later: 48.8584",
    ],
)
def test_decimals_that_are_no_place(text: str) -> None:
    assert found(Coordinates(), text) == []


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("at 48°51'29.5\"N 2°17'40\"E, near", "48°51'29.5\"N 2°17'40\"E"),
        ("48° 51′ 29.5″ N, 2° 17′ 40″ W", "48° 51′ 29.5″ N, 2° 17′ 40″ W"),
        ("(48°51.492'N 2°17.670'O)", "48°51.492'N 2°17.670'O"),
        ("位于48.8584° N, 2.2945° E。", "48.8584° N, 2.2945° E"),
        ("geo:48.8584,2.2945;u=35", "48.8584,2.2945"),
        ("geo:-48,2", "-48,2"),
        ("纬度：48.8584，经度：2.2945", "48.8584，经度：2.2945"),
    ],
)
def test_degrees_are_found(text: str, value: str) -> None:
    assert found(Degrees(), text) == [("coordinates", value)]


@pytest.mark.parametrize(
    "text", ["20°C", "an angle of 48° and 2°", "98°51'29\"N 2°17'40\"E", "geo:home", "° °", "1°N 2°Europe"]
)
def test_degrees_that_are_no_place(text: str) -> None:
    assert found(Degrees(), text) == []
