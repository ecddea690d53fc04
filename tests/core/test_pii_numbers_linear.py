"""No text makes a recognizer of numbers slow: twice the text takes about twice the time."""

from __future__ import annotations

import pytest

from datapipe.core.pii.numbers.cards import CreditCard
from datapipe.core.pii.numbers.coordinates import Coordinates, Degrees
from datapipe.core.pii.numbers.crypto import CryptoWallet
from datapipe.core.pii.numbers.iban import Iban
from datapipe.core.pii.numbers.mac import MacAddress
from datapipe.core.pii.numbers.network import IpAddress
from datapipe.core.pii.recognizer import Recognizer
from tests.recognized import found, seconds

WORST = [
    *(
        (IpAddress(), one)
        for one in ("84.42.135.136 ", "1.2.3.4.", "84.42.135.136-", "2a01:4f8::30 ", "a::b:", ":", "[::", "::")
    ),
    *(
        (MacAddress(), one)
        for one in ("da:ca:43:be:a9:d0 ", "da-ca-43-be-a9-d0-", "daca.43be.a9d0.", "da:ca:43:be:a9:d0:")
    ),
    *(
        (CreditCard(), one)
        for one in ("4111 ", "4111-1111-1111-1111 ", "4111111111111111 ", "4111111111111111", "1 ", "card ")
    ),
    *((Iban(), one) for one in ("DE89 ", "DE89370400440532013000 ", "GB29NWBK", "MT84MALT0 ", "DE89-3704-0044-")),
    *(
        (CryptoWallet(), one)
        for one in ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa ", "bc1q", "0x5aAe", "bc1qxy=", "1" * 40 + "a ")
    ),
    *(
        (Coordinates(), one)
        for one in ("48.8584, 2.2945 ", "48.8584,", "latitude ", "lat: 48.8584 ", "lat ", "48.858422.")
    ),
    *(
        (Degrees(), one)
        for one in ("°", "4°", "48°51'29.5\"N ", "48°51'29.5\"N 2°17'40\"", "geo:", "geo:48.8584,", "1 °", "纬度")
    ),
]


@pytest.mark.parametrize(("recognizer", "unit"), WORST)
def test_one_candidate_after_another(recognizer: Recognizer, unit: str) -> None:
    half, whole = (unit * (size // len(unit.encode())) for size in (80_000, 160_000))
    short, long = seconds(recognizer, half), seconds(recognizer, whole)
    assert long < 2.5 * short + 0.1
    assert long < 2


@pytest.mark.parametrize(
    "recognizer", [IpAddress(), MacAddress(), CreditCard(), Iban(), CryptoWallet(), Coordinates(), Degrees()]
)
@pytest.mark.parametrize(
    "text", ["", "\0", "\0" * 99, "4", "::", ":", "°", "1.2.3.4", "4111 1111 1111 111", "é" * 99, "DE89", "🙂°🙂"]
)
def test_short_and_odd_texts(recognizer: Recognizer, text: str) -> None:
    assert found(recognizer, text, 0.6) == []
