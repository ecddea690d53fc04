"""Street addresses of many countries, how far they reach, and what is none."""

import pytest

from tests.recognized import house, said

ADDRESSES = house(("street_address",))


def found(text: str, least: float = 0.5) -> list[tuple[str, float]]:
    return [(value, score) for _, value, score in said(ADDRESSES, text, least)]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("I live at {} now", "12 Testing Street, London SW1A 2AA"),
        ("to {}.", "742 Testgreen Terrace, Springfield, IL 62704"),
        ("to {}!", "100 Test Ave NW, Washington, DC 20500"),
        ("to {}", "12 Test Blvd, Suite 5"),
        ("to {}", "820 4th St"),
        ("Sitz: {}", "Hauptteststraße 5a, 10115 Berlin"),
        ("in der {}", "Lange Straße 12\n20095 Hamburg"),
        ("in {}", "Teststr. 14, 2. OG, 80336 München"),
        ("au {}", "5, rue de la Test, 75002 Paris"),
        ("au {}", "12 bis avenue Test, 75116 Paris"),
        ("in {}", "via Test 5, 00184 Roma"),
        ("in {}", "piazza del Test, 1"),
        ("en {}", "calle Prueba, 12, 28013 Madrid"),
        ("na {}", "Rua do Teste 1634"),
        ("na {}", "ul. Testowa 5, 00-238 Warszawa"),
        ("это {}", "улица Тестовая, д. 5, кв. 12"),
        ("på {}", "Testgatan 5, 111 43 Stockholm"),
        ("aan de {}", "Testgracht 174, 1016 DW Amsterdam"),
        ("on {}", "Testikatu 3, 00100 Helsinki"),
        ("a {}", "Teszt utca 12., 1052 Budapest"),
        ("bu {}", "Deneme Caddesi 45"),
        ("στην {}", "Οδός Δοκιμής 15"),
        ("di {}", "Jl. Uji 21"),
        ("{}", "P.O. Box 1234"),
        ("{}", "Postfach 10 20 30, 60311 Frankfurt"),
        ("at {}", "6750 Testola 25 Apt. 864\nTestville\n Uruguay 64677"),
        ("住所は{}です", "東京都千代田区丸の内1丁目9番1号"),
        ("我住在{}", "北京市海淀区中关村大街27号"),
        ("제 주소는 {} 입니다", "서울특별시 강남구 테헤란로 152"),
    ],
)  # fmt: skip
def test_an_address_is_one_whole_hit(text: str, address: str) -> None:
    assert [value for value, _ in found(text.format(address))] == [address]


@pytest.mark.parametrize(
    "text",
    ["Wall Street rose", "on Main Street", "In 1968 Abbey Road was", "auf Platz 3 der", "auf dem Weg 3 Leute", "via ssh 22",
     "weitere 25 Arten", "During 1947 they", "rue de 5 km", "drive 3 miles", "第27号", "1月3号", "방법으로 3 가지",
     "Address: <STREET_ADDRESS>", "a place 5 of", "Hauptstraße 5 km lang", ""],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert found(text) == []


def test_scores_rise_with_what_stands_beside() -> None:
    assert found("12 Testing Street")[0][1] == 0.6
    assert found("12 Testing Street, Apt. 5")[0][1] == 0.85
    assert found("In 1968 Abbey Road was", 0.0)[0][1] == 0.4
